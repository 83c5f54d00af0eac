package worker

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

// TestStaysSmall: a million items, most of them done in an earlier life, in less than 20 MB.
func TestStaysSmall(t *testing.T) {
	const count, left = 1_000_000, 2000
	r := freeze(t, trueItems(count), 1)
	f, err := os.Create(r.dir.Results(0, 0))
	must(t, err)
	w := bufio.NewWriter(f)
	for i := range count - left {
		fmt.Fprintf(w, `{"id":"x","index":%d,"state":"done","start":1,"node":"n"}`+"\n", i)
	}
	must(t, w.Flush())
	must(t, f.Close())
	l := r.start(lifeOptions{slots: 64, restart: 1})
	done := make(chan int, 1)
	go func() { done <- l.wait(120 * time.Second) }()
	peak, exit := 0, -1
	for exit < 0 {
		select {
		case exit = <-done:
		case <-time.After(5 * time.Millisecond):
			peak = max(peak, highWater(l.cmd.Process.Pid))
		}
	}
	if exit != ExitDone {
		t.Errorf("exit code %d: %s", exit, &l.stderr)
	}
	t.Logf("peak %.1f MB", float64(peak)*1024/1e6)
	if peak == 0 || peak*1024 > 20_000_000 {
		t.Errorf("the worker took %d KiB, want less than 20 MB", peak)
	}
	if got := len(r.ends()); got != count {
		t.Errorf("%d items have a record, want %d", got, count)
	}
}

// highWater is the peak of a process in KiB, 0 when it is gone.
func highWater(pid int) (kib int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &kib)
		}
	}
	return kib
}

// TestLittleFloor: a small item is not given the worker's size.
func TestLittleFloor(t *testing.T) {
	t.Parallel()
	r := freeze(t, trueItems(200), 1)
	r.exits(ExitDone, lifeOptions{slots: 4})
	for _, rec := range r.ends() {
		if *rec.MaxRSS > 20 {
			t.Errorf("/bin/true took %.1f MiB, it is said", *rec.MaxRSS)
		}
	}
}

// TestQuietWhileItemsRun: watching eight long items costs less than 1 % of a CPU.
func TestQuietWhileItemsRun(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("sleep 6 & sleep 6 & wait", 8), 1, func(w *items.Work) { w.TimeoutS = 60 })
	l := r.start(lifeOptions{slots: 8, env: []string{"SLURM_MEM_PER_NODE=4000"}})
	start := time.Now()
	eventually(t, "the items run", func() bool { return len(r.records()) == 8 })
	if got := l.wait(30 * time.Second); got != ExitDone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	usage := l.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	items := 0.0 // the worker's own usage is what wait4 says less that of its items
	for _, rec := range r.ends() {
		items += *rec.CPU
	}
	own := seconds(usage.Utime) + seconds(usage.Stime) - items
	share := own / time.Since(start).Seconds()
	t.Logf("%.3f s in %.1f s: %.2f %%", own, time.Since(start).Seconds(), share*100)
	if share > 0.02 {
		t.Errorf("the worker took %.1f %% of a CPU", share*100)
	}
}
