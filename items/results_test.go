package items

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestResults(t *testing.T) {
	run := RunDir(t.TempDir())
	const n = resultsWindow + 500
	if _, err := Freeze(run, numbered(n), nil); err != nil {
		t.Fatal(err)
	}
	var files [7]strings.Builder
	for i := range n {
		b := &files[i%7]
		switch i % 5 {
		case 0:
			b.WriteString(jsonLines(startOf(i), endOf(i, Done)))
		case 1:
			b.WriteString(jsonLines(startOf(i), endOf(i, Failed)))
		case 2:
			b.WriteString(jsonLines(startOf(i)))
		}
	}
	for p := range files {
		put(t, string(run), fmt.Sprintf("attempts/1/results/%d.0.jsonl", p), files[p].String())
	}
	c, err := Collect(n, run.Attempt(1))
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for r, err := range c.Results(run, []string{"n", "text", "f"}) {
		if err != nil {
			t.Fatal(err)
		}
		want := Record{ID: fmt.Sprintf("id%d", i), Index: i, State: Pending}
		switch i % 5 {
		case 0:
			want = *endOf(i, Done)
		case 1:
			want = *endOf(i, Failed)
		case 2:
			want = *startOf(i)
		}
		want.ID = fmt.Sprintf("id%d", i) // the list's own
		if !reflect.DeepEqual(r.Record, want) || r.Values[0].Text != fmt.Sprint(i) {
			t.Fatalf("item %d: got %+v, want %+v", i, r, want)
		}
		if one, err := c.Record(i); err != nil || one.State != want.State || one.Start != want.Start {
			t.Fatalf("item %d alone: got %+v, %v, want %+v", i, one, err, want)
		}
		i++
	}
	if i != n {
		t.Errorf("got %d results, want %d", i, n)
	}
}

