package slurm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// The token is a JWT. Whoever has it is the user: it is held in memory, sent to slurmrestd in a
// header, and stands in no file, command line, log or error.

// tokenLifespan is what `scontrol token` is asked for. It is made anew in time.
const tokenLifespan = 30 * time.Minute

// maxToken is far above a JWT's length.
const maxToken = 16 << 10

// madeToken is one that `scontrol token` made.
type madeToken struct {
	text string
	at   time.Time
}

// token returns the token to send, "" where none is wanted: a unix socket tells who asks.
func (r *REST) token(ctx context.Context) (string, error) {
	// slurmrestd itself is started with SLURM_JWT=daemon; that is no token.
	if text := r.local.lookup("SLURM_JWT"); text != "" && text != "daemon" {
		return checkToken(text, "SLURM_JWT", "unset it, or set it anew: export $(scontrol token)")
	}
	if r.opt.TokenFile != "" {
		text, err := readToken(r.opt.TokenFile)
		if err != nil {
			return "", r.noToken(err)
		}
		return checkToken(text, r.opt.TokenFile, "scontrol token makes another one")
	}
	if r.unix {
		return "", nil
	}
	return r.makeToken(ctx)
}

func (r *REST) noToken(err error) error {
	return &RefusedError{"the token for " + r.base, err.Error()}
}

// readToken reads a token, alone or as `scontrol token` prints it, from a file that is the user's own.
func readToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular() || info.Size() > maxToken:
		return "", fmt.Errorf("%s holds no token", path)
	case info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("others than its owner may read or write %s, and with the token be its owner: chmod 600 %s", path, path)
	}
	text := make([]byte, maxToken)
	n, _ := f.Read(text)
	return strings.TrimPrefix(strings.TrimSpace(string(text[:n])), "SLURM_JWT="), nil
}

// makeToken asks scontrol, and again when half of the time is over.
func (r *REST) makeToken(ctx context.Context) (string, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if age := time.Since(r.made.at); r.made.text != "" && age >= 0 && age < tokenLifespan/2 {
		return r.made.text, nil
	}
	lifespan := fmt.Sprintf("lifespan=%d", int(tokenLifespan/time.Second))
	out, err := r.local.ask(ctx, "scontrol", "token", lifespan)
	if err != nil {
		return "", fmt.Errorf("%w (there is no SLURM_JWT, and no token_file is named)", err)
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "SLURM_JWT=")
	if !ok {
		return "", r.noToken(fmt.Errorf("scontrol token printed none")) // and what it printed may be one
	}
	text, err = checkToken(text, "scontrol token", "is this machine's clock right?")
	if err == nil {
		r.made = madeToken{text, time.Now()}
	}
	return text, err
}

// checkToken refuses what cannot be a token, without showing it, and what has expired.
func checkToken(text, source, mend string) (string, error) {
	refuse := func(what string) (string, error) {
		return "", &RefusedError{"the token of " + source, what}
	}
	isToken := func(c rune) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.ContainsRune("._-=+/", c)
	}
	if text == "" || len(text) > maxToken || strings.TrimFunc(text, isToken) != "" || strings.ContainsAny(text, "\r\n") {
		return refuse("it does not look like one: " + mend)
	}
	if end := expiry(text); !end.IsZero() && time.Now().After(end) {
		return refuse(fmt.Sprintf("it expired on %s: %s", end.Format(time.DateTime), mend))
	}
	return text, nil
}

// expiry reads when a JWT ends; zero where it does not say. Nothing is verified: slurmrestd does that.
func expiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var c struct {
		Exp float64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(claims, &c) != nil || c.Exp < 1 || c.Exp > 1e11 {
		return time.Time{}
	}
	return time.Unix(int64(c.Exp), 0)
}

// without takes a token out of words that somebody else wrote.
func without(token, words string) string {
	if token == "" {
		return words
	}
	return strings.ReplaceAll(words, token, "[the token]")
}
