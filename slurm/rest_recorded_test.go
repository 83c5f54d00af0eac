package slurm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// recording names the answers that slurmrestd gave, of one release in one version of its API.
type recording struct {
	release string
	version restVersion
}

// onEachAPI runs a test on every version that was recorded.
func onEachAPI(t *testing.T, test func(t *testing.T, r recording)) {
	files, _ := filepath.Glob("testdata/*/rest/*_nodes.json")
	if len(files) != 12 {
		t.Fatalf("got %d recordings, want 12", len(files))
	}
	for _, f := range files {
		r := recording{release: strings.Split(f, "/")[1]}
		fmt.Sscanf(filepath.Base(f), "v0.0.%d_", (*int)(&r.version))
		t.Run(r.release+" "+r.version.String(), func(t *testing.T) { test(t, r) })
	}
}

func (r recording) open(t testing.TB, kind string) *bytes.Reader {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/%s/rest/%s_%s.json", r.release, r.version, kind))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(text)
}

// commands is what the commands printed at the same time.
func (r recording) commands(t testing.TB) ([]Node, []rawPartition) {
	t.Helper()
	open := func(name string) *bytes.Reader {
		text, err := os.ReadFile(filepath.Join("testdata", r.release, "rest", name))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(text)
	}
	nodes, err := parseNodes(open("nodes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	partitions, err := parsePartitions(open("partitions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return nodes, partitions
}

// What does not change from minute to minute is the same in every version as the commands print.
func TestRESTNodesAreThoseOfTheCommands(t *testing.T) {
	onEachAPI(t, func(t *testing.T, r recording) {
		got, a, err := readRESTNodes(r.open(t, "nodes"), r.version)
		if err != nil || len(a.errors) > 0 {
			t.Fatal(err, a.errors)
		}
		want, _ := r.commands(t)
		if len(got) != len(want) {
			t.Fatalf("got %d nodes, want %d", len(got), len(want))
		}
		for i, n := range got {
			w := want[i]
			fixed := func(n Node) Node {
				n.GRES = slices.Clone(n.GRES)
				for i := range n.GRES {
					n.GRES[i].Used = 0
				}
				n.State, n.Flags, n.CPUsAllocated, n.MemoryAllocatedMiB, n.Reason, n.Partitions = "", nil, 0, 0, "", nil
				return n
			}
			if !reflect.DeepEqual(fixed(n), fixed(w)) {
				t.Errorf("got  %+v\nwant %+v", fixed(n), fixed(w))
			}
			if slices.Contains(w.Flags, "DRAIN") != slices.Contains(n.Flags, "DRAIN") || n.Available() != w.Available() {
				t.Errorf("%s: got %s %q, want %s %q", n.Name, n.State, n.Flags, w.State, w.Flags)
			}
			if !r.version.tellsUse() && n.State == "ALLOCATED" && n.FreeCPUs()+n.FreeMemoryMiB() > 0 {
				t.Errorf("%s: promises what nobody told: %+v", n.Name, n)
			}
		}
	})
}

func TestRESTPartitionsAreThoseOfTheCommands(t *testing.T) {
	onEachAPI(t, func(t *testing.T, r recording) {
		got, a, err := readRESTPartitions(r.open(t, "partitions"), r.version)
		if err != nil || len(a.errors) > 0 {
			t.Fatal(err, a.errors)
		}
		_, want := r.commands(t)
		if len(got) != len(want) {
			t.Fatalf("got %d partitions, want %d", len(got), len(want))
		}
		for i := range got {
			g, w := got[i], want[i]
			if !r.version.tellsFlags() {
				w.Default = false
			}
			if !r.version.tellsDefaultTime() {
				w.DefaultTimeS = nil
			}
			if !r.version.tellsSharing() {
				w.OverSubscribe = ""
			}
			if r.version.tellsPreemption() {
				g.PreemptMode = "OFF" // the site's, which the configuration tells
			} else {
				w.PreemptMode = ""
			}
			if !reflect.DeepEqual(g, w) {
				t.Errorf("got  %s\nwant %s", asJSON(g), asJSON(w))
			}
		}
	})
}

func asJSON(v rawPartition) string {
	text, _ := json.Marshal(v.Partition)
	return fmt.Sprintf("%s %v %s %v %v", text, v.NodeList, v.AllocNodes, v.RootOnly, v.noRoot)
}

func TestRESTPartitionsOfNodes(t *testing.T) {
	onEachAPI(t, func(t *testing.T, r recording) {
		var a answers
		var err error
		if a.nodes, _, err = readRESTNodes(r.open(t, "nodes"), r.version); err != nil {
			t.Fatal(err)
		}
		if a.partitions, _, err = readRESTPartitions(r.open(t, "partitions"), r.version); err != nil {
			t.Fatal(err)
		}
		a.join()
		want, _ := r.commands(t)
		for i, n := range a.nodes {
			if !slices.Equal(n.Partitions, want[i].Partitions) {
				t.Errorf("%s: got %q, want %q", n.Name, n.Partitions, want[i].Partitions)
			}
		}
	})
}

// Accounting over REST gives the limits that the commands give; it does not tell their use.
func TestRESTLimitsAreThoseOfTheCommands(t *testing.T) {
	onEachAPI(t, func(t *testing.T, r recording) {
		if r.version < 36 {
			return // there was no accounting
		}
		associations, _, err := readRESTAssociations(r.open(t, "db_associations"))
		if err != nil {
			t.Fatal(err)
		}
		qos, _, err := readRESTQOS(r.open(t, "db_qos"))
		if err != nil {
			t.Fatal(err)
		}
		var got answers
		got.settings.cluster = "lab"
		got.fillAccounting(associations, qos, r.version, "alice")
		var g, w Limits
		got.fillLimits(&g, alice)
		recordedAnswers(t, r.release).fillLimits(&w, alice)
		if len(g.Associations) != 1 || len(g.QOS) != len(w.QOS) {
			t.Fatalf("got %+v", g)
		}
		if !r.version.tellsCounts() {
			w.MaxSubmitJobs = nil
		}
		if !reflect.DeepEqual(g.MaxSubmitJobs, w.MaxSubmitJobs) {
			t.Errorf("got %v submitted jobs at most, want %v", g.MaxSubmitJobs, w.MaxSubmitJobs)
		}
		if a, b := unusedOf(g.Associations[0].Use), unusedOf(w.Associations[0].Use); !reflect.DeepEqual(a, b) {
			t.Errorf("got %+v, want %+v", a, b)
		}
		g.Associations[0].Use, w.Associations[0].Use = Use{}, Use{}
		if !reflect.DeepEqual(g.Associations, w.Associations) {
			t.Errorf("got %+v, want %+v", g.Associations, w.Associations)
		}
		for i := range g.QOS {
			a, b := unusedOf(g.QOS[i].Use), unusedOf(w.QOS[i].Use)
			if !r.version.tellsCounts() {
				b.MaxSubmitJobs = nil
			}
			// The lab's 20.11 was recorded before gpuq was limited.
			if g.QOS[i].Name != w.QOS[i].Name || g.QOS[i].Priority != w.QOS[i].Priority ||
				!reflect.DeepEqual(a, b) && !(r.release == "20.11" && g.QOS[i].Name == "gpuq") {
				t.Errorf("QOS %s: got %+v, want %s %+v", g.QOS[i].Name, a, w.QOS[i].Name, b)
			}
		}
	})
}

// unusedOf leaves the limits alone.
func unusedOf(u Use) Use {
	return Use{MaxJobs: u.MaxJobs, MaxSubmitJobs: u.MaxSubmitJobs, MaxWallS: u.MaxWallS, MaxTRES: u.MaxTRES,
		MaxTRESPerJob: u.MaxTRESPerJob, GroupMaxTRES: u.GroupMaxTRES, AccountMaxTRES: u.AccountMaxTRES,
		AccountMaxJobs: u.AccountMaxJobs, AccountMaxSubmit: u.AccountMaxSubmit, GroupMaxTRESMinutes: u.GroupMaxTRESMinutes, GroupMaxTRESRunMinutes: u.GroupMaxTRESRunMinutes, GroupMaxWallS: u.GroupMaxWallS,
		GroupMaxJobs: u.GroupMaxJobs, GroupMaxSubmit: u.GroupMaxSubmit}
}

func TestRESTJobsOfEachVersion(t *testing.T) {
	onEachAPI(t, func(t *testing.T, r recording) {
		if r.version < 36 {
			return
		}
		jobs, _, err := readRESTJobs(r.open(t, "jobs"))
		if err != nil {
			t.Fatal(err)
		}
		states, arrays := map[string]int{}, 0
		for _, j := range jobs {
			states[j.State]++
			if j.TaskID >= 0 {
				arrays++
			}
			if j.Ended() == j.End.IsZero() || j.Submit.Before(time.Unix(1795300000, 0)) || j.Name == "" {
				t.Errorf("got %+v", j)
			}
			if j.State == "TIMEOUT" && j.Signal != 15 || j.State == "FAILED" && j.ExitCode != 3 && j.ExitCode != 137 {
				t.Errorf("got %+v", j)
			}
		}
		for _, s := range []string{"PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"} {
			if states[s] == 0 {
				t.Errorf("no job is %s: %v", s, states)
			}
		}
		if arrays < 12 { // ten that wait as one record, and two that run
			t.Errorf("got %d tasks of arrays, want those that wait one by one", arrays)
		}
	})
}

func TestRESTRecordsOfEachVersion(t *testing.T) {
	onEachAPI(t, func(t *testing.T, r recording) {
		if r.version < 36 {
			return
		}
		jobs, _, err := readRESTRecords(r.open(t, "db_jobs"), r.version)
		if err != nil {
			t.Fatal(err)
		}
		states := map[string]int{}
		for _, j := range jobs {
			states[j.State]++
		}
		if r.version.tellsAbsence() && (states["FAILED"] == 0 || states["COMPLETED"] == 0) || !r.version.tellsAbsence() && states["UNKNOWN"] != len(jobs) {
			t.Errorf("got %v", states)
		}
		if i := slices.IndexFunc(jobs, func(j Job) bool { return j.TaskID == 6 }); i < 0 || jobs[i].ID != jobs[i].ArrayID+"_6" {
			t.Errorf("task 6 of the array is missing: %+v", jobs)
		}
	})
}

func TestRESTConfigIsThatOfTheCommands(t *testing.T) {
	r := recording{"26.05", 45}
	got, a, err := readRESTConfig(r.open(t, "conf"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := parseConfig(recorded(t, r.release, "config.txt"))
	if err != nil {
		t.Fatal(err)
	}
	got.version = a.release
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
