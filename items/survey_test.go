package items

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func survey(t *testing.T, spec Spec) (Survey, error) {
	t.Helper()
	if spec.Dir == "" {
		spec.Dir = "/job"
	}
	l, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	return l.Survey(t.Context())
}

func TestSurveyShowsTheFirst(t *testing.T) {
	s, err := survey(t, Spec{Command: []string{"f", "{x}"}, Outputs: []string{"{x}.out"}, Sweep: []Column{{Name: "x", Range: &Range{From: "1", To: "10"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Count != 10 || len(s.First) != samples || s.Duplicates != 0 || s.Unused != nil || s.Warnings != nil {
		t.Errorf("got %+v", s)
	}
	if got, want := s.First[2].Invocation, (Invocation{Argv: []string{"f", "3"}, Outputs: []string{"3.out"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSurveyWarns(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p.csv", "a,b,c\n1,2,3\n2,2,4\n1,9,9\n")
	put(t, dir, "l.txt", "x\n\n\ny\nx\n")
	hundred := Column{Name: "seed", Range: &Range{From: "1", To: "100"}}
	tests := []struct {
		name       string
		spec       Spec
		duplicates int
		want       string // rule and text of each warning
	}{
		{"an unused column of a sweep", Spec{Command: []string{"f", "{x}"}, Sweep: []Column{column("x", "1", "2"), hundred}}, 198,
			`unused-column: column "seed" is not used: every item runs 100 times the same; write {seed} in the command, or use repeat`},
		{"a column that only an output uses", Spec{Command: []string{"f"}, Outputs: []string{"{x}"}, Sweep: []Column{column("x", "1", "2")}}, 1,
			`duplicates: 1 of 2 items run exactly what an earlier one does, first items 0 and 1: "f"`},
		{"a part counts as use", Spec{Command: []string{"f", "{x.stem}"}, Sweep: []Column{column("x", "1.a", "2.a")}}, 0, ""},
		{"unused columns of a file", Spec{Command: []string{"f", "{a}", "{index}"}, File: "p.csv"}, 0,
			`unused-column: not used by the command: columns "b", "c"`},
		{"a zip of which one is used", Spec{Command: []string{"f", "{x}"}, Zip: []Column{column("x", "1", "2"), column("y", "1", "2")}}, 0,
			`unused-column: not used by the command: column "y"`},
		{"a zip of which none is used", Spec{Command: []string{"f", "{index}"}, Zip: []Column{column("x", "1", "2"), column("y", "1", "2")}}, 0,
			`unused-column: column "x" is not used: every item runs 2 times the same; write {x} in the command, or use repeat` + "\n" +
				`unused-column: not used by the command: column "y"`},
		{"identical rows", Spec{Command: []string{"f", "{a}"}, File: "p.csv"}, 1,
			`unused-column: not used by the command: columns "b", "c"` + "\n" +
				`duplicates: 1 of 3 items run exactly what an earlier one does, first items 0 and 2: "f 1"`},
		{"repeat is meant", Spec{Command: []string{"f", "{x}"}, Repeat: 5, Sweep: []Column{column("x", "1", "2")}}, 0, ""},
		{"identical rows, repeated", Spec{Command: []string{"f", "{line}"}, Repeat: 2, File: "l.txt"}, 1,
			`duplicates: 1 of 6 items run exactly what an earlier one does, first items 0 and 2: "f x"` + "\n" +
				`blank-lines: l.txt: 2 empty lines were passed over`},
		{"a range that stops short", Spec{Command: []string{"f", "{x}"}, Sweep: []Column{{Name: "x", Range: &Range{From: "1", To: "4", Step: "2"}}}}, 0,
			`range-end: sweep.x ends at 3: to = 4 is not a whole number of steps away`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Dir = dir
			s, err := survey(t, tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range s.Warnings {
				got = append(got, w.Rule+": "+w.Text)
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
			if s.Duplicates != tt.duplicates {
				t.Errorf("duplicates: got %d, want %d", s.Duplicates, tt.duplicates)
			}
		})
	}
}

func TestSurveyFindsOutputsOfTwo(t *testing.T) {
	tests := []struct {
		name    string
		command string
		outputs []string
		repeat  int
		x       []string
		want    string // "" when all is well
	}{
		{"all different", "{x}", []string{"{x}.a", "{x}.b"}, 1, []string{"1", "2"}, ""},
		{"the same name", "{x}", []string{"out"}, 1, []string{"1", "2"}, `items 0 and 1 both make "out"; put a column or {index} into its name`},
		{"two spellings", "{x}", []string{"./a//{x.name}"}, 1, []string{"p/1", "2", "q/1"}, `items 0 and 2 both make "./a//1"`},
		{"absolute and relative", "{x}", []string{"{x}"}, 1, []string{"a/../1", "/job/1"}, `items 0 and 1 both make "/job/1"`},
		{"of one item is no matter", "{x}", []string{"{x}", "./{x}"}, 1, []string{"1", "2"}, ""},
		{"crosswise", "{x}", []string{"{x}", "{x.stem}"}, 1, []string{"1", "1.a"}, `items 0 and 1 both make "1"`},
		{"of a repeat", "{x}", []string{"{x}"}, 2, []string{"1", "2"}, `items 0 and 2 both make "1"; repeat runs each item again; put {index} into its name`},
		{"of a repeat with the index", "{x}", []string{"{x}.{index}"}, 2, []string{"1", "2"}, ""},
		{"of two that run the same", "{x}", []string{"{x}"}, 1, []string{"1", "1"}, "the two run exactly the same; drop one"},
		{"without a name", "{x}", []string{"{x}"}, 1, []string{"1", ""}, "item 1: an output without a name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := survey(t, Spec{Command: []string{tt.command}, Outputs: tt.outputs, Repeat: tt.repeat, Sweep: []Column{column("x", tt.x...)}})
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			wantKeyError(t, err, "each.outputs", tt.want)
		})
	}
}

func TestSurveyCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l, err := Open(Spec{Command: []string{"f"}, Sweep: []Column{{Name: "x", Range: &Range{From: "1", To: "900000000"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Survey(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// million are lists of a million items: from a sweep, a file, with outputs and without.
func million(t testing.TB) map[string]Spec {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "p.csv"))
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "sample,beta,seed")
	for i := range 1_000_000 {
		fmt.Fprintf(w, "images/sample-%06d.jpg,%g,%d\n", i, float64(i%1000)/1000, i)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	command := []string{"python", "fourier.py", "{sample}", "--beta", "{beta}", "--seed={seed}"}
	outputs := []string{"results/{sample.stem}-{beta}-{seed}.pdf"}
	sweep := []Column{column("sample", "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"),
		{Name: "beta", Range: &Range{From: "0.1", To: "20", Step: "0.1"}}, {Name: "seed", Range: &Range{From: "1", To: "1000"}}}
	return map[string]Spec{
		"sweep":              {Dir: dir, Command: command, Sweep: sweep},
		"sweep with outputs": {Dir: dir, Command: command, Outputs: outputs, Sweep: sweep},
		"csv":                {Dir: dir, Command: command, File: "p.csv"},
		"csv with outputs":   {Dir: dir, Command: command, Outputs: outputs, File: "p.csv"},
	}
}

// cpuTime is what this process has used. Tests measure it and not the clock, since other
// tests may run at the same time.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestSurveyOfAMillion(t *testing.T) {
	for name, spec := range million(t) {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			before := cpuTime()
			s, err := survey(t, spec)
			if err != nil || s.Count != 1_000_000 || s.Duplicates != 0 {
				t.Fatalf("got %+v, %v", s, err)
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			used, heap := cpuTime()-before, m.HeapSys>>20
			if used > 5*time.Second || heap > 300 {
				t.Errorf("took %v of CPU time and %d MiB of heap, want at most 5 s and 300 MiB", used, heap)
			}
			t.Logf("%v of CPU time, %d MiB of heap", used, heap)
		})
	}
}

func BenchmarkSurvey(b *testing.B) {
	for name, spec := range million(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l, err := Open(spec)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := l.Survey(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
