// Package runs answers: what did I submit? It prepares a run on disk, submits it exactly
// once, follows it, collects its results and retries what is not done.
package runs

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
)

// Run is a submitted plan: run.json, written once, and the folder it stands in. What became
// of it is derived from the other files each time it is asked.
type Run struct {
	ID          string              `json:"run"`
	Job         string              `json:"job"`  // job.toml, absolute
	Text        string              `json:"text"` // job.toml as it was
	Created     time.Time           `json:"created"`
	Client      string              `json:"client"`  // "commands" or "local": later commands go where the run went
	Cluster     string              `json:"cluster"` // its name
	Version     string              `json:"slurm_version"`
	Program     Program             `json:"program"`          // the copy of hpcsub that the nodes run
	Commit      string              `json:"commit,omitempty"` // git's, where job.toml is under version control
	Code        map[string]string   `json:"code,omitempty"`   // files of the program, with their hashes
	Items       int                 `json:"items"`
	Columns     []string            `json:"columns"`
	Name        string              `json:"name"`
	Work        items.Spec          `json:"work"`
	Each        configs.Each        `json:"each"`
	Limits      configs.Limits      `json:"limits"`
	Plan        configs.PlanKeys    `json:"plan"`
	Slurm       configs.SlurmKeys   `json:"slurm"`
	Environment configs.Environment `json:"environment"`

	dir items.RunDir
}

// Dir is the run's folder.
func (r *Run) Dir() items.RunDir { return r.dir }

// Root is the folder that holds the runs of the job.toml files in jobDir.
func Root(jobDir string) string { return filepath.Join(jobDir, ".hpcsub") }

// NotFoundError says that no run answers to a name.
type NotFoundError struct {
	Name string
	Root string
	Like []string // ids that begin with Name, when there are several
	Job  bool     // Name is a job.toml
}

func (e *NotFoundError) Error() string {
	switch {
	case len(e.Like) > 1:
		return fmt.Sprintf("%q is the beginning of %d runs: %s; write more of it", e.Name, len(e.Like), strings.Join(e.Like, ", "))
	case e.Job:
		return fmt.Sprintf("%s has no run yet; hpcsub submit %s starts one", e.Name, e.Name)
	case e.Name == "":
		return fmt.Sprintf("no runs in %s; hpcsub submit starts one", e.Root)
	}
	return fmt.Sprintf("no run %q in %s or in the list of your runs; hpcsub runs shows those that there are", e.Name, e.Root)
}

// newID makes a run id: the job's name and six random characters.
func newID(name string) string { return name + "-" + randomText(6) }

// randomText returns n characters of [a-z0-9], at most 26.
func randomText(n int) string { return strings.ToLower(rand.Text())[:n] }

// Open reads the run in a folder.
func Open(dir string) (*Run, error) {
	path := items.RunDir(dir).File()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the run: %w", err)
	}
	r := &Run{dir: items.RunDir(dir)}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return r, nil
}

// List returns the runs in a root folder, newest first. Folders that are no run are passed over.
func List(root string) []*Run {
	var all []*Run
	entries, _ := os.ReadDir(root)
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if r, err := Open(filepath.Join(root, e.Name())); err == nil {
			all = append(all, r)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Created.After(all[j].Created) })
	return all
}

// Newest returns the newest run of a job.toml, or nil.
func Newest(job string) *Run {
	path, err := filepath.Abs(job)
	if err != nil {
		return nil
	}
	for _, r := range List(Root(filepath.Dir(path))) {
		if r.of(path) {
			return r
		}
	}
	return nil
}

// of says whether this is a run of the job.toml at an absolute path, by whatever name its folder is reached: home folders
// have links to scratch. A folder that was copied with its runs is another one.
func (r *Run) of(job string) bool {
	if r.Job == job || filepath.Base(r.Job) != filepath.Base(job) {
		return r.Job == job
	}
	then, errThen := os.Stat(filepath.Dir(r.Job))
	now, errNow := os.Stat(filepath.Dir(job))
	return errThen == nil && errNow == nil && os.SameFile(then, now)
}

