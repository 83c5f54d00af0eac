//go:build integration

package integration

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestLab(t *testing.T) {
	lab := Start(t, Default)
	// A job whose node was killed under it may be held for running until its limit comes.
	lab.Must(t, Command{Host: "ctl", User: "root", Line: "scancel -u alice"})
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Lab)
	}{
		{"nodes", testNodes},
		{"shell", testShell},
		{"array", testArray},
		{"small", testSmall},
		{"hang", testControllerHangs},
		{"scheduler", testScheduler},
		{"controller", testControllerKilled},
		{"node", testNodeKilled},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, lab) })
	}
}

func testNodes(t *testing.T, lab *Lab) {
	lab.WaitIdle(t)
	got := lab.Must(t, Command{Line: "sinfo -h -N -p long -o '%N %T %c %X:%Y:%Z %m %G %f'"})
	want := strings.Join([]string{
		"c1 idle 8 2:4:1 16000 (null) intel,small",
		"c2 idle 8 2:4:1 16000 (null) intel,small",
		"c3 idle 32 2:8:2 64000 gpu:v100:2 amd,big",
		"c4 idle 32 2:16:1 128000 gpu:a100:4 amd,gpu",
	}, "\n")
	if got != want {
		t.Errorf("nodes:\n%s\nwant:\n%s", got, want)
	}
}

func testShell(t *testing.T, lab *Lab) {
	folder := lab.Folder(t)
	got := lab.Run(t, Command{
		User: "bob", Folder: "/small", Env: []string{"COLOUR=red"}, Stdin: "in",
		Line: "cat; echo \" $USER $HOME $PWD $COLOUR\"; echo err >&2; exit 7",
	})
	want := Result{Stdout: "in bob /home/bob /small red\n", Stderr: "err\n", Code: 7}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := lab.Run(t, Command{Line: "sleep 60", Timeout: time.Second}).Code; got != 124 {
		t.Errorf("exit code at the time-out: got %d, want 124", got)
	}
	process := lab.Begin(t, Command{Folder: folder, Line: "trap 'exit 3' INT; sleep 60"})
	process.Signal(t, "INT")
	if got := process.Wait(t).Code; got != 3 {
		t.Errorf("exit code after SIGINT: got %d, want 3", got)
	}
	lab.Put(t, File{Path: folder + "/a/b", Content: "text\n", Mode: "600"})
	if got := lab.Get(t, folder+"/a/b"); got != "text\n" {
		t.Errorf("file: got %q", got)
	}
}

func testArray(t *testing.T, lab *Lab) {
	folder := lab.Folder(t)
	lab.Must(t, Command{Folder: folder, Line: `sbatch --wait --array=1-4 --wrap 'echo $SLURM_ARRAY_TASK_ID >result.$SLURM_ARRAY_TASK_ID'`})
	for _, host := range []string{"login", "c4"} {
		if got := lab.Must(t, Command{Host: host, Folder: folder, Line: "cat result.*"}); got != "1\n2\n3\n4" {
			t.Errorf("results seen on %s: %q", host, got)
		}
	}
}

func testSmall(t *testing.T, lab *Lab) {
	t.Cleanup(func() { lab.Exec(t, "login", "root", "rm -f /small/*") })
	lab.Must(t, Command{Line: "echo shared >/small/a"})
	if got := lab.Exec(t, "c3", "bob", "cat /small/a").Stdout; got != "shared\n" {
		t.Errorf("/small is not shared: got %q", got)
	}
	result := lab.Exec(t, "c1", "alice", "head -c 20M /dev/zero >/small/b")
	if result.Code == 0 || !strings.Contains(result.Stderr, "No space left") {
		t.Errorf("20 MB on /small: got %+v, want no space left", result)
	}
}

func testNodeKilled(t *testing.T, lab *Lab) {
	lab.KillNode(t, "c2")
	WaitFor(t, "c2 down", 60*time.Second, func() bool { return strings.HasPrefix(lab.State(t, "c2"), "down") })
	lab.StartNode(t, "c2")
	lab.Must(t, Command{Line: "srun -w c2 true"})
}

func testControllerKilled(t *testing.T, lab *Lab) {
	lab.Exec(t, "ctl", "root", "touch /run/lab/mark")
	job := lab.Must(t, Command{Line: "sbatch --parsable --begin=now+1hour --wrap true"})
	t.Cleanup(func() { lab.Exec(t, "login", "alice", "scancel "+job) })
	WaitFor(t, "job state saved", 30*time.Second, func() bool {
		return lab.Exec(t, "ctl", "root", "test /var/lib/slurm/ctld/job_state -nt /run/lab/mark").Code == 0
	})
	lab.StopDaemon(t, Slurmctld)
	if lab.Exec(t, "ctl", "root", "scontrol ping | grep UP").Code == 0 {
		t.Error("slurmctld answers though it is stopped")
	}
	lab.StartDaemon(t, Slurmctld)
	if got := lab.Must(t, Command{Line: "squeue -h -o %T -j " + job}); got != "PENDING" {
		t.Errorf("the job after the controller's end: got %q, want PENDING", got)
	}
}

func testControllerHangs(t *testing.T, lab *Lab) {
	lab.Freeze(t, Slurmctld)
	if got := lab.Run(t, Command{Line: "squeue", Timeout: 3 * time.Second}); got.Code != 124 {
		t.Errorf("squeue while slurmctld hangs: got %+v, want no answer", got)
	}
	lab.Thaw(t, Slurmctld)
	lab.Must(t, Command{Line: "squeue"})
}

func testScheduler(t *testing.T, lab *Lab) {
	t.Run("busy", func(t *testing.T) {
		lab.SetScheduler(t, "defer,batch_sched_delay=5")
		if got := schedulerParameters(t, lab); got != "defer,batch_sched_delay=5" {
			t.Errorf("got SchedulerParameters=%q", got)
		}
	})
	if got := schedulerParameters(t, lab); !strings.Contains(got, "batch_sched_delay=0") {
		t.Errorf("after the test: got SchedulerParameters=%q, want the lab's own", got)
	}
}

func schedulerParameters(t *testing.T, lab *Lab) string {
	t.Helper()
	return lab.Must(t, Command{Line: `scontrol show config | sed -n 's/^SchedulerParameters *= *//p'`})
}

func TestMemoryLimit(t *testing.T) {
	lab := Start(t, Cgroup)
	folder := lab.Folder(t)
	job := lab.Run(t, Command{Folder: folder,
		Line: `sbatch --parsable --wait --mem=100 --wrap 'python3 -c "bytearray(400 << 20)"'`}).Stdout
	WaitFor(t, "accounting of the job", 20*time.Second, func() bool {
		return lab.Must(t, Command{Line: "sacct -X -n -P -o state,exitcode -j " + job}) == "OUT_OF_MEMORY|0:125"
	})
}
