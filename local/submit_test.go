package local

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/slurm"
)

func TestSubmissionsAtOnceGetDifferentIDs(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	script := l.write("echo $SLURM_JOB_ID >>raw", "--array=1-3", "--output=/dev/null")
	l.submitAtOnce(6, script)
	seen := map[string]bool{}
	for _, id := range l.ids {
		if seen[id] {
			t.Errorf("id %s was given out twice", id)
		}
		seen[id] = true
		l.ended(id)
	}
	for _, raw := range strings.Fields(l.file("raw")) {
		if seen["raw "+raw] {
			t.Errorf("two tasks had SLURM_JOB_ID=%s", raw)
		}
		seen["raw "+raw] = true
	}
}

// A job outlives whoever submitted it, however that ends.
func TestDetached(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	script := l.write(`for ((i = 0; i < 30; i++)); do [ -e go ] && break; sleep 0.1; done; echo done >result`)
	cmd := exec.Command(os.Args[0], "submit-for-test", l.opt.StateDir, script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.ExtraFiles = []*os.File{write} // a job that held it open would make its reader wait
	out, err := cmd.Output()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whatever is left of the caller's group
	id := strings.TrimSpace(string(out))
	l.ids = append(l.ids, id)
	if _, err := read.Read(make([]byte, 1)); err == nil {
		t.Error("read from a pipe that nobody writes to")
	}
	if j := l.jobs(id)[0]; j.Ended() {
		t.Errorf("ended with its caller: %+v", j)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := states(l.ended(id)); got != "COMPLETED" || l.file("result") != "done\n" {
		t.Errorf("got %s", got)
	}
}

// As on a cluster, a job that a job submitted does not end with it.
func TestAJobSubmitsAJob(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	inner := filepath.Join(l.dir, "inner.sh")
	if err := os.WriteFile(inner, []byte("#!/bin/bash\nsleep 0.5; echo done >inner\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	id, err := l.Submit(context.Background(), slurm.Submission{Script: l.write(`"$1" submit-for-test "$2" "$3" >id`), Args: []string{os.Args[0], l.opt.StateDir, inner}, Dir: l.dir})
	if err != nil {
		t.Fatal(err)
	}
	l.ids = append(l.ids, id)
	if got := states(l.ended(id)); got != "COMPLETED" {
		t.Fatalf("the outer job: %s", got)
	}
	innerID := strings.TrimSpace(l.file("id"))
	l.ids = append(l.ids, innerID)
	if got := states(l.ended(innerID)); got != "COMPLETED" || l.file("inner") != "done\n" {
		t.Errorf("the inner job: %s", got)
	}
}

func TestEnvironment(t *testing.T) {
	l := newLab(t, Options{KillWait: time.Second})
	t.Setenv("SECRET", "1")
	t.Setenv("SLURM_MEM_PER_CPU", "17")
	t.Setenv("LC_TIME", "C")
	t.Setenv("PATH", "/somewhere:"+os.Getenv("PATH"))
	id := l.submit(`env -0; printf 'dir=%s\0umask=%s\0' "$PWD" "$(umask)"; [ -t 0 ] || read -r x; printf 'stdin=%s\0' "$x"`,
		"--array=3,5", "--output=out.%a", "--job-name='my job'", "--cpus-per-task=2", "--ntasks=1", "--mem=64", "--time=10")
	jobs := l.ended(id)
	if got := states(jobs); got != "COMPLETED COMPLETED" {
		t.Fatal(got, l.file("out.5"))
	}
	env := map[string]string{}
	for _, v := range strings.Split(l.file("out.5"), "\x00") {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	host, _ := os.Hostname()
	want := map[string]string{
		"SLURM_JOB_ID": "2", "SLURM_ARRAY_JOB_ID": "1", "SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "2",
		"SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_MAX": "5",
		"SLURM_JOB_NAME": "my job", "SLURM_CPUS_ON_NODE": "2", "SLURM_CPUS_PER_TASK": "2", "SLURM_NTASKS": "1",
		"SLURM_JOB_NUM_NODES": "1", "SLURM_NODEID": "0", "SLURM_PROCID": "0", "SLURM_JOB_NODELIST": host,
		"SLURM_SUBMIT_DIR": l.dir, "SLURM_CLUSTER_NAME": "local", "SLURM_MEM_PER_NODE": "64",
		"SLURM_MEM_PER_CPU": "", "SECRET": "", "LC_TIME": "C", "PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME"),
		"dir": l.dir, "stdin": "", "SLURM_RESTART_COUNT": "", "SLURM_EXPORT_ENV": "",
	}
	for name, value := range want {
		if env[name] != value {
			t.Errorf("%s=%q, want %q", name, env[name], value)
		}
	}
	start, err1 := time.ParseDuration(env["SLURM_JOB_START_TIME"] + "s")
	end, err2 := time.ParseDuration(env["SLURM_JOB_END_TIME"] + "s")
	if err1 != nil || err2 != nil || end-start != 10*time.Minute {
		t.Errorf("from %q to %q, want ten minutes", env["SLURM_JOB_START_TIME"], env["SLURM_JOB_END_TIME"])
	}
}

func TestOutputFiles(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	l.ended(l.submit("echo out; echo err >&2", "--array=1-2", `--output='%x %A-%a %3a %%.log'`, "--job-name=n"))
	for _, name := range []string{"n 1-1 001 %.log", "n 1-2 002 %.log"} {
		if got := l.file(name); got != "out\nerr\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
	l.ended(l.submit("echo out; echo err >&2", "--error=e.%j"))
	if out, err := l.file("slurm-3.out"), l.file("e.3"); out != "out\n" || err != "err\n" {
		t.Errorf("apart: %q and %q", out, err)
	}
	for _, mode := range []string{"append", "append", "truncate"} {
		l.ended(l.submit("echo "+mode, "--open-mode="+mode, "--output=o."+mode))
	}
	if a, b := l.file("o.append"), l.file("o.truncate"); a != "append\nappend\n" || b != "truncate\n" {
		t.Errorf("append: %q, truncate: %q", a, b)
	}
}

func TestSubmitRefused(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		opt     Options
		text    string
		want    string
		atStart bool // StartTime sees it too
	}{
		{"not a script", Options{}, "echo hello\n", "its first line must start with #!", true},
		{"DOS line ends", Options{}, "#!/bin/bash\necho\r\n", "DOS line breaks", true},
		{"two nodes", Options{}, "#!/bin/bash\n#SBATCH --nodes=2\n", "is one node, 2 were asked for", true},
		{"an index too high", Options{}, "#!/bin/bash\n#SBATCH --array=0-1000000\n", "invalid job array specification", true},
		{"an open quote", Options{}, "#!/bin/bash\n#SBATCH --comment='a\n", "line 2: unmatched `'`", true},
		{"no room for state", Options{StateDir: filepath.Join(blocked, "state")}, "#!/bin/bash\n", "writing to the state folder", false},
		{"state folder that cannot be made", Options{StateDir: "/sys/hpcsub-test"}, "#!/bin/bash\n", "set XDG_STATE_HOME", false},
		{"no program", Options{Program: "/no/such/hpcsub"}, "#!/bin/bash\n", "starting the supervisor", false},
		{"a program that fails", Options{Program: "/bin/false"}, "#!/bin/bash\n", "the supervisor ended at once: exit status 1", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.opt.StateDir == "" {
				test.opt.StateDir = filepath.Join(dir, "state")
			}
			s := slurm.Submission{Script: "s.sh", Dir: dir}
			if err := os.WriteFile(filepath.Join(dir, "s.sh"), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := New(test.opt).Submit(context.Background(), s)
			var no *slurm.RefusedError
			if !errors.As(err, &no) || !strings.Contains(no.Words, test.want) {
				t.Errorf("got %v, want a refusal with %q", err, test.want)
			}
			if jobs, err := New(test.opt).Jobs(context.Background(), slurm.JobQuery{}); len(jobs) > 0 {
				t.Errorf("a job is left: %v %v", jobs, err)
			}
			when, err := New(test.opt).StartTime(context.Background(), s)
			if errors.As(err, &no) != test.atStart || !when.IsZero() {
				t.Errorf("StartTime: %v, %v", when, err)
			}
		})
	}
}

// A supervisor that says nothing leaves it open whether the job will run.
func TestSubmitUnknown(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{Program: filepath.Join(t.TempDir(), "silent")})
	if err := os.WriteFile(l.opt.Program, []byte("#!/bin/sh\nexec sleep 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer stop()
	_, err := l.Submit(ctx, slurm.Submission{Script: l.write("true", "--job-name=tok"), Dir: l.dir})
	var unknown *slurm.UnknownError
	if !errors.As(err, &unknown) {
		t.Fatalf("got %v, want an UnknownError", err)
	}
	jobs, err := l.Jobs(context.Background(), slurm.JobQuery{Names: []string{"tok"}})
	if err != nil || states(jobs) != "PENDING" {
		t.Errorf("looked up by name: %v, %v; want it to wait", jobs, err)
	}
}

func TestJobsByName(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	l.ended(l.submit("true", "--job-name=one"))
	l.ended(l.submit("true", "--job-name=two", "--array=0-2"))
	tests := []struct {
		query slurm.JobQuery
		want  string
	}{
		{slurm.JobQuery{Names: []string{"two"}}, "2_0 2_1 2_2"},
		{slurm.JobQuery{Names: []string{"tw"}}, ""},
		{slurm.JobQuery{IDs: []string{"2_1", "2_2"}}, "2_1 2_2"},
		{slurm.JobQuery{IDs: []string{"2_1", "2"}}, "2_0 2_1 2_2"},
		{slurm.JobQuery{IDs: []string{"1"}, Names: []string{"two"}}, "1 2_0 2_1 2_2"},
		{slurm.JobQuery{IDs: []string{"77"}}, ""},
		{slurm.JobQuery{}, "1 2_0 2_1 2_2"},
	}
	for _, test := range tests {
		jobs, err := l.Jobs(context.Background(), test.query)
		var ids []string
		for _, j := range jobs {
			ids = append(ids, j.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != test.want {
			t.Errorf("%+v: got %q, %v, want %q", test.query, got, err, test.want)
		}
	}
}

func TestOldJobsAreRemoved(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	long := time.Now().Add(-keepFor - time.Hour)
	for range 3 {
		id := l.submit("true")
		l.ended(id)
		l.left(id)
	}
	running := l.submit(stay)
	litter := filepath.Join(l.opt.StateDir, "jobs", unfinished+"x")
	if err := os.Mkdir(litter, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "3", running} {
		f := l.folder(id)
		for _, path := range []string{f.path(supervisorFile), string(f)} {
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chtimes(litter, long, long); err != nil {
		t.Fatal(err)
	}
	if id := l.submit("true"); id != "5" {
		t.Errorf("got id %s, want 5", id)
	}
	names, _ := filepath.Glob(filepath.Join(l.opt.StateDir, "jobs", "*"))
	var got []string
	for _, n := range names {
		got = append(got, filepath.Base(n))
	}
	if want := "2 4 5"; strings.Join(got, " ") != want {
		t.Errorf("left are %v, want %s", got, want)
	}
}

// The newest job stays, or its id would be given out again.
func TestTheNewestJobStays(t *testing.T) {
	s := store(t.TempDir())
	for range 2 {
		if _, err := s.create(&job{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.purge(time.Now().Add(2 * keepFor))
	if id, err := s.create(&job{}, nil); err != nil || id != 3 {
		t.Errorf("got id %d, %v, want 3", id, err)
	}
	if got, err := s.ids(); err != nil || len(got) != 2 {
		t.Errorf("got %v, %v, want the two newest", got, err)
	}
}

func TestScriptIsKeptAsItWas(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	id := l.submit("until [ -e go ]; do sleep 0.01; done\necho 'as it was'", "--output=out")
	if err := os.WriteFile(filepath.Join(l.dir, "script.sh"), bytes.Repeat([]byte("exit 9\n"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := states(l.ended(id)); got != "COMPLETED" || l.file("out") != "as it was\n" {
		t.Errorf("got %s, %q", got, l.file("out"))
	}
}
