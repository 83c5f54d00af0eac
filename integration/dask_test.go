//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
)

// around is a program that finds a cluster of Dask and says where it is; helper.py is beside it.
const around = `import os
from distributed import Client
import helper
client = Client()
nodes = set(client.run(lambda: os.environ["SLURMD_NODENAME"]).values())
threads = sum(w["nthreads"] for w in client.scheduler_info()["workers"].values())
total = sum(client.gather(client.map(helper.square, range(100))))
print(client.scheduler.address.split(":")[0], *sorted(nodes), threads, total)
`

// TestDaskPrograms: each program of a sweep finds a cluster of its own over two nodes, whose workers find its modules.
func TestDaskPrograms(t *testing.T) {
	lab := Start(t, Default)
	if !hasPackage(t, lab, "distributed") {
		t.Fatal("the lab's Python has no Dask")
	}
	const toml = "command = \"python3 around.py {n}\"\n[sweep]\nn = [0, 1]\n[each]\ntime = \"10s\"\ncpus = 12\nmemory = \"2GiB\"\n" +
		"parallel = \"dask\"\n[slurm]\npartition = \"short\"\n"
	j := newJob(t, Default, toml, map[string]string{"around.py": around, "helper.py": "def square(x): return x * x\n"})
	if plan := j.expect(t, 0, "plan").Stdout; !strings.Contains(strings.Join(strings.Fields(plan), " "), "in a cluster of Dask on 12 CPUs over 2 nodes") {
		t.Errorf("plan does not say what is around a program:\n%s", plan)
	}
	j.expect(t, 0, "submit --wait")
	for i := range 2 {
		got := j.expect(t, 0, fmt.Sprintf("logs --item %d", i)).Stdout
		if want := "tls c1 c2 12 328350\n"; got != want {
			t.Errorf("program %d says %q, want %q", i, got, want)
		}
	}
}

// gpusAround is a program that waits for so many workers and writes down where they are and which GPUs they see.
const gpusAround = `import os, sys
from distributed import Client
client = Client()
client.wait_for_workers(int(sys.argv[1]), timeout=20)
with open("seen.txt", "a") as f:
    print(*sorted(client.run(lambda: os.environ["SLURMD_NODENAME"] + ":" + os.environ["CUDA_VISIBLE_DEVICES"]).values()), file=f)
`

// TestDaskProgramsGPUs: each GPU of a cluster has a worker of its own, on one node and over two. All of them come, time
// after time: as they start, Dask closes other connections, which must not take theirs along (dask_sockets.py).
func TestDaskProgramsGPUs(t *testing.T) {
	lab := Start(t, Default)
	if !hasPackage(t, lab, "distributed") {
		t.Fatal("the lab's Python has no Dask")
	}
	for _, tt := range []struct{ workers, each, partition, want string }{
		{"3", "cpus = 4\ngpus = 3", "gpu", "c4:0 c4:1 c4:2\n"},
		{"4", "cpus = 40\ngpus = 4", "long", "c3:0 c3:1 c4:0 c4:1\n"},
	} {
		t.Run(tt.partition, func(t *testing.T) {
			j := newJob(t, Default, "command = \"python3 around.py "+tt.workers+" {n}\"\n[sweep]\nn = [1, 2, 3, 4, 5, 6]\n[each]\ntime = \"10s\"\nmemory = \"2GiB\"\n"+
				"parallel = \"dask\"\n"+tt.each+"\n[slurm]\npartition = \""+tt.partition+"\"\n", map[string]string{"around.py": gpusAround})
			j.expect(t, 0, "submit --wait")
			if got := j.shell(t, "cat seen.txt"); got != strings.TrimSpace(strings.Repeat(tt.want, 6)) {
				t.Errorf("the workers see\n%s\nwant six times\n%s", got, tt.want)
			}
		})
	}
}