// pathOf is where a job.toml is; Job.Path is as the user named it.
func pathOf(job *configs.Job) string { return filepath.Join(job.Dir, filepath.Base(job.Path)) }

// Latest names the run's newest attempt: a retry has another.
func (r *Run) Latest() string {
	attempts, _ := r.dir.Attempts() // where they cannot be read, whatever is done with the run says so
	return fmt.Sprintf("%s attempt %d", r.ID, len(attempts))
}

// Find returns the run that name means: a job.toml (its newest run), a run's id, or a unique
// beginning of one, looked for beside job.toml in the current folder and then in the index of
// all of the user's runs. The empty name is the newest run here.
func Find(name string) (*Run, error) {
	here, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	root := Root(here)
	if name == "" {
		if all := List(root); len(all) > 0 {
			return all[0], nil
		}
		return nil, &NotFoundError{Root: root}
	}
	if info, err := os.Stat(name); err == nil {
		return findByPath(name, info)
	}
	found := withPrefix(root, name)
	if len(found) == 0 {
		found = withPrefix(indexFolder(), name)
	}
	if len(found) != 1 {
		return nil, &NotFoundError{Name: name, Root: root, Like: found}
	}
	if r, err := Open(filepath.Join(root, found[0])); err == nil {
		return r, nil
	}
	target, err := filepath.EvalSymlinks(filepath.Join(indexFolder(), found[0]))
	if err != nil {
		return nil, fmt.Errorf("the folder of run %s is gone: %w", found[0], err)
	}
	return Open(target)
}

func findByPath(path string, info fs.FileInfo) (*Run, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if r := Newest(abs); r != nil {
			return r, nil
		}
		return nil, &NotFoundError{Name: path, Job: true}
	}
	if r, err := Open(abs); err == nil {
		return r, nil
	}
	if all := List(Root(abs)); len(all) > 0 {
		return all[0], nil
	}
	return nil, &NotFoundError{Root: Root(abs)}
}

func withPrefix(folder, prefix string) []string {
	var found []string
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !strings.Contains(e.Name(), "-") || strings.HasPrefix(e.Name(), ".") {
			continue // no run's: bin, the lock, one that is being made
		}
		if e.Name() == prefix {
			return []string{prefix}
		}
		found = append(found, e.Name())
	}
	return found
}

// indexFolder holds a symlink to every run of this user, so that a run is found from any folder.
func indexFolder() string {
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "hpcsub", "runs")
}

// Everywhere returns all of the user's runs that still exist, newest first.
func Everywhere() []*Run {
	var all []*Run
	folder := indexFolder()
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		link := filepath.Join(folder, e.Name())
		target, err := filepath.EvalSymlinks(link)
		if errors.Is(err, fs.ErrNotExist) {
			forget(link)
			continue
		}
		if r, err := Open(target); err == nil {
			all = append(all, r)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Created.After(all[j].Created) })
	return all
}

// forget takes a run out of the index that was deleted from its folder of runs. Where that is not there either, its file
// system may not be mounted on this machine.
func forget(link string) {
	run, err := os.Readlink(link)
	if err != nil {
		return
	}
	if _, err := os.Stat(filepath.Dir(run)); err == nil {
		os.Remove(link)
	}
}

// addToIndex is a convenience: where it cannot be written, runs are found in their own folder only.
func addToIndex(r *Run) {
	folder := indexFolder()
	if folder == "" || os.MkdirAll(folder, 0o700) != nil {
		return
	}
	os.Symlink(string(r.dir), filepath.Join(folder, r.ID))
}

// Attempts returns the attempts of a run in order.
func (r *Run) Attempts() ([]*Attempt, error) {
	dirs, err := r.dir.Attempts()
	if err != nil {
		return nil, fmt.Errorf("reading the attempts of %s: %w", r.ID, err)
	}
	var all []*Attempt
	for _, dir := range dirs {
		a, err := openAttempt(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}
