// Package examples_test runs the examples on this machine, some of them with fewer items; those whose point needs a
// cluster run in integration/ too.
package examples_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// example is a copy of a folder here, and the program to run in it.
type example struct {
	folder, hpcsub string
}

// build makes the program, once for all examples.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hpcsub")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/hpcsub").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// copied copies an example, with texts of its job.toml replaced: pairs of what is there and what is wanted.
func copied(t *testing.T, hpcsub, name string, replace ...string) example {
	t.Helper()
	e := example{filepath.Join(t.TempDir(), name), hpcsub}
	if err := os.CopyFS(e.folder, os.DirFS(name)); err != nil {
		t.Fatal(err)
	}
	job := filepath.Join(e.folder, "job.toml")
	text, err := os.ReadFile(job)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(text), replace[i]) {
			t.Fatalf("job.toml of %s has no %q to replace", name, replace[i])
		}
	}
	if err := os.WriteFile(job, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
	return e
}

// run runs a command in the folder and returns what it printed.
func (e example) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = e.folder
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "VIRTUAL_ENV="+pythons())
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, said.String())
	}
	return string(out)
}

// pythons is an environment that has Pathos and Dask, if integration/tools.sh has made one.
func pythons() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	home, err := filepath.EvalSymlinks(filepath.Join(cache, "hpcsub", "python"))
	if err != nil {
		return ""
	}
	return home
}

// result is what is looked at of an item.
type result struct {
	State   string
	Columns map[string]any
	Value   any
}

// submit runs the job here and returns its results: so many, all of them done.
func (e example) submit(t *testing.T, items int) []result {
	t.Helper()
	e.run(t, e.hpcsub, "check", "--cluster", "local")
	e.run(t, e.hpcsub, "submit", "--wait", "--cluster", "local")
	var all []result
	for line := range strings.Lines(e.run(t, e.hpcsub, "results", "--json")) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.State != "done" {
			t.Errorf("results: %v in %q, want an item that is done", err, line)
		}
		all = append(all, r)
	}
	if len(all) != items {
		t.Errorf("got %d results, want %d", len(all), items)
	}
	return all
}

func TestPrimes(t *testing.T) {
	e := copied(t, build(t), "primes", "99_999_500", "99_999_970", "100_000_500", "99_999_990")
	for _, r := range e.submit(t, 21) {
		n := int(r.Columns["n"].(float64))
		if want := n == 99_999_971 || n == 99_999_989; r.Value != want {
			t.Errorf("is_prime(%d): got %v, want %v", n, r.Value, want)
		}
	}
	if got, want := e.run(t, "python3", "primes.py", "99999500", "100000500"), "506.756 s of waiting, 54 primes\n"; got != want {
		t.Errorf("primes.py says %q, want %q", got, want)
	}
}

func TestIsing(t *testing.T) {
	e := copied(t, build(t), "ising", "from = 1.2, to = 3.4, step = 0.2", "from = 1.2, to = 3.2, step = 2.0", "to = 4", "to = 2")
	e.submit(t, 4)
	// The magnet keeps its direction at 1.2, and has lost it at 3.2.
	for index, least := range []float64{0.9, 0.9, 0, 0} {
		var temperature, seed, magnetisation float64
		out := e.run(t, e.hpcsub, "logs", "--item", fmt.Sprint(index))
		last := strings.TrimSpace(out)
		if _, err := fmt.Sscan(last[strings.LastIndex(last, "\n")+1:], &temperature, &seed, &magnetisation); err != nil {
			t.Fatalf("logs: %v in %q", err, out)
		}
		if magnetisation < least || least == 0 && magnetisation > 0.6 {
			t.Errorf("magnetisation at %v: got %v", temperature, magnetisation)
		}
	}
}

func TestImages(t *testing.T) {
	e := copied(t, build(t), "images")
	e.run(t, "python3", "make_images.py", "6")
	e.submit(t, 6)
	for seed := 1; seed <= 6; seed++ {
		picture, err := os.ReadFile(filepath.Join(e.folder, "edges", fmt.Sprintf("disc %02d.pgm", seed)))
		if err != nil {
			t.Fatal(err)
		}
		const header = "P5\n96 96\n255\n"
		if !strings.HasPrefix(string(picture), header) || len(picture) != len(header)+96*96 {
			t.Errorf("picture %d is %d bytes that begin with %.20q", seed, len(picture), picture)
		}
		strong := 0
		for _, pixel := range picture[len(header):] {
			if pixel > 15 {
				strong++
			}
		}
		if strong < 20 || strong > 96*96/4 {
			t.Errorf("picture %d: %d pixels on an edge, want the rim of a disc", seed, strong)
		}
	}
}

// TestAll: every example is complete, its job.toml is right for the cluster that is saved in testdata, and each has a
// way to run there.
func TestAll(t *testing.T) {
	hpcsub := build(t)
	saved, err := filepath.Abs("testdata/cluster.json")
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := filepath.Glob("*/job.toml")
	if err != nil || len(jobs) < 5 {
		t.Fatalf("examples: got %q, %v", jobs, err)
	}
	for _, job := range jobs {
		name := filepath.Dir(job)
		t.Run(name, func(t *testing.T) {
			e := copied(t, hpcsub, name)
			if _, err := os.Stat(filepath.Join(e.folder, "README.md")); err != nil {
				t.Error(err)
			}
			if name == "images" {
				e.run(t, "python3", "make_images.py")
			}
			var plan struct {
				Chosen struct {
					Strategy string
					Request  struct{ GRES string }
				}
			}
			if err := json.Unmarshal([]byte(e.run(t, hpcsub, "plan", "--json", "--cluster", saved)), &plan); err != nil {
				t.Fatal(err)
			}
			if name == "images" && plan.Chosen.Strategy != "gnu-parallel" || name == "gpu" && !strings.Contains(plan.Chosen.Request.GRES, "gpu") {
				t.Errorf("plan chooses %+v", plan.Chosen)
			}
			if script := e.run(t, hpcsub, "render", "--cluster", saved); name == "threads" && !strings.Contains(script, "OMP_NUM_THREADS=2") {
				t.Errorf("the script does not say how many threads an item has:\n%s", script)
			}
		})
	}
}
