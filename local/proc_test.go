package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestParseStat(t *testing.T) {
	rest := " S 7 42 43 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9999 1 2 3"
	for _, name := range []string{"bash", "a b", "x) S 1 (y", ""} {
		got, err := parseStat("42 (" + name + ")" + rest)
		if want := (stat{pid: 42, state: "S", parent: 7, session: 43, threads: 1, start: "9999"}); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", name, got, err, want)
		}
	}
	for _, bad := range []string{"", "42 (x)", "42 (x) S 7 8", "x (x)" + rest, "42 (x) S x" + rest[4:]} {
		if got, err := parseStat(bad); err == nil {
			t.Errorf("%q: read as %+v", bad, got)
		}
	}
	for state, dead := range map[string]bool{"R 1": false, "Z 1": true, "Z 0": true, "Z 2": false, "X 1": true, "D 1": false} {
		state, threads, _ := strings.Cut(state, " ")
		s, err := parseStat("42 (x) " + state + " 7 42 43 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 " + threads + " 0 9999 1 2 3")
		if err != nil || s.dead() != dead {
			t.Errorf("%s with %s threads: got %+v, %v, dead %t", state, threads, s, err, s.dead())
		}
	}
	self, err := readStat(os.Getpid())
	if err != nil || self.pid != os.Getpid() || self.parent != os.Getppid() || self.dead() {
		t.Errorf("this process: %+v, %v", self, err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("42 (x) y) S 7 42 43 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9999 1 2 3")
	f.Add(") ) )")
	f.Fuzz(func(t *testing.T, line string) {
		if s, err := parseStat(line); err == nil && (s.state == "" || s.start == "") {
			t.Errorf("%q: %+v", line, s)
		}
	})
}

func TestParseProcess(t *testing.T) {
	p, err := currentProcess()
	if err != nil || !p.here() || !p.runs() {
		t.Fatalf("this process: %+v, %v", p, err)
	}
	if got, err := parseProcess(p.String()); err != nil || got != p {
		t.Errorf("got %+v, %v, want %+v", got, err, p)
	}
	if host, _ := os.Hostname(); p.host() != host {
		t.Errorf("host %q, want %q", p.host(), host)
	}
	whole := p.String()
	for n := range len(whole) { // while it is being written
		if got, err := parseProcess(whole[:n]); err == nil {
			t.Errorf("%q: read as %+v", whole[:n], got)
		}
	}
	for _, bad := range []string{"0 1 2 3\n", "-1 1 2 3\n", "x 1 2 3\n", "1 2 3 4 5\n"} {
		if got, err := parseProcess(bad); err == nil {
			t.Errorf("%q: read as %+v", bad, got)
		}
	}
}

func TestTrees(t *testing.T) {
	all := []stat{{pid: 2, parent: 1}, {pid: 3, parent: 2}, {pid: 4, parent: 3}, {pid: 5, parent: 1}, {pid: 6, parent: 9}, {pid: 9, parent: 6}}
	tests := []struct {
		roots []int
		want  string
	}{
		{[]int{2}, "[2 3 4]"},
		{[]int{3, 2}, "[2 3 4]"},
		{[]int{5, 4}, "[4 5]"},
		{[]int{6}, "[6 9]"}, // read while numbers were used again: no endless walk
		{nil, "[]"},
	}
	for _, test := range tests {
		got := trees(all, func(s stat) bool { return slices.Contains(test.roots, s.pid) })
		slices.Sort(got)
		if fmt.Sprint(got) != test.want {
			t.Errorf("%v: got %v, want %s", test.roots, got, test.want)
		}
	}
}

func TestHold(t *testing.T) {
	for _, h := range []hold{{gpus: []string{}}, {share{3, 4096}, forShare, []string{"GPU-a"}}, {share{1024, 1 << 30}, forGPUs, []string{"GPU-a", "MIG-b"}}} {
		text := h.text(11)
		got, err := parseHold(text)
		if err != nil || !reflect.DeepEqual(got, h) || len(text) != len((hold{}).text(11)) {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, h)
		}
	}
	if got, err := parseHold((hold{share{3, 4096}, forShare, nil}).text(0)); err != nil || got.cpus != 3 || got.waits != forShare || len(got.gpus) > 0 {
		t.Errorf("of a job without GPUs: got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "1\n", "1 2", "a b c\n"} {
		if got, err := parseHold(bad); err == nil {
			t.Errorf("%q: read as %+v", bad, got)
		}
	}
}

func TestFit(t *testing.T) {
	total := share{cpus: 8, memoryMiB: 1000}
	tests := []struct {
		name        string
		need, taken share
		want, slots int
	}{
		{"all", share{1, 0}, share{}, 100, 8},
		{"what is wanted", share{1, 0}, share{}, 3, 3},
		{"what is left", share{2, 0}, share{5, 0}, 9, 1},
		{"nothing left", share{2, 0}, share{7, 0}, 9, 0},
		{"memory", share{1, 300}, share{1, 100}, 9, 3},
		{"more is held than there is", share{1, 0}, share{20, 0}, 9, 0},
		{"too large, alone", share{9, 5000}, share{}, 9, 1},
	}
	for _, test := range tests {
		l := &ledger{total: total, need: test.need}
		if got := l.fit(test.taken, test.want); got != test.slots {
			t.Errorf("%s: got %d, want %d", test.name, got, test.slots)
		}
	}
}

func TestUnusableStateFolder(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "make room there"},
		{syscall.EDQUOT, "make room there"},
		{&os.PathError{Op: "mkdir", Path: "x", Err: syscall.EROFS}, "set XDG_STATE_HOME"},
		{syscall.EACCES, "set XDG_STATE_HOME"},
		{errors.New("something else"), "something else"},
	}
	for _, test := range tests {
		err := store("/s").unusable(test.err)
		if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), `"/s"`) || !errors.Is(err, test.err) {
			t.Errorf("%v: got %v", test.err, err)
		}
	}
	if _, err := store("/dev/null/x").ids(); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file in the way: %v", err)
	}
}
