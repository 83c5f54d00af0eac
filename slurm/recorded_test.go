package slurm

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// versions have a folder each in testdata: what the commands of this package printed there, on a
// cluster of four nodes (two with 8 CPUs, c3 with two threads a core, c4 with four GPUs), asked
// by alice, who had eleven jobs.
var versions = []string{"20.11", "22.05", "24.11", "26.05"}

func recorded(t testing.TB, version, name string) *bytes.Reader {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", version, name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(data)
}

// onEach runs a test on every version.
func onEach(t *testing.T, f func(t *testing.T, version string)) {
	for _, v := range versions {
		t.Run(v, func(t *testing.T) { f(t, v) })
	}
}

func TestConfigOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		s, err := parseConfig(recorded(t, version, "config.txt"))
		if err != nil {
			t.Fatal(err)
		}
		if s.cluster != "lab" || !strings.HasPrefix(s.version, version) || !s.enforced || len(s.private) != 0 {
			t.Errorf("got cluster %q, version %q, enforced %v, private %q", s.cluster, s.version, s.enforced, s.private)
		}
		if *s.limits.MaxArraySize != 10001 || *s.limits.MaxJobCount != 30000 {
			t.Errorf("got limits %d, %d", *s.limits.MaxArraySize, *s.limits.MaxJobCount)
		}
		got := s.scheduler
		if got.Parameters["bf_interval"] != "2" || !has(got.Parameters, "defer_batch") || got.Parameters["batch_sched_delay"] != "0" {
			t.Errorf("got parameters %q", got.Parameters)
		}
		got.Parameters, got.TaskPlugin = nil, ""
		want := Scheduler{SelectType: "select/cons_tres", SelectParameters: []string{"CR_CORE_MEMORY"}, KillWaitS: 5, MinJobAgeS: 600,
			EnforceLimits: true, Accounting: true, TopologyPlugin: "topology/tree", ProctrackType: "proctrack/linuxproc",
			PreemptMode: "OFF", EnforcePartLimits: "NO"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func has[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

func TestNodesOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		nodes, err := parseNodes(recorded(t, version, "nodes.txt"))
		if err != nil || len(nodes) != 4 {
			t.Fatalf("got %d nodes, %v", len(nodes), err)
		}
		c3, c4 := nodes[2], nodes[3]
		if c3.Name != "c3" || c3.CPUs != 32 || c3.Cores() != 16 || c3.ThreadsPerCore != 2 || c3.MemoryMiB != 64000 {
			t.Errorf("got %+v", c3)
		}
		used := map[string]int{"20.11": 4, "22.05": 2, "24.11": 2, "26.05": 2}[version]
		want := Node{Name: "c4", State: "MIXED", Flags: c4.Flags, Partitions: []string{"long", "gpu"}, Arch: "x86_64",
			Sockets: 2, CoresPerSocket: 16, ThreadsPerCore: 1, CPUs: 32, CPUsAllocated: c4.CPUsAllocated, MemoryMiB: 128000,
			MemoryAllocatedMiB: 1000 * c4.CPUsAllocated, GRES: []GRES{{Name: "gpu", Type: "a100", Count: 4, Used: used, Sockets: []int{}}},
			Features: []string{"amd", "gpu"}, Weight: 1}
		if !reflect.DeepEqual(c4, want) {
			t.Errorf("got  %+v\nwant %+v", c4, want)
		}
		free := map[string]int{"20.11": 2, "22.05": 0, "24.11": 0, "26.05": 0}[version]
		if nodes[0].FreeCPUs() != free || !nodes[0].Available() || !c4.Available() {
			t.Errorf("got %d free CPUs on c1; available: c1 %v, c4 %v", nodes[0].FreeCPUs(), nodes[0].Available(), c4.Available())
		}
	})
}

func TestPartitionsOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		partitions, err := parsePartitions(recorded(t, version, "partitions.txt"))
		if err != nil || len(partitions) != 3 {
			t.Fatalf("got %d partitions, %v", len(partitions), err)
		}
		limit, standard, memory := 1800, 300, 1000
		want := Partition{Name: "short", Default: true, State: "UP", TimeLimitS: &limit, DefaultTimeS: &standard, Nodes: 2,
			NodeList: []string{"c1", "c2"}, DefMemPerCPUMiB: &memory, OverSubscribe: "NO", PriorityTier: 1,
			AllowAccounts: []string{}, DenyAccounts: []string{}, AllowQOS: []string{}, DenyQOS: []string{}, AllowGroups: []string{}, AllocNodes: []string{}, PreemptMode: "OFF"}
		if got := partitions[0].Partition; !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if *partitions[1].TimeLimitS != 2*24*3600 || partitions[1].Default || len(partitions[1].NodeList) != 4 {
			t.Errorf("got %+v", partitions[1])
		}
	})
}

func TestLimitsOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		r, err := parseLimits(recorded(t, version, "limits.txt"))
		if err != nil || len(r.associations) != 4 || len(r.qos) != 3 {
			t.Fatalf("got %d associations, %d QOS, %v", len(r.associations), len(r.qos), err)
		}
		alice := r.associations[3]
		if alice.user != "alice" || alice.account != "physics" || !alice.isDefault || alice.jobs == 0 || alice.use.MaxJobs != nil {
			t.Errorf("got %+v", alice)
		}
		fast := r.qos[1]
		mine := fast.of("alice", "2001")
		if fast.name != "fast" || fast.priority != 1000 || *fast.use.MaxWallS != 600 ||
			*mine.maxSubmit != 50 || mine.submitted != 1 || mine.maxTRES["cpu"] != 16 || mine.tres["cpu"] != 12 {
			t.Errorf("got %+v, alice's part %+v", fast, mine)
		}
		others := r.qos[0].of("carol", "2003")
		if *others.maxSubmit != 12000 || others.submitted != 0 {
			t.Errorf("got %+v for a user without jobs: the limits are everybody's, the use is not", others)
		}
	})
}

func TestAccountingOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		grants, err := parseGrants(recorded(t, version, "grants.txt"))
		want := []grant{{account: "physics", defaultQOS: "normal", qos: []string{"fast", "gpuq", "normal"}}}
		if err != nil || !reflect.DeepEqual(grants, want) {
			t.Errorf("got %+v, %v; want %+v", grants, err, want)
		}
		qos, err := parseQOSLimits(recorded(t, version, "qos.txt"))
		if err != nil || *qos["normal"].user.maxSubmit != 12000 || qos["fast"].user.maxTRES["cpu"] != 16 || qos["fast"].priority != 1000 {
			t.Errorf("got %+v, %v", qos, err)
		}
	})
}

func TestPlannedStartsOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		queue, err := parsePlanned(recorded(t, version, "planned.txt"))
		var nodes []string
		for i, q := range queue {
			nodes = append(nodes, q.Nodes...)
			if i > 0 && q.Start.Before(queue[i-1].Start) {
				t.Errorf("the starts are not in order: %v", queue)
			}
		}
		if err != nil || CompressHosts(nodes) != "c[1-4]" || len(nodes) != 4 {
			t.Errorf("got %v, %v; want each of the four nodes once", queue, err)
		}
	})
}

func TestSqueueOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		jobs, err := parseSqueue(recorded(t, version, "squeue.txt"))
		if err != nil {
			t.Fatal(err)
		}
		by := byName(jobs)
		failed := by["odd é|x y"][0]
		if failed.State != "FAILED" || failed.ExitCode != 3 || failed.Reason != "NonZeroExitCode" || failed.TaskID != -1 || failed.End.IsZero() {
			t.Errorf("got %+v", failed)
		}
		if len(by["new\nline"]) != 1 {
			t.Errorf("the name with a line end is missing")
		}
		if len(by["uneven"]) != 25 || len(by["held"]) != 30 {
			t.Errorf("got %d uneven and %d held tasks, want 25 and 30", len(by["uneven"]), len(by["held"]))
		}
		if tasks := by["arr.tok.0"]; len(tasks) != 16 || tasks[0].ArrayID+"_"+strconv.Itoa(tasks[0].TaskID) != tasks[0].ID {
			t.Errorf("got %d tasks, the first %+v", len(tasks), tasks[0])
		}
		running := by["qfast"][0]
		if running.State != "RUNNING" || running.Nodes != "c[1-2]" || !running.End.IsZero() || running.Start.IsZero() {
			t.Errorf("got %+v; the end of a running job is not known", running)
		}
		waiting := by["big"][0]
		if waiting.State != "PENDING" || waiting.Start.Before(waiting.Submit) || waiting.Nodes != "" || waiting.Reason != "Resources" {
			t.Errorf("got %+v", waiting)
		}
	})
}

func TestSacctOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		jobs, err := parseSacct(recorded(t, version, "sacct.txt"))
		if err != nil {
			t.Fatal(err)
		}
		by := byName(jobs)
		failed := by["odd é|x y"][0]
		if failed.State != "FAILED" || failed.ExitCode != 3 || failed.End.Before(failed.Start.Add(time.Second)) {
			t.Errorf("got %+v", failed)
		}
		// Accounting lags, and 20.11 cuts the list of those that wait: they stay one job.
		if rest := by["arr.tok.0"]; len(rest) < 4 || rest[len(rest)-1].State != "PENDING" || version != "20.11" && rest[len(rest)-1].TaskID != 49 {
			t.Errorf("got %d tasks, the last %+v", len(rest), rest[len(rest)-1])
		}
		if held := by["held"]; version == "20.11" { // which cuts the list of indices: they stay one job
			if len(held) != 1 || held[0].TaskID != -1 || held[0].ID != held[0].ArrayID {
				t.Errorf("got %+v", held)
			}
		} else if len(held) != 30 {
			t.Errorf("got %d tasks, want 30", len(held))
		}
		cancelled, err := parseSacct(recorded(t, version, "sacct_cancelled.txt"))
		if err != nil || cancelled[0].State != "CANCELLED" || !cancelled[0].Ended() || cancelled[0].Start.After(cancelled[0].End) {
			t.Errorf("got %+v, %v", cancelled, err)
		}
	})
}

func TestRequestedOfEachVersion(t *testing.T) {
	minutes := func(n int) *int { n *= 60; return &n }
	tests := []struct {
		file string
		want Requested
	}{
		{"job.txt", Requested{Name: "feat", State: "RUNNING", Account: "physics", Partition: "long", QOS: "normal", TimeLimitS: minutes(5),
			Nodes: 1, CPUs: 2, Tasks: 1, CPUsPerTask: 2, MemoryPerNodeMiB: 2000, Features: "amd", Requeue: true}},
		{"job_gpu.txt", Requested{Name: "gpurun", State: "RUNNING", Account: "physics", Partition: "gpu", QOS: "gpuq", TimeLimitS: minutes(20),
			Nodes: 1, CPUs: 1, Tasks: 1, CPUsPerTask: 1, MemoryPerCPUMiB: 1000, GRES: "gpu:a100:2", Requeue: true}},
		{"job_name.txt", Requested{Name: "odd é|x y", State: "FAILED", Reason: "NonZeroExitCode", Account: "physics", Partition: "short",
			QOS: "normal", TimeLimitS: minutes(1), Nodes: 1, CPUs: 1, Tasks: 1, CPUsPerTask: 1, MemoryPerCPUMiB: 1000, Requeue: true}},
	}
	onEach(t, func(t *testing.T, version string) {
		for _, tt := range tests {
			got, err := parseRequested(recorded(t, version, tt.file))
			if version == "20.11" && tt.file == "job_name.txt" {
				got.Tasks = 1 // 20.11 counts none of a job that is over
			}
			got.ID, got.OverSubscribe = "", ""
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s:\ngot  %+v, %v\nwant %+v", tt.file, got, err, tt.want)
			}
		}
		array, err := parseRequested(recorded(t, version, "job_array.txt"))
		if err != nil || array.Name != "arr.tok.0" || !strings.Contains(array.ArrayTasks, "49") || !strings.HasSuffix(array.ArrayTasks, "%2") || *array.TimeLimitS != 60 {
			t.Errorf("job_array.txt: got %+v, %v", array, err)
		}
	})
}

func TestTestOnlyOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		text, _ := os.ReadFile(filepath.Join("testdata", version, "testonly.txt"))
		at, err := parseTestOnly(string(text))
		if err != nil || at.Year() != 2026 {
			t.Errorf("got %v, %v from %q", at, err, text)
		}
	})
}

// Every refusal that a version gave, of its options, of the script or of the request, is a clear no.
func TestRefusalsOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		text, _ := os.ReadFile(filepath.Join("testdata", version, "refusals.txt"))
		blocks := strings.Split("\n"+string(text), "\n== ")[1:]
		for _, block := range blocks {
			title, words, _ := strings.Cut(block, "\n")
			if accepted := strings.HasSuffix(title, "rc=0"); refused(words) == accepted {
				t.Errorf("%s: refused = %v for %q", title, !accepted, words)
			}
		}
		if len(blocks) < 40 {
			t.Errorf("got %d refusals, want all", len(blocks))
		}
	})
}

func byName(jobs []Job) map[string][]Job {
	by := map[string][]Job{}
	for _, j := range jobs {
		by[j.Name] = append(by[j.Name], j)
	}
	return by
}
