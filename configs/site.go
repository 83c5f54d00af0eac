package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"hpcsub/slurm"
)

// Site is a site.toml: what an administrator, or a user, says once for every job.
type Site struct {
	Path      string        // "" where there is none
	Client    string        // "commands" or "rest"; "" = commands
	Address   string        // of slurmrestd
	CAFile    string        // certificates for https
	TokenFile string        // holds a token for it
	Timeout   time.Duration // of one call; 0 = Slurm's own patience
	Interface string        // of the network over which the nodes of a job speak; "" = any
	Costs     CostRange     // of running things here, as `hpcsub site calibrate` measured them; 0 = not measured
}

// networkName is a name that Linux allows, of the characters that are in use (IFNAMSIZ: 15 bytes).
var networkName = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,15}$`)

// SystemSite is where an administrator puts the file for everybody.
const SystemSite = "/etc/hpcsub/site.toml"

// FindSite reads the site.toml that is named, the one that HPCSUB_SITE names, or the system's. That the
// last is missing is no error.
func FindSite(named string, getenv func(string) string) (*Site, error) {
	for _, path := range []string{named, getenv("HPCSUB_SITE")} {
		if path != "" {
			return ReadSite(path)
		}
	}
	if _, err := os.Stat(SystemSite); errors.Is(err, fs.ErrNotExist) {
		return &Site{}, nil
	}
	return ReadSite(SystemSite)
}

// ReadSite reads and checks a site.toml. Every error that it returns is an Errors.
func ReadSite(path string) (*Site, error) {
	text, err := readTrusted(path)
	if err != nil {
		return nil, Errors{&Problem{File: path, Text: err.Error()}}
	}
	return ParseSite(path, text)
}

// readTrusted reads a file that only its owner can change, and its owner is the user or root: the
// file says where the user's token goes.
func readTrusted(path string) ([]byte, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if full, err = filepath.EvalSymlinks(full); errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no such file")
	} else if err != nil {
		return nil, err
	}
	for _, name := range []string{full, filepath.Dir(full)} {
		if err := trusted(name); err != nil {
			return nil, err
		}
	}
	return readText(full)
}

func trusted(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	what := "the file"
	if info.IsDir() {
		what = "its folder " + path
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others than its owner may change %s: chmod go-w %s", what, path)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 && int(owner.Uid) != os.Getuid() {
		return fmt.Errorf("%s belongs neither to you nor to root (user id %d)", what, owner.Uid)
	}
	return nil
}

// ParseSite checks the text of a site.toml. It reads no file.
func ParseSite(path string, text []byte) (*Site, error) {
	source := string(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	r := &reader{file: path, lines: strings.Split(source, "\n"), root: &node{table: true}, job: &Job{}}
	site := &Site{Path: path}
	r.known = newVocabulary(site.keys())
	if root, err := parseTOML(source); err != nil {
		r.add(r.root, r.syntax(source, err))
	} else {
		r.root = root
		r.walk(root)
		site.finish(r)
	}
	if len(r.problems) > 0 {
		return nil, r.errors()
	}
	return site, nil
}

// keys are all that site.toml may hold.
func (s *Site) keys() []key {
	keys := []key{
		known("client", `"rest"`, choiceInto(&s.Client, []string{"commands", "rest"}, nil)),
		known("address", `"http://slurm:6820"`, filledInto(&s.Address)),
		known("ca_file", `"/etc/ssl/slurm.pem"`, filledInto(&s.CAFile)),
		known("token_file", `"~/.slurm-token"`, filledInto(&s.TokenFile)),
		known("timeout", `"30s"`, durationInto(&s.Timeout)),
		known("interface", `"ib0"`, filledInto(&s.Interface)),
	}
	for _, c := range AllCosts() {
		keys = append(keys, known("costs."+c.Name, "[0.08, 0.1, 0.3]", costInto(&s.Costs, c)))
	}
	return keys
}

// finish checks what keys say to each other, once each has been read.
func (s *Site) finish(r *reader) {
	if s.Client == "rest" && s.Address == "" {
		r.add(r.root.find("client"), errors.New(`"rest" needs to know where slurmrestd is: write address = "http://slurm:6820"`))
	}
	if s.Address != "" {
		if _, err := slurm.NewREST(slurm.RESTOptions{Address: s.Address}); err != nil {
			r.add(r.root.find("address"), err)
		}
	}
	if s.Interface != "" && !networkName.MatchString(s.Interface) {
		r.add(r.root.find("interface"), fmt.Errorf("want the name of a network interface as ip link shows it, such as \"ib0\", got %s", show(s.Interface)))
	}
	if s.CAFile != "" && !filepath.IsAbs(s.CAFile) {
		r.add(r.root.find("ca_file"), fmt.Errorf("want an absolute path, got %s", show(s.CAFile)))
	}
	if rest, ok := strings.CutPrefix(s.TokenFile, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			s.TokenFile = filepath.Join(home, rest)
		}
	} else if s.TokenFile != "" && !filepath.IsAbs(s.TokenFile) {
		r.add(r.root.find("token_file"), fmt.Errorf("want an absolute path, or one below ~/, got %s", show(s.TokenFile)))
	}
}
