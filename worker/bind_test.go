package worker

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hpcsub/items"
)

func TestNeighbouring(t *testing.T) {
	tests := []struct {
		name string
		of   func(cpu int) core
		want []int
	}{
		{"one thread a core", func(cpu int) core { return core{cpu / 4, cpu % 4} }, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"two threads a core, far apart", func(cpu int) core { return core{0, cpu % 4} }, []int{0, 4, 1, 5, 2, 6, 3, 7}},
		{"sockets in turn", func(cpu int) core { return core{cpu % 2, cpu / 2} }, []int{0, 2, 4, 6, 1, 3, 5, 7}},
		{"nothing known", func(int) core { return core{} }, []int{0, 1, 2, 3, 4, 5, 6, 7}},
	}
	for _, tt := range tests {
		if got := neighbouring([]int{7, 6, 5, 4, 3, 2, 1, 0}, tt.of); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestItemsAreBound: with threads, each item that runs beside others has CPUs of its own, where those of the
// allocation are known, and all of them where they are not.
func TestItemsAreBound(t *testing.T) {
	var set unix.CPUSet
	must(t, unix.SchedGetaffinity(0, &set))
	have := set.Count()
	tests := []struct {
		name      string
		bind      bool
		allocated int
		each      int // CPUs that an item should see
	}{
		{"all CPUs are the job's", true, have, 1},
		{"some of them are others'", true, have + 1, have},
		{"nobody asked for it", false, have, have},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := freeze(t, numbers("echo $HPCSUB_SLOT:$(taskset -pc $$ | sed 's/.*: //') >> seen; sleep 0.3; : {n}", 3*have), 1, func(w *items.Work) { w.Bind = tt.bind })
			r.exits(ExitDone, lifeOptions{slots: have, env: []string{"SLURM_CPUS_ON_NODE=" + strconv.Itoa(tt.allocated)}})
			of := map[string]string{}
			for _, line := range r.lines("seen") {
				slot, list, _ := strings.Cut(line, ":")
				if n := countList(t, list); n != tt.each {
					t.Errorf("an item may use the CPUs %s, %d of them, want %d", list, n, tt.each)
				}
				if before, ok := of[list]; ok && before != slot && tt.each < have {
					t.Errorf("slots %s and %s have the same CPU %s", before, slot, list)
				}
				of[list] = slot
			}
		})
	}
}

// countList counts the CPUs of a list such as "0-2,5".
func countList(t *testing.T, list string) (n int) {
	t.Helper()
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(first)
		must(t, err)
		b := a
		if isRange {
			b, err = strconv.Atoi(last)
			must(t, err)
		}
		n += b - a + 1
	}
	return n
}
