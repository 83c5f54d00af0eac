package slurm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// keepFor is how long an answer that changes slowly is believed.
const keepFor = time.Hour

// cacheEntry is an answer on disk: the text as Slurm printed it, so that the cache needs no format of
// its own and a newer hpcsub reads it with a newer parser.
type cacheEntry struct {
	Command string    `json:"command"`
	Asked   time.Time `json:"asked"`
	Text    string    `json:"text"`
}

// parsed runs a command and hands what it printed to a parser, whose complaint names the command.
func (c *Commands) parsed(ctx context.Context, argv []string, parse func(text []byte) error) error {
	text, err := c.ask(ctx, argv...)
	if err != nil {
		return err
	}
	return complaint(argv, parse(text))
}

// streamed is parsed for an answer of megabytes: it is read while the command still writes it.
func (c *Commands) streamed(ctx context.Context, argv []string, parse func(io.Reader) error) error {
	from, to := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := parse(from)
		io.Copy(io.Discard, from) // the command is let end, whatever the parser thinks of it
		read <- err
	}()
	r, err := c.run(ctx, call{argv: argv, out: to})
	to.Close()
	complained := <-read
	if err == nil {
		err = r.failure(ctx, argv)
	}
	if err != nil {
		return err
	}
	return complaint(argv, complained)
}

func complaint(argv []string, err error) error {
	if err == nil {
		return nil
	}
	return &UnreadableError{commandLine(argv), err}
}

// cached is parsed, where a copy of the last hour will do. A copy that cannot be read or kept is
// no error: Slurm is asked.
func (c *Commands) cached(ctx context.Context, opt InspectOptions, argv []string, parse func(text []byte) error) error {
	if opt.CacheDir == "" {
		return c.parsed(ctx, argv, parse)
	}
	path := filepath.Join(opt.CacheDir, c.cacheName(argv))
	if text, ok := readCache(path); ok && !opt.Fresh && parse(text) == nil {
		if opt.cached != nil {
			opt.cached.Store(true)
		}
		return nil
	}
	return c.parsed(ctx, argv, func(text []byte) error {
		err := parse(text)
		if err == nil {
			writeCache(path, cacheEntry{commandLine(argv), time.Now(), string(text)})
		}
		return err
	})
}

// cacheName tells apart whatever the answer depends on. A home folder may be shared by the login
// nodes of two clusters that both have their slurm.conf in /etc, so the host's name is part of it.
func (c *Commands) cacheName(argv []string) string {
	host, _ := os.Hostname()
	path, _ := c.find(argv[0])
	key := []string{host, path, c.lookup("SLURM_CONF"), c.lookup("SLURM_CONF_SERVER"), c.opt.Cluster}
	sum := sha256.Sum256([]byte(strings.Join(append(key, argv...), "\x00")))
	return "slurm-" + hex.EncodeToString(sum[:8]) + ".json"
}

func readCache(path string) ([]byte, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	var e cacheEntry
	if json.Unmarshal(data, &e) != nil {
		return nil, false
	}
	age := time.Since(e.Asked)
	return []byte(e.Text), age >= 0 && age < keepFor
}

// writeCache renames into place: another hpcsub may be reading.
func writeCache(path string, e cacheEntry) {
	data, err := json.Marshal(e)
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".slurm-*")
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil && closed == nil && os.Rename(f.Name(), path) == nil {
		return
	}
	os.Remove(f.Name())
}