func TestResultJSON(t *testing.T) {
	values := []Value{TextValue("a \"b\""), FloatValue(0.1), BoolValue(true)}
	columns := []string{"image", "beta", "ok"}
	tests := []struct {
		name string
		r    Result
		want string
	}{
		{"done", Result{Record: *endOf(1, Done), Columns: columns, Values: values, Writer: Writer{Attempt: 2}},
			`{"id":"item000000000001","index":1,"columns":{"image":"a \"b\"","beta":0.1,"ok":true},"start":1763848801.25,"node":"c1","state":"done",` +
				`"exit_code":0,"signal":null,"end":1763848802.75,"elapsed_s":1.5,"cpu_s":1.25,"max_rss_mib":12.5,"max_rss_tree_mib":12.5,` +
				`"max_rss_tree_source":"cgroup","slot":1,"stdout":[100,100],"stderr":[0,0],"attempt":2,"value":null}`},
		{"pending", Result{Record: Record{ID: "a", Index: 3, State: Pending}},
			`{"id":"a","index":3,"columns":{},"start":null,"node":null,"state":"pending","exit_code":null,"signal":null,"end":null,"elapsed_s":null,` +
				`"cpu_s":null,"max_rss_mib":null,"max_rss_tree_mib":null,"slot":0,"stdout":[0,0],"stderr":[0,0],"attempt":null,"value":null}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.r)
			if err != nil || string(got) != tt.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
			var keys map[string]any
			if err := json.Unmarshal(got, &keys); err != nil {
				t.Fatal(err)
			}
			for _, key := range strings.Fields("id index columns state exit_code signal start end elapsed_s cpu_s max_rss_mib max_rss_tree_mib node value") {
				if _, have := keys[key]; !have {
					t.Errorf("no key %s, which scripts rely on", key)
				}
			}
		})
	}
}

func TestResultsErrors(t *testing.T) {
	run := RunDir(t.TempDir())
	c, err := Collect(3)
	if err != nil {
		t.Fatal(err)
	}
	first := func(columns []string) error {
		for _, err := range c.Results(run, columns) {
			return err
		}
		return nil
	}
	if err := first(nil); err == nil || !strings.Contains(err.Error(), run.Items()) {
		t.Errorf("no list: got %v", err)
	}
	if _, err := Freeze(run, numbered(5), nil); err != nil {
		t.Fatal(err)
	}
	if err := first([]string{"a"}); err == nil || !strings.Contains(err.Error(), "does not belong to this run") {
		t.Errorf("other columns: got %v", err)
	}
	put(t, string(run), "attempts/1/results/0.0.jsonl", jsonLines(endOf(1, Done)))
	if err := c.Update(run.Attempt(1)); err != nil {
		t.Fatal(err)
	}
	put(t, string(run), "attempts/1/results/0.0.jsonl", "changed")
	if err := first([]string{"a", "b", "c"}); err == nil || !strings.Contains(err.Error(), "has changed at byte 0") {
		t.Errorf("a file that changed: got %v", err)
	}
	if _, err := c.Record(1); err == nil {
		t.Error("a file that changed: got no error")
	}
}

// aRun writes the records of n items as a run of so many parts leaves them.
func aRun(t testing.TB, n, parts int) RunDir {
	run := RunDir(t.TempDir())
	dir := run.Attempt(1)
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	for p := range parts {
		f, err := os.Create(dir.Results(p, 0))
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		count := 0
		for i := p; i < n; i += parts {
			state, cause := "done", ""
			if i%100 == 7 {
				state, cause = "failed", `"cause":"exit code 3",`
			}
			start := 1763848800.123456 + float64(i)/7
			fmt.Fprintf(w, `{"id":"abcdefgh%08d","index":%d,"state":"running","start":%.6f,"node":"c%03d","slot":%d}`+"\n", i, i, start, p%200, i%8)
			fmt.Fprintf(w, `{"id":"abcdefgh%08d","index":%d,"state":%q,"exit_code":0,"signal":null,"start":%.6f,"end":%.6f,"elapsed_s":1.234567,"cpu_s":1.120311,`+
				`"max_rss_mib":57.328125,"max_rss_tree_mib":61.2,"max_rss_tree_source":"cgroup","node":"c%03d",%s"slot":%d,"stdout":[%d,120],"stderr":[0,0]}`+"\n",
				i, i, state, start, start+1.234567, p%200, cause, i%8, count*120)
			count++
		}
		fmt.Fprintf(w, "{\"id\":\"\",\"count\":%d}\n", count)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func TestCollectIsFast(t *testing.T) {
	const n = 200_000
	run := aRun(t, n, 100)
	before := cpuTime()
	c, err := Collect(n, run.Attempt(1))
	if err != nil {
		t.Fatal(err)
	}
	tally := c.Tally()
	used := cpuTime() - before
	if tally.Done != n-n/100 || tally.Failed != n/100 || c.WritersEnded(1) != 100 {
		t.Errorf("got %+v", tally)
	}
	// a million in 3 s on two cores is 1.2 s of CPU time for these
	if used > 1200*time.Millisecond {
		t.Errorf("took %v of CPU time, want at most 1.2 s", used)
	}
	t.Logf("%v of CPU time", used)
}

func BenchmarkCollect(b *testing.B) {
	for _, parts := range []int{1, 16, 2000} {
		b.Run(fmt.Sprintf("a million in %d files", parts), func(b *testing.B) {
			run := aRun(b, 1_000_000, parts)
			for b.Loop() {
				c, err := Collect(1_000_000, run.Attempt(1))
				if err != nil || c.Tally().Done != 990_000 {
					b.Fatal(c.Tally(), err)
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.HeapSys>>20), "heap-MiB")
			}
		})
	}
}

func BenchmarkResults(b *testing.B) {
	run := aRun(b, 1_000_000, 2000)
	if _, err := Freeze(run, numbered(1_000_000), nil); err != nil {
		b.Fatal(err)
	}
	c, err := Collect(1_000_000, run.Attempt(1))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, err := range c.Results(run, []string{"n", "text", "f"}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkRecorder(b *testing.B) {
	r := newRecorder(b, filepath.Join(b.TempDir(), "0.0.jsonl"))
	start, end := startOf(1), endOf(1, Done)
	for b.Loop() {
		write(b, r, start, end)
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
}
