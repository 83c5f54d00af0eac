package items

import (
	"encoding/json"
	"reflect"
	"sync"
	"testing"
)

// What a worker runs on a node, from work.json and the frozen list, is what was checked where
// job.toml was read.
func TestAWorkerRunsWhatWasChecked(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p.csv", "n,f,b,t\n007,3,True,\"a\r\nb\"\n-1,nan,false,$(x)\n")
	put(t, dir, "p.jsonl", `{"a b":"é\u0001","i":10,"f":1e5,"t":true}`+"\n")
	put(t, dir, "p.txt", " \xff\xfe \n{line}\n")
	put(t, dir, "in/\xe9 'q'.jpg", "")
	types := map[string]string{"n": "int", "f": "float", "b": "bool"}
	tests := []struct {
		name string
		spec Spec
	}{
		{"csv", Spec{File: "p.csv", Types: types, Command: []string{"f", "{n}", "{f}", "{b}", "{t}"}}},
		{"jsonl", Spec{File: "p.jsonl", Command: []string{"f", "{a b}", "{i}", "{f}{t}"}}},
		{"lines", Spec{File: "p.txt", Command: []string{"f", "{line}", "{line.stem}"}}},
		{"all together", Spec{File: "p.txt", Repeat: 2, Command: []string{"f", "{image}", "{rate}", "{n}", "{index}"}, Outputs: []string{"o/{image.stem}.{index}"},
			Zip:   []Column{column("n", "1", "2"), column("m", "3", "4")},
			Sweep: []Column{{Name: "image", Glob: "in/*"}, {Name: "rate", Range: &Range{From: "1e-5", To: "1", Count: 6, Scale: "log"}}}}},
		{"shell", Spec{File: "p.csv", Shell: `f {t} "{n}" | wc > {f}.out`}},
		{"nothing", Spec{Command: []string{"f"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Dir = dir
			live, all := collectItems(t, tt.spec)
			run := RunDir(t.TempDir())
			if err := run.Attempt(1).Make(); err != nil {
				t.Fatal(err)
			}
			if _, err := Freeze(run, live.All(), nil); err != nil {
				t.Fatal(err)
			}
			if err := WriteWork(run.Attempt(1), Work{Spec: tt.spec, Columns: live.Columns()}); err != nil {
				t.Fatal(err)
			}
			checkFrozen(t, run, live, all)
		})
	}
}

func checkFrozen(t *testing.T, run RunDir, live *List, all []Item) {
	t.Helper()
	work, err := ReadWork(run.Attempt(1))
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := NewTemplate(work.Spec, work.Columns)
	if err != nil {
		t.Fatal(err)
	}
	frozen, err := OpenFrozen(run)
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	if frozen.Len() != len(all) {
		t.Fatalf("got %d items, want %d", frozen.Len(), len(all))
	}
	for i, want := range all {
		got, err := frozen.Item(i)
		if err != nil || got.ID != want.ID || len(got.Values) != len(want.Values) {
			t.Fatalf("item %d: got %+v, %v, want %+v", i, got, err, want)
		}
		for c := range want.Values {
			if got.Values[c] != want.Values[c] {
				t.Errorf("item %d, column %d: got %+v, want %+v", i, c, got.Values[c], want.Values[c])
			}
		}
		here, err := live.Invocation(want)
		if err != nil {
			t.Fatal(err)
		}
		if there, err := tmpl.Invocation(got); err != nil || !reflect.DeepEqual(there, here) {
			t.Errorf("item %d: the node runs %q, %v, checked was %q", i, there, err, here)
		}
	}
}

func TestFrozenServesManyAtOnce(t *testing.T) {
	run := RunDir(t.TempDir())
	if _, err := Freeze(run, numbered(2000), nil); err != nil {
		t.Fatal(err)
	}
	list, err := OpenFrozen(run)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	var readers sync.WaitGroup
	for g := range 4 {
		readers.Go(func() {
			for i := g; i < 2000; i += 3 {
				if it, err := list.Item(i); err != nil || it.Index != i {
					t.Errorf("item %d: got %+v, %v", i, it, err)
				}
			}
		})
	}
	readers.Wait()
}

func TestSpecSurvivesRunJSON(t *testing.T) {
	want := Spec{Dir: "/d", Shell: "f {x}", File: "p.csv", Repeat: 2, Types: map[string]string{"a": "int"},
		Zip:   []Column{{Name: "g", Glob: "*.jpg"}},
		Sweep: []Column{{Name: "x", Values: []Value{IntValue(1), FloatValue(3), BoolValue(false), TextValue("\xff")}}, {Name: "r", Range: &Range{From: "1e-4", To: "1", Count: 4, Scale: "log"}}}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Spec
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
