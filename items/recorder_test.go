package items

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func startOf(i int) *Record {
	return &Record{ID: fmt.Sprintf("item%012d", i), Index: i, State: Running, Start: 1763848800.25 + float64(i), Node: "c1", Slot: i % 4}
}

func endOf(i int, state State) *Record {
	r := startOf(i)
	code, end, elapsed, cpu, rss := 0, r.Start+1.5, 1.5, 1.25, 12.5
	r.State, r.ExitCode, r.End, r.Elapsed, r.CPU, r.MaxRSS, r.MaxRSSTree, r.TreeSource = state, &code, &end, &elapsed, &cpu, &rss, &rss, "cgroup"
	r.Stdout, r.Stderr = Span{int64(i) * 100, 100}, Span{0, 0}
	if state != Done {
		signal := "KILL"
		r.ExitCode, r.Signal, r.Cause = nil, &signal, `no output "x.pdf"`
	}
	return r
}

func newRecorder(t testing.TB, path string) *Recorder {
	t.Helper()
	r, err := NewRecorder(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t testing.TB, r *Recorder, all ...*Record) {
	t.Helper()
	for _, rec := range all {
		if err := r.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
}

func readAll(t testing.TB, path string) (all []Record, bad int) {
	t.Helper()
	bad, err := ReadRecords(path, func(r Record) error { all = append(all, r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all, bad
}

func TestRecorder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.0.jsonl")
	r := newRecorder(t, path)
	written := []*Record{startOf(1), startOf(2), endOf(2, Failed), endOf(1, Done)}
	write(t, r, written...)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got, bad := readAll(t, path)
	if bad != 0 || len(got) != 5 {
		t.Fatalf("got %d records and %d bad lines", len(got), bad)
	}
	for i, want := range written {
		if !reflect.DeepEqual(got[i], *want) {
			t.Errorf("got %+v, want %+v", got[i], *want)
		}
	}
	if last := got[4]; last.ID != "" || last.Count == nil || *last.Count != 2 {
		t.Errorf("end record: got %+v, want a count of 2", last)
	}
	if err := r.Write(startOf(3)); err == nil || r.Close() != nil {
		t.Error("a record after the end: got no error, or closing twice: got one")
	}
}

func TestRecordLinesAreShortAndDocumented(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.0.jsonl")
	r := newRecorder(t, path)
	write(t, r, startOf(1), endOf(1, Failed))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	want := `{"id":"item000000000001","index":1,"state":"running","start":1763848801.25,"node":"c1","slot":1}
{"id":"item000000000001","index":1,"state":"failed","exit_code":null,"signal":"KILL","start":1763848801.25,"end":1763848802.75,"elapsed_s":1.5,"cpu_s":1.25,"max_rss_mib":12.5,"max_rss_tree_mib":12.5,"max_rss_tree_source":"cgroup","node":"c1","cause":"no output \"x.pdf\"","slot":1,"stdout":[100,100],"stderr":[0,0]}
{"id":"","count":1}
`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestRecordsAreSoonInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.0.jsonl")
	r := newRecorder(t, path)
	defer r.Close()
	began, shown := time.Now(), 0
	for i := 0; shown == 0; i++ { // records that keep coming must not put the flush off
		write(t, r, startOf(i))
		time.Sleep(10 * time.Millisecond)
		records, _ := readAll(t, path)
		shown = len(records)
		if time.Since(began) > 20*time.Second {
			t.Fatal("nothing in the file after 20 s")
		}
	}
	write(t, r, endOf(0, Done))
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, _ := readAll(t, path); got[len(got)-1].State != Done {
		t.Errorf("after a flush: the last record is %+v", got[len(got)-1])
	}
}

func TestRecorderOfManyGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.0.jsonl")
	r := newRecorder(t, path)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 500 {
				if err := errors.Join(r.Write(startOf(g*500+i)), r.Write(endOf(g*500+i, Done))); err != nil {
					t.Error(err)
				}
				if i%100 == 0 {
					r.Sync()
				}
			}
		})
	}
	all.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got, bad := readAll(t, path)
	if len(got) != 8001 || bad != 0 || *got[8000].Count != 4000 {
		t.Errorf("got %d records, %d bad lines", len(got), bad)
	}
}

