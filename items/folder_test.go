package items

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestFolderNames(t *testing.T) {
	run := RunDir("/job/.hpcsub/r")
	a := run.Attempt(2)
	for got, want := range map[string]string{
		run.File(): "run.json", run.Items(): "items.jsonl", run.Offsets(): "items.offsets", string(a): "attempts/2",
		a.Work(): "attempts/2/work.json", a.Plan(): "attempts/2/plan.json", a.Intent(): "attempts/2/attempt.json",
		a.Submissions(): "attempts/2/submissions.jsonl", a.Order(): "attempts/2/order", a.Parts(): "attempts/2/parts",
		a.Script(0): "attempts/2/script.sh", a.Script(1): "attempts/2/script-2.sh", a.Claim(7): "attempts/2/claims/7",
		a.Results(7, 1): "attempts/2/results/7.1.jsonl", a.Log(Writer{2, 7, 1}, 3, "err"): "attempts/2/logs/7.1.3.err",
		a.SlurmLog(): "attempts/2/slurm/slurm-%A_%a.log", a.Stop(): "attempts/2/stop", a.BadNode("c1"): "attempts/2/badnodes/c1",
	} {
		if got != "/job/.hpcsub/r/"+want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if a.Number() != 2 || a.Run() != run {
		t.Errorf("got attempt %d of %s", a.Number(), a.Run())
	}
	if n := AttemptDir("/x/.new-123").Number(); n != 0 {
		t.Errorf("an attempt that is being made: got number %d, want 0", n)
	}
}

func TestAttempts(t *testing.T) {
	run := RunDir(t.TempDir())
	if got, err := run.Attempts(); got != nil || err != nil {
		t.Errorf("got %v, %v, want none", got, err)
	}
	for _, name := range []string{"10", "2", "1", ".new-3", "03", "0", "x"} {
		if err := AttemptDir(run.AttemptsDir() + "/" + name).Make(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := run.Attempts()
	if want := []AttemptDir{run.Attempt(1), run.Attempt(2), run.Attempt(10)}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	info, err := os.Stat(run.Attempt(1).ResultsDir())
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v, want a folder closed to others", info, err)
	}
}

func TestParseResults(t *testing.T) {
	for name, want := range map[string]string{
		"7.0.jsonl": "7 0 true", "12.3.jsonl": "12 3 true", "7.jsonl": "0 0 false", "7.0.1.jsonl": "7 0 false", "07.0.jsonl": "0 0 false",
		"7.-1.jsonl": "7 0 false", "7.0.json": "7 0 false", ".nfs0001": "0 0 false", "": "0 0 false",
	} {
		part, restart, ok := parseResults(name)
		if !ok && want[len(want)-5:] == "false" {
			continue
		}
		if got := fmt.Sprint(part, restart, ok); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if err := WriteFile(path, text("one")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, text("two")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, func(w io.Writer) error { w.Write([]byte("three")); return errors.New("no") }); err == nil || err.Error() != "writing "+path+": no" {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "two" {
		t.Errorf("got %q, want what was complete", got)
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("got %v, want the file alone", names)
	}
	err := WriteFile(dir+"/none/f", text("x"))
	if want := "writing " + dir + "/none/f: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAFullDiskLeavesNothingHalf(t *testing.T) {
	if !inChild(t) {
		return
	}
	run := RunDir(t.TempDir())
	a := run.Attempt(1)
	if err := a.Make(); err != nil {
		t.Fatal(err)
	}
	limitFiles(t, 100_000)
	_, err := Freeze(run, numbered(100_000), nil)
	if err == nil || !strings.Contains(err.Error(), run.Offsets()) || !errors.Is(err, syscall.EFBIG) {
		t.Errorf("freezing: got %v, want the file and the cause", err)
	}
	err = WriteParts(a, countTo(100_000), 4)
	if err == nil || !strings.HasPrefix(err.Error(), "writing "+a.Order()+": ") {
		t.Errorf("dealing: got %v, want the file", err)
	}
	for _, path := range []string{run.Items(), run.Offsets(), a.Order(), a.Parts()} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is there", path)
		}
	}
}

func TestWriteStop(t *testing.T) {
	a := AttemptDir(t.TempDir())
	for _, reason := range []string{"cancelled by me", "later"} {
		if err := WriteStop(a, reason); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(a.Stop()); string(got) != "cancelled by me\n" {
		t.Errorf("got %q, %v, want the first reason", got, err)
	}
}

func TestWork(t *testing.T) {
	a := AttemptDir(t.TempDir())
	want := Work{Run: "r", Attempt: 2, Token: "t", Spec: Spec{Dir: "/d", Command: []string{"a", "<{x}>"}, Outputs: []string{"o"}},
		Columns: []string{"x"}, Items: 7, CPUs: 2, MemoryMiB: 100, TimeS: 1.5, TimeoutS: 10, Failures: 20, KillWaitS: 30, Threads: 2}
	written := want
	written.Spec.File, written.Spec.Sweep = "p.csv", []Column{column("x", "1")}
	if err := WriteWork(a, written); err != nil {
		t.Fatal(err)
	}
	got, err := ReadWork(a)
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	put(t, string(a), "work.json", "{")
	if _, err := ReadWork(a); err == nil || !strings.HasPrefix(err.Error(), "reading "+a.Work()) {
		t.Errorf("got %v, want the file", err)
	}
	if _, err := ReadWork(a + "none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}

// numbered are n items with values of each kind.
func numbered(n int) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for i := range n {
			if !yield(Item{ID: fmt.Sprintf("id%d", i), Index: i, Values: []Value{IntValue(int64(i)), TextValue("a\n\xff\"" + strings.Repeat("é", i%100)), FloatValue(0.1)}}, nil) {
				return
			}
		}
	}
}

func countTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestFreeze(t *testing.T) {
	run := RunDir(t.TempDir())
	told := 0
	n, err := Freeze(run, numbered(25_000), func(done int) { told = done })
	if n != 25_000 || err != nil || told != 20_000 {
		t.Fatalf("got %d, %v, and told %d", n, err, told)
	}
	list, err := OpenFrozen(run)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	if list.Len() != n {
		t.Errorf("got %d items, want %d", list.Len(), n)
	}
	i := 0
	for want := range numbered(n) {
		if i%97 == 0 || i == n-1 {
			if got, err := list.Item(i); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("item %d: got %+v, %v, want %+v", i, got, err, want)
			}
		}
		i++
	}
	i = 0
	for got, err := range list.All() {
		if err != nil || got.Index != i || got.Values[0].Text != fmt.Sprint(i) {
			t.Fatalf("item %d: got %+v, %v", i, got, err)
		}
		i++
	}
	if i != n {
		t.Errorf("went over %d items, want %d", i, n)
	}
	for _, bad := range []int{-1, n} {
		if _, err := list.Item(bad); err == nil || !strings.Contains(err.Error(), "there is no such item") {
			t.Errorf("item %d: got %v", bad, err)
		}
	}
}

func TestFreezePassesAnErrorOn(t *testing.T) {
	run := RunDir(t.TempDir())
	want := errors.New("line 7")
	_, err := Freeze(run, func(yield func(Item, error) bool) { yield(Item{}, want) }, nil)
	if err != want {
		t.Errorf("got %v, want %v as it is", err, want)
	}
	if entries, _ := os.ReadDir(string(run)); len(entries) != 0 {
		t.Errorf("got %v, want nothing left", entries)
	}
}

func TestFrozenTellsDamage(t *testing.T) {
	run := RunDir(t.TempDir())
	if _, err := OpenFrozen(run); err == nil || !strings.Contains(err.Error(), run.Items()) {
		t.Errorf("got %v, want the file", err)
	}
	if _, err := Freeze(run, numbered(10), nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(run.Items())
	if err != nil {
		t.Fatal(err)
	}
	put(t, string(run), "items.jsonl", string(bytes.Replace(text, []byte(`"index":3`), []byte(`"index":4`), 1)))
	list, err := OpenFrozen(run)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	if _, err := list.Item(3); err == nil || !strings.Contains(err.Error(), "item 3 is damaged") {
		t.Errorf("got %v, want the damage", err)
	}
	put(t, string(run), "items.offsets", "000000000000009\n000000000000003\n")
	damaged, err := OpenFrozen(run)
	if err != nil {
		t.Fatal(err)
	}
	defer damaged.Close()
	if _, err := damaged.Item(0); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("got %v, want the damage", err)
	}
}

func TestParts(t *testing.T) {
	for _, tt := range []struct{ items, parts int }{{1, 1}, {10, 1}, {10, 3}, {9, 3}, {2, 5}, {0, 1}, {5000, 7}} {
		a := AttemptDir(t.TempDir())
		if err := WriteParts(a, countTo(tt.items), tt.parts); err != nil {
			t.Fatal(err)
		}
		for n := range tt.parts {
			p, err := OpenPart(a, n)
			if err != nil {
				t.Fatal(err)
			}
			if want := max(0, (tt.items-n+tt.parts-1)/tt.parts); p.Len() != want {
				t.Errorf("part %d of %+v: got %d items, want %d", n, tt, p.Len(), want)
			}
			for k := range p.Len() {
				if got, err := p.Index(k); err != nil || got != n+k*tt.parts {
					t.Fatalf("part %d of %+v: item %d is %d, %v", n, tt, k, got, err)
				}
			}
			if _, err := p.Index(p.Len()); err == nil {
				t.Error("an item past the end: got no error")
			}
			p.Close()
		}
	}
}

func TestPartInAnyOrder(t *testing.T) {
	a := AttemptDir(t.TempDir())
	if err := WriteParts(a, slices.Values([]int{7, 3, 999_999_998, 5}), 1); err != nil {
		t.Fatal(err)
	}
	p, err := OpenPart(a, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, k := range []int{3, 0, 2, 1, 3} {
		if got, err := p.Index(k); err != nil || got != []int{7, 3, 999_999_998, 5}[k] {
			t.Errorf("item %d: got %d, %v", k, got, err)
		}
	}
}

func TestPartErrors(t *testing.T) {
	a := AttemptDir(t.TempDir())
	if err := WriteParts(a, countTo(5), 0); err == nil {
		t.Error("no parts: got no error")
	}
	if err := WriteParts(a, countTo(5), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPart(a, 2); err == nil || !strings.Contains(err.Error(), "has the parts 0 to 1") {
		t.Errorf("got %v, want the parts that there are", err)
	}
	if err := os.Truncate(a.Order(), 40); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPart(a, 1); err == nil || !strings.Contains(err.Error(), "ends before it") {
		t.Errorf("got %v, want the damage", err)
	}
	put(t, string(a), "parts", "00000000a 000000001\n")
	if _, err := OpenPart(a, 0); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("got %v, want the damage", err)
	}
}

// A worker holds a list of a million items, all in one part, and stays small: what it starts
// inherits its peak.
func TestAMillionItemsTakeNoMemory(t *testing.T) {
	run := RunDir(t.TempDir())
	a := run.Attempt(1)
	if err := a.Make(); err != nil {
		t.Fatal(err)
	}
	const n = 1_000_000
	if _, err := Freeze(run, numbered(n), nil); err != nil {
		t.Fatal(err)
	}
	if err := WriteParts(a, countTo(n), 1); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	list, err := OpenFrozen(run)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	part, err := OpenPart(a, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	for k := 0; k < n; k += 1000 {
		i, err := part.Index(k)
		if err != nil {
			t.Fatal(err)
		}
		if it, err := list.Item(i); err != nil || it.Index != k {
			t.Fatalf("item %d: got %+v, %v", k, it, err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("holds %d KiB, want at most 1 MiB", grown>>10)
	}
}

// FuzzItemLine checks that an item read from any line is written as what is read again.
func FuzzItemLine(f *testing.F) {
	f.Add([]byte(`{"id":"a#2","index":3,"values":["x",1,0.1,true]}`))
	f.Add([]byte(`{"id":"","index":-1,"values":[],"new":{"a":[null]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		it, ok := parseItem(line)
		if !ok {
			return
		}
		again, ok := parseItem(it.appendJSON(nil))
		if !ok || !reflect.DeepEqual(again, it) {
			t.Errorf("%q: got %+v, want %+v", line, again, it)
		}
	})
}
