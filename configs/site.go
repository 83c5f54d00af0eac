package configs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"hpcsub/slurm"
)

// Site is a site.toml: what an administrator says once for every job, with what a user says in a file of his own
// laid over it.
type Site struct {
	Path           string        // "" where there is none
	User           string        // the user's own file; "" where there is none
	Client         string        // "commands" or "rest"; "" = commands
	Address        string        // of slurmrestd
	CAFile         string        // certificates for https
	TokenFile      string        // holds a token for it
	Timeout        time.Duration // of one call; 0 = Slurm's own patience
	Interface      string        // of the network over which the nodes of a job speak; "" = any
	RunsDir        string        // where runs are kept; "" = beside their job.toml
	TrialPartition string        // of short jobs that measure something; "" = as any job
	TrialQOS       string        // the same
	Locked         []string      // keys, or tables, that nothing may change
	Rules
	Defaults Job       // of it [limits], [plan], [slurm] and [environment]: what job.toml does not say
	Costs    CostRange // of running things here, as `hpcsub site calibrate` measured them; 0 = not measured

	origins map[string]Origin
}

// networkName is a name that Linux allows, of the characters that are in use (IFNAMSIZ: 15 bytes).
var networkName = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,15}$`)

// SystemSite is where an administrator puts the file for everybody.
const SystemSite = "/etc/hpcsub/site.toml"

// UserSite is where a user puts what is to hold for all of his own jobs: hpcsub/site.toml in XDG_CONFIG_HOME, else in
// ~/.config. "" where there is no home.
func UserSite(getenv func(string) string) string {
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hpcsub", "site.toml")
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".config", "hpcsub", "site.toml")
	}
	return ""
}

// FindSite reads the site.toml that is named, the one that HPCSUB_SITE names, or the system's, and the user's own over
// it. That the last two are missing is no error.
func FindSite(named string, getenv func(string) string) (*Site, error) {
	path := cmp.Or(named, getenv("HPCSUB_SITE"))
	if path == "" && isThere(SystemSite) {
		path = SystemSite
	}
	site := &Site{origins: map[string]Origin{}}
	var err error
	if path != "" {
		if site, err = ReadSite(path); err != nil {
			return nil, err
		}
	}
	own := UserSite(getenv)
	if own == "" || own == path || !isThere(own) {
		return site, nil
	}
	users, err := readSite(own, LayerUser)
	if err != nil {
		return nil, err
	}
	site.User = own
	return site, site.over(users)
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// ReadSite reads and checks a site.toml. Every error that it returns is an Errors.
func ReadSite(path string) (*Site, error) { return readSite(path, LayerSite) }

func readSite(path, layer string) (*Site, error) {
	text, err := readTrusted(path)
	if err != nil {
		return nil, Errors{&Problem{File: path, Text: err.Error()}}
	}
	site, err := parseSite(path, text, layer)
	if err == nil && layer == LayerSite {
		site.Templates, err = readTemplates(path)
	}
	return site, err
}

// readTrusted reads a file that only its owner can change, and its owner is the user or root: the
// file says where the user's token goes.
func readTrusted(path string) ([]byte, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	var cause *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case errors.As(err, &cause): // links in a circle, a folder that may not be entered
		return nil, fmt.Errorf("looking for it: %w", cause.Err)
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("is a folder: name the file in it, as in %s", filepath.Join(path, "site.toml"))
	case err == nil && info.Size() > maxText:
		return nil, errors.New("is longer than 1 MiB, and no site.toml is")
	case err == nil:
		full, err = filepath.EvalSymlinks(full)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range []string{full, filepath.Dir(full)} {
		if err := trusted(name); err != nil {
			return nil, err
		}
	}
	return readRegular(full)
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
func ParseSite(path string, text []byte) (*Site, error) { return parseSite(path, text, LayerSite) }

func parseSite(path string, text []byte, layer string) (*Site, error) {
	source := string(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	site := &Site{Path: path, origins: map[string]Origin{}}
	r := &reader{file: path, lines: strings.Split(source, "\n"), root: &node{table: true}, job: &site.Defaults}
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
	site.File = path
	at := lines(r.root)
	for _, k := range site.keys() {
		if line, ok := at[k.path]; ok {
			site.origins[k.path] = Origin{layer, path, line}
		}
	}
	return site, nil
}

// keys are all that site.toml may hold.
func (s *Site) keys() []key {
	keys := []key{
		kept("client", `"rest"`, in(&s.Client), choiceInto(&s.Client, []string{"commands", "rest"}, nil)),
		kept("address", `"http://slurm:6820"`, in(&s.Address), filledInto(&s.Address)),
		kept("ca_file", `"/etc/ssl/slurm.pem"`, in(&s.CAFile), filledInto(&s.CAFile)),
		kept("token_file", `"~/.slurm-token"`, in(&s.TokenFile), filledInto(&s.TokenFile)),
		kept("timeout", `"30s"`, in(&s.Timeout), durationInto(&s.Timeout)),
		kept("interface", `"ib0"`, in(&s.Interface), filledInto(&s.Interface)),
		kept("runs_dir", `"/scratch/{user}/hpcsub"`, in(&s.RunsDir), filledInto(&s.RunsDir)),
		kept("trial_partition", `"debug"`, in(&s.TrialPartition), wordInto(&s.TrialPartition)),
		kept("trial_qos", `"debug"`, in(&s.TrialQOS), wordInto(&s.TrialQOS)),
		kept("locked", `["slurm.account"]`, in(&s.Locked), wordsInto(&s.Locked)),
	}
	keys = append(keys, s.Rules.keys()...)
	keys = append(keys, (&reader{job: &s.Defaults}).shared()...)
	for _, c := range AllCosts() {
		keys = append(keys, kept("costs."+c.Name, "[0.08, 0.1, 0.3]", costSlot{&s.Costs, c}, costInto(&s.Costs, c)))
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
	for _, p := range []struct {
		key string
		at  *string
	}{{"token_file", &s.TokenFile}, {"runs_dir", &s.RunsDir}, {"scratch", &s.Scratch}} {
		if err := ownPath(p.at); err != nil {
			r.add(r.root.find(p.key), err)
		}
	}
	for i, name := range s.Locked {
		if _, known := r.known.byPath[name]; !known && r.known.tables[name] == nil {
			r.add(r.root.find("locked"), elementError(i, name, fmt.Errorf("%s is no key of site.toml, and no table%s", show(name), didYouMean(name, slices.Sorted(maps.Keys(r.known.byPath))))))
		}
	}
	for _, name := range s.Policy.Prefer {
		if slices.Contains(s.Policy.Forbid, name) {
			r.add(r.root.find("policy", "prefer"), fmt.Errorf("%q is among policy.forbid too: take it out of one", name))
		}
	}
}
