package slurm

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// seedREST adds the recorded answers of a kind, whole and cut.
func seedREST(f *testing.F, kind string) {
	files, _ := filepath.Glob("testdata/*/rest/*_" + kind + ".json")
	if len(files) == 0 {
		f.Fatal("nothing recorded")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		v := 45
		if strings.Contains(name, "v0.0.3") {
			v = 36
		}
		f.Add(text, v)
		f.Add(text[:len(text)/2], v)
	}
}

func FuzzRESTNodes(f *testing.F) {
	seedREST(f, "nodes")
	f.Fuzz(func(t *testing.T, text []byte, v int) {
		nodes, _, err := readRESTNodes(bytes.NewReader(text), restVersion(v))
		for _, n := range nodes {
			if err == nil && (n.Name == "" || n.State == "" || n.CPUs < 0 || n.CPUsAllocated < 0 || n.MemoryMiB < 0 || n.MemoryAllocatedMiB < 0 || n.Features == nil || n.GRES == nil) {
				t.Errorf("got %+v", n)
			}
		}
	})
}

func FuzzRESTPartitions(f *testing.F) {
	seedREST(f, "partitions")
	f.Fuzz(func(t *testing.T, text []byte, v int) {
		all, _, err := readRESTPartitions(bytes.NewReader(text), restVersion(v))
		for _, p := range all {
			if err == nil && (p.Name == "" || p.State == "" && v >= 40 || p.Nodes < 0 || p.AllowQOS == nil || p.TimeLimitS != nil && *p.TimeLimitS < 0) {
				t.Errorf("got %+v", p)
			}
		}
	})
}

func FuzzRESTAccounting(f *testing.F) {
	seedREST(f, "db_associations")
	seedREST(f, "db_qos")
	f.Fuzz(func(t *testing.T, text []byte, v int) {
		associations, _, _ := readRESTAssociations(bytes.NewReader(text))
		qos, _, _ := readRESTQOS(bytes.NewReader(text))
		var a answers
		a.fillAccounting(associations, qos, restVersion(v), "alice")
		var l Limits
		a.fillLimits(&l, alice)
		levels(associations)
		for _, m := range l.Associations {
			for name := range m.Use.GroupMaxTRES {
				if !has(m.Use.GroupTRES, name) {
					t.Errorf("a limit on %s without its use", name)
				}
			}
		}
	})
}

func FuzzRESTJobs(f *testing.F) {
	seedREST(f, "jobs")
	f.Fuzz(func(t *testing.T, text []byte, _ int) {
		jobs, _, err := readRESTJobs(bytes.NewReader(text))
		checkJobs(t, jobs, err)
	})
}

func FuzzRESTRecords(f *testing.F) {
	seedREST(f, "db_jobs")
	f.Fuzz(func(t *testing.T, text []byte, v int) {
		jobs, _, err := readRESTRecords(bytes.NewReader(text), restVersion(v))
		checkJobs(t, jobs, err)
	})
}

func FuzzRESTConfig(f *testing.F) {
	seedREST(f, "conf")
	f.Fuzz(func(t *testing.T, text []byte, _ int) {
		if s, _, err := readRESTConfig(bytes.NewReader(text)); err == nil && s.scheduler.KillWaitS < 0 {
			t.Errorf("got %+v", s)
		}
	})
}

// What sbatch would not read, or slurmrestd could not be asked for, is an error: no option is lost.
func FuzzDirectives(f *testing.F) {
	f.Add("#!/bin/bash\n#SBATCH --job-name=\"a b\" -N2\n#SBATCH --time 00:10:00 # ten\n#SBATCH -J 'x'\\''y'\ntrue\n#SBATCH --late\n")
	f.Fuzz(func(t *testing.T, script string) {
		all, err := readDirectives(script)
		if err != nil || !utf8.ValidString(script) {
			return
		}
		for _, v := range []restVersion{36, 45} {
			job, err := describe(all, v)
			if err == nil && len(all) > 0 && len(job) == 0 && !strings.Contains(script, "=NONE") && !strings.Contains(strings.ToUpper(script), "NONE") {
				t.Errorf("%+v became nothing", all)
			}
		}
	})
}
