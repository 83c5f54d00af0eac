package slurm

import (
	"bytes"
	"slices"
	"testing"
)

// seed adds the recorded text of each version, whole and cut.
func seed(f *testing.F, name string) {
	for _, v := range versions {
		r := recorded(f, v, name)
		text := make([]byte, r.Len())
		r.Read(text)
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
}

func FuzzConfig(f *testing.F) {
	seed(f, "config.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseConfig(bytes.NewReader(text)); err == nil && (s.cluster == "" || s.version == "") {
			t.Errorf("got no cluster and version")
		}
	})
}

func FuzzNodes(f *testing.F) {
	seed(f, "nodes.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		nodes, err := parseNodes(bytes.NewReader(text))
		for _, n := range nodes {
			if err == nil && (n.CPUs < 0 || n.CPUsAllocated < 0 || n.MemoryMiB < 0 || n.Features == nil || n.GRES == nil) {
				t.Errorf("got %+v", n)
			}
		}
		if err == nil && len(text) > 0 && text[len(text)-1] != '\n' {
			t.Errorf("text that is cut was read")
		}
	})
}

func FuzzPartitions(f *testing.F) {
	seed(f, "partitions.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		partitions, err := parsePartitions(bytes.NewReader(text))
		for _, p := range partitions {
			if err == nil && (p.State == "" || p.Nodes < 0) {
				t.Errorf("got %+v", p)
			}
		}
	})
}

func FuzzLimits(f *testing.F) {
	seed(f, "limits.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseLimits(bytes.NewReader(text))
		if err != nil {
			return
		}
		a := answers{rights: r}
		var l Limits
		a.fillLimits(&l, alice)
		for _, m := range l.Associations {
			for name := range m.Use.GroupMaxTRES {
				if _, ok := m.Use.GroupTRES[name]; !ok {
					t.Errorf("a limit on %s without its use", name)
				}
			}
		}
	})
}

func FuzzAccounting(f *testing.F) {
	seed(f, "grants.txt")
	seed(f, "qos.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		grants, err := parseGrants(bytes.NewReader(text))
		for _, g := range grants {
			if err == nil && g.account == "" {
				t.Errorf("got %+v", g)
			}
		}
		parseQOSLimits(bytes.NewReader(text))
	})
}

func FuzzPlanned(f *testing.F) {
	seed(f, "planned.txt")
	f.Add([]byte("START_TIME|SCHEDNODES\n1|n[1-9999]\n2|n[1-99999]x[0-99999]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		queue, _ := parsePlanned(bytes.NewReader(text))
		seen := map[string]bool{}
		for _, q := range queue {
			for _, n := range q.Nodes {
				if seen[n] || n == "" {
					t.Errorf("node %q twice, or nameless", n)
				}
				seen[n] = true
			}
		}
	})
}

func FuzzSqueue(f *testing.F) {
	seed(f, "squeue.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		jobs, err := parseSqueue(bytes.NewReader(text))
		checkJobs(t, jobs, err)
	})
}

func FuzzSacct(f *testing.F) {
	seed(f, "sacct.txt")
	seed(f, "sacct_cancelled.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		jobs, err := parseSacct(bytes.NewReader(text))
		checkJobs(t, newest(jobs), err)
	})
}

func checkJobs(t *testing.T, jobs []Job, err error) {
	for _, j := range jobs {
		if err == nil && (j.ID == "" || j.ArrayID == "" || j.State == "" || !j.Ended() && !j.End.IsZero()) {
			t.Errorf("got %+v", j)
		}
	}
}

func FuzzRequested(f *testing.F) {
	for _, name := range []string{"job.txt", "job_array.txt", "job_name.txt", "job_gpu.txt"} {
		seed(f, name)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseRequested(bytes.NewReader(text)); err == nil && (r.Nodes < 0 || r.CPUs < 0 || r.MemoryPerNodeMiB < 0) {
			t.Errorf("got %+v", r)
		}
	})
}

func FuzzTestOnly(f *testing.F) {
	seed(f, "testonly.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		if at, err := parseTestOnly(string(text)); err == nil && !at.IsZero() && at.Unix() < -62135596800 {
			t.Errorf("got %v", at)
		}
	})
}

// A refusal never has words in it that a lost message has.
func FuzzWords(f *testing.F) {
	seed(f, "refusals.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		if words := string(text); refused(words) && (silent(words) || unheard.MatchString(words)) {
			t.Errorf("%q is a refusal and a lost message", words)
		}
		jobID(string(text))
	})
}

func FuzzHosts(f *testing.F) {
	for _, list := range []string{"c[1-2,04-06],gpu1", "n[1-2]x[3-4]", "c[1-", "[1]", "a,b,,c"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		names, err := ExpandHosts(list)
		if err != nil {
			return
		}
		back, err := ExpandHosts(CompressHosts(names))
		if err != nil {
			t.Fatalf("%q: compressed %q: %v", list, CompressHosts(names), err)
		}
		slices.Sort(names)
		slices.Sort(back)
		if !slices.Equal(back, slices.Compact(names)) {
			t.Errorf("%q: got %q, want %q", list, back, names)
		}
	})
}

func FuzzNotations(f *testing.F) {
	for _, s := range []string{"1-12:00:00", "62.50G", "cpu=4,mem=8G", "cpu=16(12)", "CPU=1.0,Mem=0.25G", "gpu:a100:4(S:0-1)", "0-20:4%2", "3:0", "slurm 24.11.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil && d < 0 {
			t.Errorf("ParseDuration(%q) = %v", s, d)
		}
		if mib, err := ParseMemoryMiB(s); err == nil && mib < 0 {
			t.Errorf("ParseMemoryMiB(%q) = %d", s, mib)
		}
		if n, err := parseScaled(s); err == nil && n < 0 {
			t.Errorf("parseScaled(%q) = %d", s, n)
		}
		if all, err := expandIndices(s); err == nil && len(all) > 2*maxHosts {
			t.Errorf("expandIndices(%q) gives %d", s, len(all))
		}
		parseTRES(s)
		parseTRESUse(s)
		parseWeights(s)
		parseGRES(s)
		parseExit(s)
		parseTime(s)
		ParseVersion(s)
		parseCluster(bytes.NewReader([]byte(s)))
	})
}