func TestRecorderTakesUpATornFile(t *testing.T) {
	for _, torn := range []string{`{"id":"a","ind`, "{\"id\":\"a\",\"index\":1,\"state\":\"done\"}", "\x00\x00\x00"} {
		dir := t.TempDir()
		put(t, dir, "0.0.jsonl", "{\"id\":\"z\",\"index\":9,\"state\":\"done\"}\n"+torn)
		path := filepath.Join(dir, "0.0.jsonl")
		r := newRecorder(t, path)
		write(t, r, startOf(5))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		got, _ := readAll(t, path)
		if got[0].ID != "z" || got[len(got)-2].Index != 5 || got[len(got)-1].Count == nil {
			t.Errorf("after %q: got %+v", torn, got)
		}
	}
}

func TestRecorderOnAFullDisk(t *testing.T) {
	if !inChild(t) {
		return
	}
	for size := uint64(120); size < 600; size += 7 { // the limit falls at different places of a line
		path := filepath.Join(t.TempDir(), "0.0.jsonl")
		r := newRecorder(t, path)
		write(t, r, startOf(0))
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		lift := limitFiles(t, size)
		write(t, r, endOf(0, Done), startOf(1), endOf(1, Done))
		err := r.Flush()
		if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) {
			t.Fatalf("flushing: got %v, want the cause and the file", err)
		}
		if err := r.Write(startOf(2)); !errors.Is(err, syscall.EFBIG) {
			t.Errorf("the next record: got %v, want the error before it", err)
		}
		lift()
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		write(t, r, endOf(2, Done))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		got, bad := readAll(t, path)
		if len(got) < 7 || len(got)+bad > 8 { // a line that lacked its end alone stands twice
			t.Errorf("limit %d: got %d records and %d bad lines, want 7 and one torn line at most", size, len(got), bad)
		}
	}
}

func TestRecorderErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "0.0.jsonl")
	if _, err := NewRecorder(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want the path", err)
	}
	r := newRecorder(t, "/dev/full")
	write(t, r, startOf(1))
	if err := r.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closing: got %v, want %v", err, syscall.ENOSPC)
	}
}

func TestReadRecordsPassesOverWhatIsNone(t *testing.T) {
	dir := t.TempDir()
	good := `{"id":"a","index":1,"state":"done","new_key":{"x":[1,null,"}"]}}`
	lines := []string{good, "", "garbage", `{"id":"a"}`, `{"id":"a","index":-1,"state":"done"}`, `{"id":"a","index":1,"state":"odd"}`,
		`{"id":"a","index":1,"state":"pending"}`, `{"id":"a","index":1.5,"state":"done"}`, `{"id":"a","index":1,"state":"done"} x`,
		strings.Repeat("\x00", 3*maxRecord), strings.Repeat("\x00", 100) + good, `{"id":"","count":-1}`, `[1]`, `{"id":"b","index":2,"state":"lost"}`, good[:30]}
	put(t, dir, "f", strings.Join(lines, "\n"))
	got, bad := readAll(t, dir+"/f")
	if len(got) != 2 || got[0].ID != "a" || got[1].State != Lost || bad != 12 {
		t.Errorf("got %+v and %d bad lines", got, bad)
	}
	stop := errors.New("stop")
	if _, err := ReadRecords(dir+"/f", func(Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want the visitor's error", err)
	}
	if _, err := ReadRecords(dir+"/none", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}

// FuzzRecordLine holds the reading of a record against encoding/json.
func FuzzRecordLine(f *testing.F) {
	for _, r := range []*Record{startOf(1), endOf(2, Done), endOf(3, Failed), withGPUs(4, 2, 1, 50, 1000)} {
		b, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"id":"","count":3}`))
	f.Add([]byte(`{"id":"é\n","index":0,"state":"failed","signal":null,"stdout":[1,2,3],"x":[{}],"node":"\ud83e\uddc0"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var line recordLine
		if !line.parse(b) {
			return
		}
		got := line.record()
		if strings.Contains(string(b), `\u`) || !json.Valid(b) {
			if !json.Valid(b) {
				t.Errorf("%q: taken for a record, and it is no JSON", b)
			}
			return // escaped keys, and bytes that encoding/json replaces
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if !line.parse(again) {
			t.Errorf("%q became %q, which is no record", b, again)
		}
		var std Record
		if json.Unmarshal(b, &std) != nil || len(std.ID) == 0 || strings.Contains(string(b), "\ufffd") {
			return
		}
		if std.Index != got.Index && strings.Count(strings.ToLower(string(b)), "index") == 1 {
			t.Errorf("%q: index %d, encoding/json reads %d", b, got.Index, std.Index)
		}
		if std.State != got.State && strings.Count(strings.ToLower(string(b)), "state") == 1 {
			t.Errorf("%q: state %s, encoding/json reads %s", b, got.State, std.State)
		}
	})
}
