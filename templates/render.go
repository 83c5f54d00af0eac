package templates

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"hpcsub/slurm"
	"hpcsub/strategies"
)

//go:embed *.tmpl
var files embed.FS

//go:embed python/*.py
var drivers embed.FS

// Drivers are the programs of Python that calls run through, by name: an attempt keeps a copy of each.
func Drivers() (map[string][]byte, error) {
	all := map[string][]byte{}
	entries, err := drivers.ReadDir("python")
	for _, e := range entries {
		if all[e.Name()], err = drivers.ReadFile("python/" + e.Name()); err != nil {
			break
		}
	}
	return all, err
}

// view is what the templates see: the Script, and what follows from it.
type view struct {
	Script
	Template  string // the launch block's
	Origin    string // what wrote the script, for the header
	Log       string // Slurm's --output
	TimeLimit string
	Array     string // indices and throttle; "" = no array
	Nodes     int    // of one Slurm job
	Last      int    // the last part of this submission
	Activate  string // the virtual environment's script
	Exact     bool   // srun knows --exact
	Threads   int    // CPUs of an item, or of each of its ranks
	// RanksPerNode and StepMemoryMiB are of the step of one MPI item; of several side by side each has its share.
	RanksPerNode  int
	StepMemoryMiB int
	// WorkerMemoryMiB is what the workers of a Dask cluster may hold on one node; 0 = not known.
	WorkerMemoryMiB int
	WorkerGPUs      int      // of a Dask cluster on one node, each with a worker of its own
	Network         string   // for processes on several nodes, where the script starts such
	Whole           bool     // whole nodes are asked for, and not among the user's own options
	Epilogue        bool     // the site has something to be done after the work
	Modules         []string // the job's, and those of the site that hold what the strategy needs
}

// Render writes the batch script of one submission: a job.sh.tmpl of four blocks (directives, setup, launch,
// epilogue) and the launch block of the strategy. An error names the key whose value no script can carry.
func Render(s Script) (string, error) {
	text, err := renderScript(s)
	return text, located(err, s.Site)
}

func renderScript(s Script) (string, error) {
	v, err := newView(s)
	if err != nil {
		return "", fmt.Errorf("writing the batch script: %w", err)
	}
	t, err := template.New("job.sh.tmpl").Option("missingkey=error").Funcs(functions()).ParseFS(files, "job.sh.tmpl", v.Template+".tmpl")
	if err != nil {
		return "", fmt.Errorf("reading the templates: %w", err)
	}
	own := overrides(s.Site.Templates, s.Strategy)
	if err := own.into(t); err != nil {
		return "", err
	}
	var b limited
	if err := t.Execute(&b, v); err != nil {
		return "", own.blame("writing the batch script", err)
	}
	text := strings.TrimRight(b.String(), "\n") + "\n"
	return text, own.holds(text, v)
}

// refusal is a value that no script can carry, with the key that has it.
type refusal struct{ words string }

func (r *refusal) Error() string { return r.words }

func refusalf(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// causeOf is the refusal, where there is one, without the place in the template that met it.
func causeOf(err error) error {
	var no *refusal
	if errors.As(err, &no) {
		return no
	}
	return err
}

func functions() template.FuncMap {
	return template.FuncMap{
		"quote":    word,
		"sbatch":   directive,
		"option":   userOption,
		"comment":  comment,
		"variable": variable,
		"lines":    shellLines,
		"join":     strings.Join,
		"count":    plural,
	}
}

func newView(s Script) (view, error) {
	v := view{Script: s, Template: strategies.Template(s.Strategy), TimeLimit: timeLimit(s.Request.TimeLimitS)}
	if v.Template == "" {
		return v, fmt.Errorf("there is no template for strategy %q", s.Strategy)
	}
	for _, path := range []struct{ name, value string }{{"program", s.Hpcsub}, {"attempt's folder", s.Attempt}, {"job's folder", s.Dir}} {
		if path.value == "" || strings.ContainsRune(path.value, 0) {
			return v, fmt.Errorf("%q is no path for the %s", path.value, path.name)
		}
	}
	if s.Range.Count < 1 || s.Range.First < 0 {
		return v, fmt.Errorf("a submission of %d parts from part %d", s.Range.Count, s.Range.First)
	}
	v.Origin = origin(s, v.Template)
	array := s.Request.ArrayTasks > 0
	v.Last = s.Range.First + s.Range.Count - 1
	v.Nodes = max(1, s.Request.Nodes)
	if array {
		v.Array = "0-" + strconv.Itoa(s.Range.Count-1)
		if s.Request.ArrayThrottle > 0 {
			v.Array += "%" + strconv.Itoa(s.Request.ArrayThrottle)
		}
	}
	if s.Environment.Venv != "" {
		v.Activate = activate(s.Dir, s.Environment.Venv)
	}
	v.Threads = s.Layout.CPUsPerItem / max(1, s.Layout.Ranks)
	if s.Layout.Cluster {
		v.Threads = 1
		v.WorkerMemoryMiB = strategies.ClusterMemoryMiB(s.Request.MemoryPerNodeMiB)
		v.WorkerGPUs, _ = strconv.Atoi(s.Request.GRES[strings.LastIndex(s.Request.GRES, ":")+1:]) // "gpu:a100:2"; "" = none
	}
	v.RanksPerNode = (s.Layout.Ranks + v.Nodes - 1) / v.Nodes
	v.StepMemoryMiB = s.Request.MemoryPerNodeMiB / max(1, s.Layout.Slots)
	release, _ := slurm.ParseVersion(s.SlurmVersion) // unknown where there is no Slurm
	v.Exact = release.SrunHasExact()
	v.Whole = s.Request.Exclusive && !slices.Contains(s.Slurm.Options, "--exclusive")
	if v.Template == "dask" || v.Template == "pathos" && v.Nodes > 1 {
		v.Network = s.Interface
	}
	v.Modules = modules(s)
	own := overrides(s.Site.Templates, s.Strategy)
	v.Epilogue = own["epilogue"].Name != ""
	v.Origin += own.words(s.Site.Of())
	var err error
	v.Log, err = logPattern(s.LogDir, array)
	return v, err
}

// origin names what wrote a script: the program, the templates, and what for.
func origin(s Script, launch string) string {
	text := "Written by hpcsub"
	if s.Version != "" {
		text += " " + s.Version
	}
	text += " from its templates job.sh and " + launch
	if s.SlurmVersion != "" {
		text += ", for Slurm " + s.SlurmVersion
	}
	return text + "."
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
