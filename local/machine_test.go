package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hpcsub/slurm"
)

// tree makes a root folder of files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// big is a machine of two sockets with four cores of two threads each, and 16 GiB.
func big() map[string]string {
	files := map[string]string{
		"proc/self/status": "Name:\tx\nCpus_allowed:\tffff\nCpus_allowed_list:\t0-15\n",
		"proc/meminfo":     "MemTotal:       16777216 kB\nMemFree: 1 kB\n",
	}
	for cpu := range 16 {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/", cpu)
		files[dir+"physical_package_id"] = fmt.Sprintln(cpu / 4 % 2)
		files[dir+"core_id"] = fmt.Sprintln(cpu % 4)
	}
	return files
}

func TestReadMachine(t *testing.T) {
	const none = "9223372036854771712\n"
	tests := []struct {
		name  string
		files map[string]string // besides the big machine's
		want  machine
	}{
		{"all of it", nil, machine{16, 16384, 2, 4, 2, ""}},
		{"affinity", map[string]string{"proc/self/status": "Cpus_allowed_list:\t0-2,8\n"}, machine{4, 16384, 1, 3, 2, ""}},
		{"cgroup v2", map[string]string{
			"proc/self/cgroup":                          "0::/user.slice/job\n",
			"sys/fs/cgroup/user.slice/cpu.max":          "400000 100000\n",
			"sys/fs/cgroup/user.slice/job/cpu.max":      "max 100000\n",
			"sys/fs/cgroup/user.slice/memory.max":       "max\n",
			"sys/fs/cgroup/user.slice/job/memory.max":   "2147483648\n",
			"sys/fs/cgroup/user.slice/other/memory.max": "1048576\n",
		}, machine{4, 2048, 2, 4, 2, ""}},
		{"a container with v2", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n", "sys/fs/cgroup/memory.max": "1073741824\n",
		}, machine{1, 1024, 2, 4, 2, ""}},
		{"less than a CPU", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n",
		}, machine{1, 16384, 2, 4, 2, ""}},
		{"cgroup v1", map[string]string{
			"proc/self/cgroup":                                     "4:memory:/a/b\n2:cpu,cpuacct:/a\n1:name=systemd:/\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":           "-1\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us":         "600000\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us":        "100000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":           none,
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes":         "4294967296\n",
			"sys/fs/cgroup/memory/a/b/memory.limit_in_bytes":       none,
			"sys/fs/cgroup/cpu,cpuacct/elsewhere/cpu.cfs_quota_us": "1\n",
		}, machine{6, 4096, 2, 4, 2, ""}},
		{"a container with v1 that sees the host's path", map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/0123\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
		}, machine{16, 512, 2, 4, 2, ""}},
		{"a limit above the machine", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "9900000 100000\n", "sys/fs/cgroup/memory.max": "1099511627776\n",
		}, machine{16, 16384, 2, 4, 2, ""}},
		{"no word of sockets", map[string]string{"sys/devices/system/cpu/cpu3/topology/core_id": "x"}, machine{16, 16384, 1, 16, 1, ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := big()
			for name, text := range test.files {
				files[name] = text
			}
			got := readMachine(tree(t, files))
			got.arch = ""
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestReadMachineThatShowsNothing(t *testing.T) {
	m := readMachine(t.TempDir())
	if m.cpus != runtime.NumCPU() || m.sockets != 1 || m.coresPerSocket != m.cpus || m.threadsPerCore != 1 || m.arch == "" {
		t.Errorf("got %+v", m)
	}
}

func TestInspect(t *testing.T) {
	c, err := New(Options{StateDir: filepath.Join(t.TempDir(), "not", "there")}).Inspect(context.Background(), slurm.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "local" || c.Client != "local" || c.Version != "" || c.User == "" || c.Taken.IsZero() || len(c.Unknown) > 0 {
		t.Errorf("got %+v", c)
	}
	p := c.Partition("local")
	if p == nil || !p.Default || !p.Usable || p.TimeLimitS != nil || p.Nodes != 1 {
		t.Fatalf("got partition %+v", p)
	}
	nodes := c.NodesOf("local")
	if len(nodes) != 1 {
		t.Fatalf("got nodes %+v", nodes)
	}
	n := nodes[0]
	host, _ := os.Hostname()
	if n.Name != host || !n.Available() || n.CPUs < 1 || n.CPUs > runtime.NumCPU() || n.MemoryMiB < 64 || n.Cores() < 1 || n.CPUsAllocated != 0 {
		t.Errorf("got %+v", n)
	}
	if c.Scheduler.KillWaitS != 5 || *c.Limits.MaxArraySize != maxArraySize {
		t.Errorf("got %+v %v", c.Scheduler, *c.Limits.MaxArraySize)
	}
}

func TestStateFolder(t *testing.T) {
	tests := []struct{ option, xdg, home, want string }{
		{"/a", "/x", "/h", "/a"},
		{"", "/x", "/h", "/x/hpcsub/local"},
		{"", "", "/h", "/h/.local/state/hpcsub/local"},
		{"", "relative", "/h", "/h/.local/state/hpcsub/local"},
	}
	for _, test := range tests {
		t.Setenv("XDG_STATE_HOME", test.xdg)
		t.Setenv("HOME", test.home)
		if got, err := New(Options{StateDir: test.option}).store(); err != nil || string(got) != test.want {
			t.Errorf("%+v: got %q, %v", test, got, err)
		}
	}
	t.Setenv("HOME", "")
	if _, err := New(Options{}).store(); err == nil || !strings.Contains(err.Error(), "set XDG_STATE_HOME") {
		t.Errorf("without HOME: %v", err)
	}
}
