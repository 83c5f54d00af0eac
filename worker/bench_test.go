package worker

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hpcsub/items"
)

// BenchmarkItem compares a worker with what a user would take instead: 2,000 × /bin/true, wall
// time of the whole process, records synced. The tools take turns, so that a busy machine is
// busy for all, and the ratio is of the medians. `go test -bench Item -benchtime 5x` takes 5 rounds.
func BenchmarkItem(b *testing.B) {
	const count = 2000
	for _, wide := range []int{runtime.NumCPU(), 64} {
		b.Run(fmt.Sprintf("wide=%d", wide), func(b *testing.B) {
			list := filepath.Join(b.TempDir(), "list")
			must(b, os.WriteFile(list, []byte(strings.Join(strings.Fields(fmt.Sprint(slices.Collect(upTo(count)))), "\n")), 0o600))
			var own, xargs, parallel []float64
			for range b.N {
				xargs = append(xargs, timed(b, exec.Command("xargs", "-P", strconv.Itoa(wide), "-n", "1", "-a", list, "/bin/true")))
				own = append(own, timedWorker(b, count, wide))
				parallel = append(parallel, timed(b, exec.Command("parallel", "--plain", "--will-cite", "-j", strconv.Itoa(wide), "-a", list, "/bin/true", "{}")))
			}
			perItem := func(all []float64) float64 { return median(all) / count * 1e6 }
			b.ReportMetric(perItem(own), "µs/item")
			b.ReportMetric(perItem(xargs), "µs/xargs-item")
			b.ReportMetric(perItem(parallel), "µs/parallel-item")
			b.ReportMetric(median(own)/median(xargs), "x-xargs")
			b.ReportMetric(median(own)/median(parallel), "x-parallel")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkDispatched compares GNU Parallel through a worker with GNU Parallel alone.
func BenchmarkDispatched(b *testing.B) {
	const count, wide = 300, 8
	list := filepath.Join(b.TempDir(), "list")
	must(b, os.WriteFile(list, []byte(strings.Repeat("x\n", count)), 0o600))
	var own, alone []float64
	for range b.N {
		alone = append(alone, timed(b, exec.Command("parallel", "--plain", "--will-cite", "-j", strconv.Itoa(wide), "-a", list, "/bin/true", "{}")))
		r := freeze(b, trueItems(count), 1)
		start := time.Now()
		r.exits(ExitDone, lifeOptions{slots: wide, dispatcher: parallelCommand(wide)})
		own = append(own, time.Since(start).Seconds())
	}
	b.ReportMetric(median(own)/count*1e6, "µs/item")
	b.ReportMetric(median(alone)/count*1e6, "µs/parallel-item")
	b.ReportMetric(median(own)/median(alone), "x-parallel")
	b.ReportMetric(0, "ns/op")
}

func trueItems(count int) items.Spec {
	spec := numbers("", count)
	spec.Command = []string{"/bin/true", "{n}"}
	return spec
}

func timedWorker(b *testing.B, count, wide int) float64 {
	r := freeze(b, trueItems(count), 1)
	start := time.Now()
	r.exits(ExitDone, lifeOptions{slots: wide})
	return time.Since(start).Seconds()
}

func timed(b *testing.B, cmd *exec.Cmd) float64 {
	b.Helper()
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v: %s", cmd.Path, err, out)
	}
	return time.Since(start).Seconds()
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
