package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"hpcsub/items"
)

// BenchmarkSummary reads and sums a million results, as `hpcsub results --summary` does.
func BenchmarkSummary(b *testing.B) {
	const count, parts = 1_000_000, 16
	folder := b.TempDir()
	run1 := items.RunDir(filepath.Join(folder, ".hpcsub", "bench-000000"))
	attempt := run1.Attempt(1)
	must(b, attempt.Make())
	must(b, os.WriteFile(run1.File(), fmt.Appendf(nil, `{"run":"bench-000000","client":"local","items":%d,"columns":[],"work":{"dir":%q}}`, count, folder), 0o600))
	must(b, os.WriteFile(attempt.Intent(), fmt.Appendf(nil, `{"attempt":1,"layout":{"parts":%d},"submissions":[{"name":"bench","parts":%d}]}`, parts, parts), 0o600))
	for part := range parts {
		writeResults(b, attempt.Results(part, 0), part, count, parts)
	}
	b.Chdir(folder)
	for b.Loop() {
		if code := run(context.Background(), []string{"hpcsub", "results", "--summary"}, io.Discard, os.Stderr); code != exitDone {
			b.Fatalf("exit code %d", code)
		}
	}
}

func writeResults(b *testing.B, path string, part, count, parts int) {
	b.Helper()
	w, err := items.NewRecorder(path)
	must(b, err)
	code, cpu, end := 0, 0.5, 2e9
	for i := part; i < count; i += parts {
		id := fmt.Sprintf("%016x", i)
		must(b, w.Write(&items.Record{ID: id, Index: i, State: items.Running, Start: 2e9 - 1, Node: "c1"}))
		must(b, w.Write(&items.Record{ID: id, Index: i, State: items.Done, ExitCode: &code, Start: 2e9 - 1, End: &end, Elapsed: &cpu, CPU: &cpu, MaxRSS: &cpu, Node: "c1"}))
	}
	must(b, w.Close())
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
