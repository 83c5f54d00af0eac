package slurm

import (
	"bytes"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// largeNodes is what scontrol -a -o -d show nodes prints of so many nodes, half of them with GPUs.
func largeNodes(n int) []byte {
	states := []string{"IDLE", "MIXED", "ALLOCATED", "IDLE+PLANNED", "MIXED+DRAIN", "DOWN*", "UNKNOWN+NOT_RESPONDING"}
	var b bytes.Buffer
	for i := range n {
		gres := "Gres=(null) GresDrain=N/A"
		if i%2 == 1 {
			gres = fmt.Sprintf("Gres=gpu:h100:8 GresDrain=N/A GresUsed=gpu:h100:%d(IDX:0-%d)", i%7+1, i%7)
		}
		fmt.Fprintf(&b, "NodeName=n%05d Arch=x86_64 CoresPerSocket=32  CPUAlloc=%d CPUEfctv=64 CPUTot=64 CPULoad=1.48"+
			" AvailableFeatures=intel,std ActiveFeatures=intel,std %s NodeAddr=127.0.0.1 NodeHostName=n%05d"+
			" Version=24.11.5 OS=Linux 6.1.0 #1 SMP PREEMPT_DYNAMIC @0  RealMemory=256000 AllocMem=%d FreeMem=21821"+
			" Sockets=2 Boards=1 State=%s ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A"+
			" Partitions=standard,debug,all  BootTime=1795340000 SlurmdStartTime=1795340000 LastBusyTime=1795340000"+
			" ResumeAfterTime=None CfgTRES=cpu=64,mem=250G,billing=64 AllocTRES=cpu=64,mem=250G CurrentWatts=0 AveWatts=0 \n",
			i, i%65, gres, i, i%250000, states[i%len(states)])
	}
	return b.Bytes()
}

// largePlanned is the queue of so many waiting jobs; five hundred of them have a planned start.
func largePlanned(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		if i == 0 {
			b.WriteString("START_TIME|SCHEDNODES\n")
		}
		if i < 500 {
			fmt.Fprintf(&b, "%d|n[%05d-%05d,%05d]\n", 1795340000+60*i, i, i+1000, i+5000)
		} else {
			b.WriteString("N/A|(null)\n")
		}
	}
	return b.Bytes()
}

// largeQueue is what squeue prints of an array of so many tasks.
func largeQueue(n int) []byte {
	var b bytes.Buffer
	b.WriteString(queueTable())
	for i := range n {
		fmt.Fprintf(&b, "10_%d\x1fPENDING\x1f0:0\x1f0\x1fstandard\x1f\x1f1795340000\x1fN/A\x1fN/A\x1fPriority\x1frun-abc123.1-0f3c.0\x1f\n", i)
	}
	return b.Bytes()
}

// Ten thousand nodes and as many waiting jobs are read in a fraction of the second that Slurm
// takes to print them.
func TestLargeClusterIsReadQuickly(t *testing.T) {
	const n = 10_000
	texts := map[string][]byte{"nodes": largeNodes(n), "planned": largePlanned(n), "queue": largeQueue(n)}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := cpuTime(t)
	nodes, err1 := parseNodes(bytes.NewReader(texts["nodes"]))
	planned, err2 := parsePlanned(bytes.NewReader(texts["planned"]))
	jobs, err3 := parseSqueue(bytes.NewReader(texts["queue"]))
	elapsed := cpuTime(t) - start
	runtime.ReadMemStats(&after)

	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	if len(nodes) != n || len(jobs) != n || len(planned) != 500 {
		t.Errorf("got %d nodes, %d jobs, %d planned starts", len(nodes), len(jobs), len(planned))
	}
	if elapsed > 500*time.Millisecond {
		t.Errorf("it took %v of CPU time", elapsed)
	}
	if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 100 {
		t.Errorf("it allocated %d MiB", mib)
	}
	t.Logf("%v, %d KiB allocated", elapsed, (after.TotalAlloc-before.TotalAlloc)>>10)
}

// cpuTime is what this process has used, for the machine that tests may be busy with other things.
func cpuTime(t *testing.T) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func BenchmarkNodes(b *testing.B) {
	text := largeNodes(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseNodes(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlanned(b *testing.B) {
	text := largePlanned(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parsePlanned(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	text := largeQueue(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseSqueue(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
