package worker

import (
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

func from(env map[string]string) lookup {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestMemoryLimit(t *testing.T) {
	tests := []struct {
		name  string
		env   map[string]string
		group int64
		want  int64
	}{
		{"a node's", map[string]string{"SLURM_MEM_PER_NODE": "2048"}, 0, 2 << 30},
		{"a CPU's", map[string]string{"SLURM_MEM_PER_CPU": "512", "SLURM_CPUS_ON_NODE": "4"}, 0, 2 << 30},
		{"a CPU's, of one", map[string]string{"SLURM_MEM_PER_CPU": "512"}, 0, 1 << 29},
		{"the kernel's is lower", map[string]string{"SLURM_MEM_PER_NODE": "2048"}, 1 << 30, 1 << 30},
		{"the kernel's is higher", map[string]string{"SLURM_MEM_PER_NODE": "2048"}, 4 << 30, 2 << 30},
		{"the kernel's alone", nil, 1 << 30, 1 << 30},
		{"all of the node", map[string]string{"SLURM_MEM_PER_NODE": "0"}, 0, 0},
		{"nonsense", map[string]string{"SLURM_MEM_PER_NODE": "much"}, 0, 0},
		{"none", nil, 0, 0},
	}
	for _, tt := range tests {
		if got := memoryLimit(from(tt.env), tt.group); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestDeadline(t *testing.T) {
	started := time.Unix(1_000_000, 0)
	tests := []struct {
		name  string
		env   map[string]string
		limit time.Duration
		want  int64 // seconds after the start; -1 = none
	}{
		{"Slurm says it", map[string]string{"SLURM_JOB_END_TIME": "1000900"}, time.Hour, 900},
		{"the limit less a minute", nil, time.Hour, 3540},
		{"from the job's start", map[string]string{"SLURM_JOB_START_TIME": "999990"}, time.Hour, 3530},
		{"a minute", nil, time.Minute, 45},
		{"nothing is known", nil, 0, -1},
	}
	for _, tt := range tests {
		got := deadline(from(tt.env), tt.limit, started)
		if tt.want < 0 && !got.IsZero() || tt.want >= 0 && got.Unix()-started.Unix() != tt.want {
			t.Errorf("%s: got %v after the start, want %d s", tt.name, got.Sub(started), tt.want)
		}
	}
}

func TestJobID(t *testing.T) {
	tests := []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"SLURM_JOB_ID": "17", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "3"}, "12_3"},
		{map[string]string{"SLURM_JOB_ID": "17"}, "17"},
		{nil, ""},
	}
	for _, tt := range tests {
		if got := jobID(from(tt.env)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestClock(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	ran := func(n int, d time.Duration) func(*clock) {
		return func(c *clock) {
			for range n {
				c.succeeded(d)
			}
		}
	}
	tests := []struct {
		name     string
		left     time.Duration // 0 = no limit
		declared time.Duration
		before   func(*clock)
		want     bool
	}{
		{"no limit", 0, time.Hour, nil, true},
		{"declared, fits", 11 * time.Second, 10 * time.Second, nil, true},
		{"declared, does not fit", 9 * time.Second, 10 * time.Second, nil, false},
		{"declared counts, not what ran", 9 * time.Second, 10 * time.Second, ran(50, time.Second), false},
		{"unknown", 2 * time.Second, 0, nil, true},
		{"unknown, no time", time.Second / 2, 0, nil, false},
		{"few ran", 5 * time.Second, 0, ran(9, time.Minute), true},
		{"many ran, all longer", 5 * time.Second, 0, ran(10, time.Minute), false},
		{"many ran, one was short", 5 * time.Second, 0, func(c *clock) { ran(10, time.Minute)(c); ran(1, 4*time.Second)(c) }, true},
	}
	for _, tt := range tests {
		c := clock{declared: tt.declared}
		if tt.left > 0 {
			c.end = now.Add(tt.left)
		}
		if tt.before != nil {
			tt.before(&c)
		}
		if got := c.allows(now); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestGrace(t *testing.T) {
	for wait, want := range map[float64]time.Duration{0: 4 * time.Second, 5: 4 * time.Second, 30: 29 * time.Second, 1: time.Second} {
		if got := grace(wait); got != want {
			t.Errorf("KillWait %g: %s, want %s", wait, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	exit := func(code int) syscall.WaitStatus { return syscall.WaitStatus(code << 8) }
	signal := func(s syscall.Signal) syscall.WaitStatus { return syscall.WaitStatus(s) }
	tests := []struct {
		name    string
		status  syscall.WaitStatus
		verdict verdict
		killed  bool
		missing string
		want    string
	}{
		{"success", exit(0), verdict{}, false, "", "done 0"},
		{"failure", exit(3), verdict{}, false, "", "failed 3"},
		{"no output", exit(0), verdict{}, false, "a b.pdf", `failed 0 no output "a b.pdf"`},
		{"a crash", signal(syscall.SIGSEGV), verdict{}, false, "", "failed SEGV"},
		{"killed by hand", signal(syscall.SIGKILL), verdict{}, false, "", "failed KILL"},
		{"killed by the kernel", signal(syscall.SIGKILL), verdict{}, true, "", "out_of_memory KILL killed by the kernel when the memory ran out"},
		{"its shell's child was", exit(137), verdict{}, true, "", "out_of_memory 137 killed by the kernel when the memory ran out"},
		{"exit 1 while the kernel killed another", exit(1), verdict{}, true, "", "failed 1"},
		{"over time, and politely", exit(0), verdict{items.Timeout, "long"}, false, "", "timeout 0 long"},
		{"cancelled, then killed", signal(syscall.SIGKILL), verdict{items.Cancelled, "end"}, true, "", "cancelled KILL end"},
		{"a real-time signal", signal(40), verdict{}, false, "", "failed 40"},
	}
	for _, tt := range tests {
		o := judge(tt.status, tt.verdict, tt.killed, tt.missing)
		got := string(o.state)
		if o.code != nil {
			got += " " + text(o.code)
		}
		if o.signal != nil {
			got += " " + *o.signal
		}
		if o.cause != "" {
			got += " " + o.cause
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestArguments(t *testing.T) {
	env := from(map[string]string{"SLURM_PROCID": "3", "BAD": "x"})
	tests := []struct {
		name string
		args []string
		part int
		want string // of the error; "" = none
	}{
		{"a part", []string{"--attempt", "d", "--part", "7"}, 7, ""},
		{"by rank", []string{"--attempt", "d", "--first-part", "10", "--rank-env", "SLURM_PROCID"}, 13, ""},
		{"with a dispatcher", []string{"--attempt", "d", "--part", "0", "--", "parallel", "--jobs", "8"}, 0, ""},
		{"no attempt", []string{"--part", "7"}, 0, "--attempt DIR is missing"},
		{"no part", []string{"--attempt", "d"}, 0, "--part N or --rank-env NAME is missing"},
		{"two parts", []string{"--attempt", "d", "--part", "7", "--rank-env", "SLURM_PROCID"}, 0, "--part 7 and --rank-env SLURM_PROCID: want one of them"},
		{"no rank", []string{"--attempt", "d", "--rank-env", "NONE"}, 0, "--rank-env NONE: the variable is not set"},
		{"a rank that is none", []string{"--attempt", "d", "--rank-env", "BAD"}, 0, `--rank-env BAD: want a number from 0, got "x"`},
		{"no slots", []string{"--attempt", "d", "--part", "7", "--slots", "0"}, 0, "--slots: want 1 or more, got 0"},
		{"unknown", []string{"--what"}, 0, "flag provided but not defined: -what"},
	}
	for _, tt := range tests {
		opt, err := parseArgs(tt.args, env)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want || err == nil && opt.Part != tt.part {
			t.Errorf("%s: part %d, error %q; want %d, %q", tt.name, opt.Part, got, tt.part, tt.want)
		}
	}
	for _, args := range [][]string{nil, {"walk"}, {"item"}, {"run"}} {
		if exit, err := Main(t.Context(), args); exit != ExitUsage || err == nil {
			t.Errorf("%q: %d, %v", args, exit, err)
		}
	}
}
