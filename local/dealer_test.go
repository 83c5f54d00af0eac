package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/slurm"
)

// onItsGPUs is a script that finds out when another task has one of its GPUs: a folder can be made once.
const onItsGPUs = `for g in ${CUDA_VISIBLE_DEVICES//,/ }; do mkdir "on.$g" || echo "$g" >>clash; done
	sleep 0.03
	for g in ${CUDA_VISIBLE_DEVICES//,/ }; do rmdir "on.$g"; done
	echo "$CUDA_VISIBLE_DEVICES $SLURM_JOB_GPUS $SLURM_GPUS_ON_NODE" >>seen`

// sights are the different lines that so many tasks wrote; none may tell of a GPU that two had.
func (l *lab) sights(tasks int) string {
	l.Helper()
	if clash, err := os.ReadFile(filepath.Join(l.dir, "clash")); err == nil {
		l.Errorf("two tasks had the GPUs %q at once", clash)
	}
	lines := strings.Split(strings.TrimSpace(l.file("seen")), "\n")
	if len(lines) != tasks {
		l.Errorf("%d tasks ran, want %d", len(lines), tasks)
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "; ")
}

func TestEachTaskHasItsOwnGPUs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		gpus    int
		options []string
		most    int
		seen    string
	}{
		{"one after another", 1, []string{"--gres=gpu:1", "--array=0-3"}, 1, "0 0 1"},
		{"more tasks than GPUs", 3, []string{"--gres=gpu:h100:1", "--array=0-11"}, 3, "0 0 1; 1 1 1; 2 2 1"},
		{"two each, one left over", 5, []string{"--gres=gpu:2", "--array=0-5"}, 2, "0,1 0,1 2; 2,3 2,3 2"},
		{"a throttle", 3, []string{"--gres=gpu:1", "--array=0-5%2"}, 2, "0 0 1; 1 1 1"},
		{"fewer CPUs than GPUs", 3, []string{"--gres=gpu:1", "--array=0-5", "--cpus-per-task=4"}, 2, "0 0 1; 1 1 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, Options{GPUs: cards(test.gpus)})
			jobs := l.ended(l.submit(onItsGPUs, append(test.options, "--output=/dev/null")...))
			if most := l.most(jobs[0].ArrayID); most != test.most {
				t.Errorf("%d tasks ran at once, want %d", most, test.most)
			}
			if seen := l.sights(len(jobs)); seen != test.seen {
				t.Errorf("got %q, want %q", seen, test.seen)
			}
		})
	}
}

// Jobs of several processes, each with a supervisor, share two GPUs.
func TestJobsShareGPUs(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{GPUs: cards(2)})
	script := l.write(onItsGPUs, "--gres=gpu:1", "--array=0-9", "--output=/dev/null")
	l.submitAtOnce(3, script)
	for _, id := range l.ids {
		for _, j := range l.ended(id) {
			if j.State != "COMPLETED" {
				t.Errorf("%+v", j)
			}
		}
	}
	if seen := l.sights(30); seen != "0 0 1; 1 1 1" {
		t.Errorf("got %q, want both GPUs", seen)
	}
}

func TestWaitingForAGPU(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{GPUs: cards(1)})
	first := l.submit(`until [ -e go ]; do sleep 0.01; done`, "--gres=gpu:1")
	l.await(first, "running", func(jobs []slurm.Job) bool { return states(jobs) == "RUNNING" })
	second := l.submit(`until [ -e go2 ]; do sleep 0.01; done`, "--gres=gpu:1")
	third := l.submit("true", "--gres=gpu:1")
	none := l.submit("true")
	l.ended(none) // though two that came before it wait
	for _, id := range []string{second, third} {
		if j := l.jobs(id)[0]; j.State != "PENDING" || j.Reason != "Resources" {
			t.Errorf("job %s: %+v, want it to wait for the GPU", id, j)
		}
	}
	l.create("go")
	l.await(second, "running", func(jobs []slurm.Job) bool { return states(jobs) == "RUNNING" })
	if j := l.jobs(third)[0]; j.State != "PENDING" {
		t.Errorf("%+v, want it to wait for its turn", j)
	}
	l.create("go2")
	one, two := l.ended(second)[0], l.ended(third)[0]
	if two.Start.Before(one.End) {
		t.Errorf("job %s started at %v, before the end of job %s at %v", third, two.Start, second, one.End)
	}
}

