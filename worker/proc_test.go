package worker

import (
	"os"
	"slices"
	"testing"
)

func TestParseStat(t *testing.T) {
	tests := []struct {
		name, line string
		want       procStat
		ok         bool
	}{
		{"plain", "812 (bash) S 811 812 812 34816 812 4194304 1 2 3 4 5 6 7 8 20 0 3 0 1234 8192 456 18446744073709551615\n",
			procStat{812, 811, 812, 3, 456}, true},
		{"a name with blanks and parentheses", "7 (a) b (c) R 1 -1 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 10 11 12",
			procStat{7, 1, -1, 1, 11}, true},
		{"cut", "812 (bash) S 811 812", procStat{}, false},
		{"no name", "812 S 1 2 3", procStat{}, false},
		{"empty", "", procStat{}, false},
	}
	for _, tt := range tests {
		got, ok := parseStat([]byte(tt.line))
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: got %+v, %v; want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("812 (bash) S 811 812 812 34816 812 4194304 1 2 3 4 5 6 7 8 20 0 3 0 1234 8192 456 1844"))
	f.Add([]byte("1 ()) ( 2"))
	f.Fuzz(func(t *testing.T, line []byte) {
		parseStat(line)
		parsePss(line)
	})
}

func TestParsePss(t *testing.T) {
	text := "55d0-7ffe ---p 00000000 00:00 0  [rollup]\nRss:  2000 kB\nPss:   1234 kB\nPss_Anon: 7 kB\n"
	if got, ok := parsePss([]byte(text)); got != 1234 || !ok {
		t.Errorf("got %d, %v; want 1234", got, ok)
	}
	if _, ok := parsePss([]byte("Rss: 1 kB\n")); ok {
		t.Error("found a Pss where there is none")
	}
}

func TestOwnProcess(t *testing.T) {
	tree := newTree()
	s, ok := tree.stat(os.Getpid())
	if !ok || s.PID != os.Getpid() || s.Parent != os.Getppid() || s.Pages < 100 || s.Threads < 1 {
		t.Errorf("got %+v, %v", s, ok)
	}
	if pss, ok := tree.pss(os.Getpid()); !ok || pss < 100 {
		t.Errorf("pss %d, %v", pss, ok)
	}
	if !tree.hasVariable(os.Getpid(), "PATH="+os.Getenv("PATH")) || tree.hasVariable(os.Getpid(), "PATH=") {
		t.Error("the environment was misread")
	}
	if _, ok := tree.stat(1 << 30); ok {
		t.Error("found a process that cannot be")
	}
}

func TestMemoryCgroups(t *testing.T) {
	const (
		mixed = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n" +
			"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" +
			"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		unified   = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		container = "1 2 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n" +
			"3 4 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
	)
	tests := []struct {
		name, mounts, paths string
		want                []cgroup
	}{
		{"version 1 and an empty 2", mixed, "9:name=systemd:/\n4:memory:/slurm/uid_0/job_5\n0::/\n", []cgroup{
			{"/sys/fs/cgroup/memory/slurm/uid_0/job_5", "/sys/fs/cgroup/memory", false}, {"/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified", true}}},
		{"version 2", unified, "0::/system.slice/slurmstepd.scope/job_5/step_batch/user/task_0\n", []cgroup{
			{"/sys/fs/cgroup/system.slice/slurmstepd.scope/job_5/step_batch/user/task_0", "/sys/fs/cgroup", true}}},
		{"a container with the host's hierarchy mounted elsewhere", container, "4:cpu,memory:/slurm/job_5\n", []cgroup{
			{"/sys/fs/cgroup/memory/slurm/job_5", "/sys/fs/cgroup/memory", false}, {"/cg/memory/slurm/job_5", "/cg/memory", false}}},
		{"a container's own part", container, "4:memory:/docker/abc/x\n", []cgroup{
			{"/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/memory", false}, {"/cg/memory/docker/abc/x", "/cg/memory", false}}},
		{"a mount with a blank", "3 4 0:32 / /c\\040g rw - cgroup2 cgroup2 rw\n", "0::/\n", []cgroup{{"/c g", "/c g", true}}},
		{"nothing", "", "", nil},
	}
	for _, tt := range tests {
		if got := memoryCgroups(tt.mounts, tt.paths); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.name, got, tt.want)
		}
	}
}

func FuzzMemoryCgroups(f *testing.F) {
	f.Add("3 4 0:32 / /c\\040g rw - cgroup2 cgroup2 rw\n", "0::/\n")
	f.Add(`1 2 3 \1 \\ - cgroup x memory`, "4:memory:/../..\n")
	f.Fuzz(func(t *testing.T, mounts, paths string) {
		for _, c := range memoryCgroups(mounts, paths) {
			if c.top != "" && c.dir == "" {
				t.Errorf("%q has no folder", c.top)
			}
		}
	})
}

func TestCgroupLimit(t *testing.T) {
	tests := []struct {
		name    string
		unified bool
		files   map[string]string // below the top
		want    int64
	}{
		{"version 2, the group's", true, map[string]string{"a/b/memory.max": "1000\n", "a/memory.max": "max\n"}, 1000},
		{"version 2, one above is lower", true, map[string]string{"a/b/memory.max": "1000\n", "a/memory.max": "500\n"}, 500},
		{"version 2, none", true, map[string]string{"a/b/memory.max": "max\n"}, 0},
		{"version 1", false, map[string]string{"a/b/memory.limit_in_bytes": "9223372036854771712\n", "memory.limit_in_bytes": "700\n"}, 700},
		{"version 1, none", false, map[string]string{"a/b/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
	}
	for _, tt := range tests {
		top := t.TempDir()
		must(t, os.MkdirAll(top+"/a/b", 0o755))
		for name, content := range tt.files {
			must(t, os.WriteFile(top+"/"+name, []byte(content), 0o600))
		}
		c := cgroup{dir: top + "/a/b", top: top, unified: tt.unified}
		if got, _ := c.limit(); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
	if got, _ := (cgroup{}).limit(); got != 0 {
		t.Error("a group that is not known has a limit")
	}
}

func TestOOMCounter(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/memory.events", []byte("low 0\nhigh 0\nmax 9\noom 2\noom_kill 3\noom_group_kill 0\n"), 0o600))
	must(t, os.WriteFile(dir+"/memory.oom_control", []byte("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"), 0o600))
	for unified, want := range map[bool]int64{true: 3, false: 4} {
		if got, ok := (cgroup{dir: dir, unified: unified}).kills(); got != want || !ok {
			t.Errorf("version 2 %v: %d, %v; want %d", unified, got, ok, want)
		}
	}
	if _, ok := (cgroup{dir: dir + "/none"}).kills(); ok {
		t.Error("counted where there is nothing")
	}
}
