package local

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

func TestRecord(t *testing.T) {
	at := time.UnixMilli(1700000000042)
	tests := []struct {
		record record
		line   string
	}{
		{record{at: at, task: 3, state: "RUNNING"}, "1700000000.042 3 RUNNING 0:0\n"},
		{record{at: at, task: -1, state: "FAILED", exit: 3}, "1700000000.042 -1 FAILED 3:0\n"},
		{record{at: at, task: 0, state: "FAILED", signal: 53, words: "no\nroom  left"}, "1700000000.042 0 FAILED 0:53 no room left\n"},
	}
	for _, test := range tests {
		line := string(test.record.append(nil))
		if line != test.line {
			t.Errorf("got %q, want %q", line, test.line)
		}
		got, ok := parseRecord(line[:len(line)-1])
		if again := string(got.append(nil)); !ok || again != line || !got.at.Equal(at) {
			t.Errorf("%q read back: %+v", line, got)
		}
	}
	for _, bad := range []string{"", "x", "1.0 2 RUNNING", "1.0 x RUNNING 0:0", "1.0 -2 RUNNING 0:0", "1 2 RUNNING 0:0", "1.0 2  0:0"} {
		if got, ok := parseRecord(bad); ok {
			t.Errorf("%q: read as %+v", bad, got)
		}
	}
}

// Any prefix of a states file is a picture of an earlier moment: what it says of a task is what some
// line says, and a task that has ended stays so.
func TestStatesOfAnyPrefix(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var text []byte
	for task := range 40 {
		at := time.UnixMilli(1700000000000 + int64(task))
		text = record{at: at, task: task, state: "RUNNING"}.append(text)
		if random.IntN(4) > 0 {
			text = record{at: at.Add(time.Second), task: task, state: "FAILED", exit: task, words: "why"}.append(text)
		}
	}
	ended := map[int]outcome{}
	for n := range len(text) + 1 {
		for task, o := range parseStates(string(text[:n])) {
			before, was := ended[task]
			if was && !reflect.DeepEqual(before, o) {
				t.Fatalf("%d bytes: task %d was %+v and is %+v", n, task, before, o)
			}
			if o.state == "FAILED" {
				ended[task] = o
				if o.exit != task || o.words != "why" || !o.end.Equal(o.start.Add(time.Second)) {
					t.Fatalf("%d bytes: task %d is %+v", n, task, o)
				}
			} else if o.state != "RUNNING" {
				t.Fatalf("%d bytes: task %d is %+v", n, task, o)
			}
		}
	}
}

// What a full disk does not take is written when there is room again, once.
func TestStatesOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := &stateLog{file: full}
	l.add(record{at: time.UnixMilli(1000), task: 1, state: "RUNNING"})
	if err := l.flush(); err == nil {
		t.Error("no error from a full disk")
	}
	l.add(record{at: time.UnixMilli(2000), task: 1, state: "COMPLETED"})
	full.Close()
	path := filepath.Join(t.TempDir(), statesFile)
	if l.file, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.flush(); err != nil {
			t.Error(err)
		}
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
	got, _ := os.ReadFile(path)
	if want := "1.000 1 RUNNING 0:0\n2.000 1 COMPLETED 0:0\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParseStates(f *testing.F) {
	f.Add("1700000000.042 3 RUNNING 0:0\n1700000001.042 3 FAILED 0:53 no room\n1700000002")
	f.Add("1.999 -1 COMPLETED 0:0\n\n x \n")
	f.Fuzz(func(t *testing.T, text string) {
		for task, o := range parseStates(text) {
			if task < -1 || o.state == "" {
				t.Errorf("%q: task %d: %+v", text, task, o)
			}
		}
	})
}