// A job that waits for CPUs is not passed, whatever it needs besides.
func TestAJobWithGPUsWaitsForCPUs(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{GPUs: cards(1), CPUs: 2})
	first := l.submit(`until [ -e go ]; do sleep 0.01; done`)
	l.await(first, "running", func(jobs []slurm.Job) bool { return states(jobs) == "RUNNING" })
	whole := l.submit("true", "--gres=gpu:1", "--cpus-per-task=2")
	small := l.submit("true")
	time.Sleep(400 * time.Millisecond)
	if got := states(l.jobs(whole)) + " " + states(l.jobs(small)); got != "PENDING PENDING" {
		t.Errorf("got %s, want both to wait", got)
	}
	l.create("go")
	l.ended(whole)
	l.ended(small)
}

// What is left of a job whose supervisor was killed is ended before its GPU is given to another.
func TestGPUsOfAKilledSupervisor(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{GPUs: cards(1)})
	first := l.submit(`(setsid bash -c 'echo $$ >pid; exec sleep 100' &); sleep 100`, "--gres=gpu:1")
	pid := l.awaitFile("pid")
	second := l.submit(`if grep -q '^State:.[^ZX]' /proc/`+pid+`/status; then echo "still used"; else echo free; fi >seen 2>/dev/null`, "--gres=gpu:1")
	p, err := l.folder(first).supervisor()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// Nobody asks for the first job, which would end what it left too.
	if got := l.awaitFile("seen"); got != "free" {
		t.Errorf("when the second job got the GPU, it was %s", got)
	}
	if got := states(l.ended(second)) + " " + states(l.ended(first)); got != "COMPLETED NODE_FAIL" {
		t.Errorf("got %s", got)
	}
	if _, err := os.Stat(l.folder(first).path(holdsFile)); err == nil {
		t.Error("the lost job still has a hold file")
	}
}

// GPUs that a supervisor in another place holds are taken as long as it lives.
func TestGPUsHeldElsewhere(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{GPUs: cards(2)})
	f := l.folder("1")
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		t.Fatal(err)
	}
	there := process{pid: 1, start: "1", boot: "-", place: "elsewhere/pid:[1]"}
	held := hold{share{100, 100000}, forShare, []string{cards(1)[0].UUID}}
	for name, text := range map[string]string{supervisorFile: there.String(), holdsFile: held.text(100), jobFile: "{}"} {
		if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.gres()[0]; got.Count != 2 || got.Used != 1 {
		t.Errorf("got %+v, want one in use", got)
	}
	l.ended(l.submit(onItsGPUs, "--gres=gpu:1", "--array=0-3", "--output=/dev/null"))
	if seen := l.sights(4); seen != "1 1 1" {
		t.Errorf("got %q, want the other GPU alone", seen)
	}
	long := time.Now().Add(-silence)
	if err := os.Chtimes(f.path(supervisorFile), long, long); err != nil {
		t.Fatal(err)
	}
	if got := l.gres()[0]; got.Used != 0 {
		t.Errorf("got %+v, want none in use by what was silent for long", got)
	}
}

func TestDealer(t *testing.T) {
	d := dealer{each: 2, devices: devicesOf(cards(7))}
	names := func(gpus []device) string {
		var all []string
		for _, g := range gpus {
			all = append(all, g.Name)
		}
		return strings.Join(all, " ")
	}
	if got := d.take(9, []string{d.devices[1].UUID}); got != 3 || names(d.held) != "0 2 3 4 5 6" {
		t.Fatalf("took %d slots with %s", got, names(d.held))
	}
	a, b, c := d.deal(), d.deal(), d.deal()
	if got := fmt.Sprint(names(a), ", ", names(b), ", ", names(c), ", ", names(d.free)); got != "0 2, 3 4, 5 6, " {
		t.Errorf("dealt %s", got)
	}
	if got := d.take(1, nil); got != 0 {
		t.Errorf("took %d more slots of one GPU", got)
	}
	d.back(c)
	d.back(a)
	if got := names(d.free); got != "0 2 5 6" {
		t.Errorf("free after two came back: %s", got)
	}
	d.drop(1)
	if names(d.free) != "0 2" || names(d.held) != "0 2 3 4" {
		t.Errorf("after one slot was given back: %s free of %s", names(d.free), names(d.held))
	}
	none := dealer{}
	if got := none.take(5, nil); got != 5 || len(none.deal()) != 0 {
		t.Errorf("without GPUs: %d slots", got)
	}
}

// A task whose processes cannot be killed takes its GPUs along.
func TestLostGPUs(t *testing.T) {
	l := &ledger{total: share{8, 100}, need: share{1, 0}, gpus: dealer{each: 1, devices: devicesOf(cards(2))}}
	l.grow(others{}, 2)
	stuck, other := l.gpus.deal(), l.gpus.deal()
	l.lose(stuck)
	l.gpus.back(other)
	l.grow(others{}, 5)
	if l.slots != 1 || len(l.gpus.held) != 2 || l.gpus.deal()[0].Name != "1" {
		t.Errorf("%d slots, %v free of %v", l.slots, l.gpus.free, l.gpus.held)
	}
}
