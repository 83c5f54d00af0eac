package runs

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/slurm"
)

// twoNodes is a cluster of a node with 4,000 MiB and one with 16,000.
func twoNodes() *slurm.Cluster {
	node := func(name string, memory int) slurm.Node {
		return slurm.Node{Name: name, State: "IDLE", Partitions: []string{"short"}, Sockets: 1, CoresPerSocket: 4, ThreadsPerCore: 1, CPUs: 4, MemoryMiB: memory, Weight: 1}
	}
	return &slurm.Cluster{
		Name: "lab", Version: "24.11.5", Client: "commands", User: "alice", Taken: time.Now(),
		Scheduler:  slurm.Scheduler{SelectType: "select/cons_tres", SelectParameters: []string{"CR_CORE_MEMORY"}},
		Partitions: []slurm.Partition{{Name: "short", Default: true, State: "UP", Nodes: 2, Usable: true}},
		Nodes:      []slurm.Node{node("c1", 4000), node("c2", 16000)},
	}
}

// starved is a run of five items: done, failed, out of memory at so many MiB, out of time after 100 s, never begun.
func starved(t *testing.T, peakMiB float64) (*Run, *view) {
	t.Helper()
	r := made(t, t.TempDir(), 5, 1)
	memory, late := record(2, items.OutOfMemory, 3), record(3, items.Timeout, 4)
	elapsed := 100.0
	memory.MaxRSSTree, late.Elapsed = &peakMiB, &elapsed
	write(t, r.dir.Attempt(1).Results(0, 0), true, record(0, items.Done, 1), record(1, items.Failed, 2), memory, late)
	v, err := r.look(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, v
}

// TestRetryByCause: what ran out of memory gets twice as much in an attempt of its own, at most what a node has, and
// what ran out of time gets twice as long. Where nothing has as much memory, the others run.
func TestRetryByCause(t *testing.T) {
	tests := []struct {
		name   string
		peak   float64
		opt    RetryOptions
		memory int // that each starved item gets; 0 = they are left out
		each   time.Duration
		says   string
	}{
		{"twice what was seen", 3000, RetryOptions{}, 6000, 200 * time.Second, ""},
		{"not below 1 GiB", 10, RetryOptions{}, 1024, 200 * time.Second, ""},
		{"at most what a node has", 9000, RetryOptions{}, 16000 - 64, 200 * time.Second, ""},
		{"no node has more", 15500, RetryOptions{}, 0, 200 * time.Second, "15500 MiB were not enough, and no node here has more than 15936 MiB for one item"},
		{"what the user says", 15500, RetryOptions{MemoryMiB: 2000, Time: time.Minute}, 2000, time.Minute, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, v := starved(t, tt.peak)
			said := ""
			groups, err := r.planGroups(t.Context(), nil, twoNodes(), v, r.groups(v, tt.opt), func(text string) { said += text })
			if err != nil || !strings.Contains(said, tt.says) || tt.says == "" && said != "" {
				t.Fatalf("said %q, %v; want %q", said, err, tt.says)
			}
			if got := groups[0]; !slices.Equal(got.items, []int{1, 3, 4}) || got.input.Each.Time != tt.each {
				t.Errorf("the others: got items %v of %v, want 1, 3 and 4 of %v", got.items, got.input.Each.Time, tt.each)
			}
			if tt.memory == 0 {
				if len(groups) != 1 {
					t.Errorf("got %d groups, want one", len(groups))
				}
				return
			}
			got := groups[1]
			if !slices.Equal(got.items, []int{2}) || got.input.Each.MemoryMiB != tt.memory || got.plan.Chosen == nil {
				t.Errorf("starved: got items %v with %d MiB each, want item 2 with %d", got.items, got.input.Each.MemoryMiB, tt.memory)
			}
		})
	}
}

// TestRetryOfWhatFitsNowhere: alone it is refused with the reason.
func TestRetryOfWhatFitsNowhere(t *testing.T) {
	r, v := starved(t, 15500)
	groups := r.groups(v, RetryOptions{})[1:]
	_, err := r.planGroups(t.Context(), nil, twoNodes(), v, groups, func(string) {})
	var none *InfeasibleError
	if !errors.As(err, &none) || len(none.Plan.Rejections) != 1 || !strings.Contains(none.Plan.Rejections[0].Reason, "hpcsub retry --memory SIZE") {
		t.Errorf("got %v, want a refusal with one reason and what to do", err)
	}
}

// TestRetryLeavesBadNodesOut: a node that failed many items at once is not asked for again.
func TestRetryLeavesBadNodesOut(t *testing.T) {
	r, v := starved(t, 100)
	if err := os.WriteFile(r.dir.Attempt(1).BadNode("c2"), []byte("all items fail there\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	groups, err := r.planGroups(t.Context(), nil, twoNodes(), v, r.groups(v, RetryOptions{}), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		if !slices.Equal(g.input.Exclude, []string{"c2"}) || !strings.HasSuffix(retryText(2, g), ", not on c2") {
			t.Errorf("got %v left out, %q; want c2", g.input.Exclude, retryText(2, g))
		}
	}
}
