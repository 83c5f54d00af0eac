//go:build integration

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// mpiJob is a job of items with ranks; more is appended to [each].
func mpiJob(command, each, rest string) string {
	return fmt.Sprintf("command = %s\n[sweep]\nn = { from = 1, to = 3 }\n[each]\ntime = \"5s\"\nparallel = \"mpi\"\n%s\n%s", command, each, rest)
}

// worldItem is an MPI program whose rank 0 writes down what the world looks like.
const worldItem = `
from mpi4py import MPI
import os, sys, time
world = MPI.COMM_WORLD
nodes = world.gather(os.environ["SLURMD_NODENAME"])
if world.Get_rank() == 0:
    with open("world.txt", "a") as f:
        print(world.Get_size(), *sorted(set(nodes)), os.environ["OMP_NUM_THREADS"], sys.argv[1:], file=f)
if sys.argv[1] == "fail" and world.Get_rank() == 2:
    os._exit(3)
if sys.argv[1] == "fill":
    hoard = bytearray(b"x") * (int(sys.argv[2]) << 20)
    time.sleep(4)
world.Barrier()
`

// TestRanks: on every version of Slurm, an item is as many processes as it has ranks, each once, on one node where one
// has room and else over as few as can be, with its arguments as they are.
func TestRanks(t *testing.T) {
	const item = "#!/bin/bash\necho \"$HPCSUB_ITEM_INDEX $SLURM_PROCID $SLURM_NTASKS $SLURMD_NODENAME $OMP_NUM_THREADS\" >> ran.txt\n[ \"$*\" = \": \\$x ' y\" ] || exit 9\n"
	const command = `["bash", "item.sh", ":", "$x ' y"]`
	tests := []struct {
		name, strategy, each, rest string
		ranks, nodes, threads      int
	}{
		{"one node", "single", "cpus = 6", "", 6, 1, 1},
		{"two nodes", "single", "cpus = 12\nmemory = \"600MiB\"", "", 12, 2, 1},
		{"two nodes each task", "array", "cpus = 12\nmemory = \"600MiB\"", "", 12, 2, 1},
		{"side by side", "packed", "cpus = 4\nmemory = \"600MiB\"", "[limits]\nnodes = 1\n", 4, 1, 1},
		{"threads in ranks", "single", "cpus = 8\nmemory = \"600MiB\"", "[environment]\nvariables = { OMP_NUM_THREADS = \"2\" }\n", 4, 1, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := newJob(t, Default, strings.Replace(mpiJob(command, tt.each, tt.rest+fmt.Sprintf("[plan]\nstrategy = %q\n[slurm]\npartition = \"short\"\n", tt.strategy)),
				"{ from = 1, to = 3 }", "[1, 2, 3]", 1), map[string]string{"item.sh": item})
			j.expect(t, 0, "submit --wait")
			seen := map[string]int{}
			nodes := map[int][]string{}
			for line := range strings.Lines(j.shell(t, "cat ran.txt")) {
				var index, rank, ranks, threads int
				var node string
				if _, err := fmt.Sscan(line, &index, &rank, &ranks, &node, &threads); err != nil || ranks != tt.ranks || threads != tt.threads {
					t.Errorf("a rank wrote %q, want one of %d with %d threads", line, tt.ranks, tt.threads)
				}
				seen[fmt.Sprint(index, " ", rank)]++
				if !slices.Contains(nodes[index], node) {
					nodes[index] = append(nodes[index], node)
				}
			}
			for index := range 3 {
				for rank := range tt.ranks {
					if n := seen[fmt.Sprint(index, " ", rank)]; n != 1 {
						t.Errorf("rank %d of item %d ran %d times", rank, index, n)
					}
				}
				if len(nodes[index]) != tt.nodes {
					t.Errorf("item %d ran on %q, want %d nodes", index, nodes[index], tt.nodes)
				}
			}
			for _, r := range j.results(t) {
				if r.ExitCode == nil || *r.ExitCode != 0 || r.RSS == nil || *r.RSS <= 0 || r.Tree == nil || *r.Tree < float64(tt.ranks)**r.RSS/2 || r.CPU == nil {
					t.Errorf("item %d: got %+v, want what its ranks used", r.Index, r)
				}
			}
		})
	}
}

// hasPMIx says whether srun of the lab can start ranks that find each other, as all but forky's can: the one there was
// built without PMIx.
func (l *Lab) hasPMIx(t *testing.T) bool {
	t.Helper()
	types := l.Exec(t, "login", "alice", "srun --mpi=list 2>&1").Stdout
	has := strings.Contains(types, "pmix")
	if want := l.Suite != "forky"; has != want {
		t.Fatalf("Debian %s: srun --mpi=list says %q; want PMIx there: %v", l.Suite, types, want)
	}
	return has
}

// TestMPIWorld: ranks over nodes are one world where srun has a type that the MPI library knows; where it has none,
// that is found out before an item runs, and said.
func TestMPIWorld(t *testing.T) {
	j := newJob(t, Default, mpiJob(`"python3 world.py {n}"`, "cpus = 12\nmemory = \"3GiB\"", "[slurm]\npartition = \"short\"\n"), map[string]string{"world.py": worldItem})
	if !j.lab.hasPMIx(t) {
		j.refusedWorld(t)
		return
	}
	j.expect(t, 0, "submit --wait")
	for n := 1; n <= 3; n++ {
		if got, want := j.shell(t, fmt.Sprintf("sed -n %dp world.txt", n)), fmt.Sprintf("12 c1 c2 1 ['%d']", n); got != want {
			t.Errorf("item %d found the world %q, want %q", n, got, want)
		}
	}
	j = newJob(t, Default, mpiJob(`"python3 world.py {n}"`, "cpus = 4\nmemory = \"1GiB\"", "[environment]\nvariables = { SLURM_MPI_TYPE = \"pmi2\" }\n"), map[string]string{"world.py": worldItem})
	j.refusedWorld(t)
}

// refusedWorld: no item runs, and the reason and what to do are there to be read.
func (j *job) refusedWorld(t *testing.T) {
	t.Helper()
	j.expect(t, 5, "submit --wait")
	if text := j.shell(t, "cat world.txt 2>/dev/null || true"); text != "" {
		t.Errorf("items ran in the world %q", text)
	}
	log := j.hpcsub(t, "logs --slurm").Stdout
	tried := "pmi2 gives" // OpenMPI 5 and later: a world for each rank
	if j.lab.Suite == "bullseye" || j.lab.Suite == "bookworm" {
		tried = "pmi2 starts nothing" // OpenMPI 4.1 ends at once
	}
	for _, want := range []string{"ranks of an item do not find each other", tried, "SLURM_MPI_TYPE", "[environment] modules"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log says %q, want %q in it", log, want)
		}
	}
}

// TestMPIEndings: the exit code is that of the rank that failed, and memory that runs out is told from it and mended by
// a retry.
func TestMPIEndings(t *testing.T) {
	j := newJob(t, Default, strings.Replace(mpiJob(`"python3 world.py fail {n}"`, "cpus = 4\nmemory = \"2GiB\"", ""), "to = 3", "to = 1", 1), map[string]string{"world.py": worldItem})
	if !j.lab.hasPMIx(t) {
		j.refusedWorld(t)
		return
	}
	r := j.expect(t, 5, "submit --wait")
	rows := j.results(t)
	if rows[0].State != "failed" || rows[0].ExitCode == nil || *rows[0].ExitCode != 3 {
		t.Errorf("got %+v, want exit code 3, that of rank 2", rows[0])
	}
	if !strings.Contains(r.Stderr, "the first rank to fail was") {
		t.Errorf("submit says %s", r.Stderr)
	}
	j = newJob(t, Default, strings.Replace(mpiJob(`"python3 world.py fill 150 {n}"`, "cpus = 4\nmemory = \"550MiB\"", ""), "to = 3", "to = 1", 1), map[string]string{"world.py": worldItem})
	j.expect(t, 5, "submit --wait")
	if rows := j.results(t); rows[0].State != "out_of_memory" {
		t.Errorf("got %+v, want out_of_memory", rows[0])
	}
	j.expect(t, 0, "retry --wait")
	if rows := j.results(t); rows[0].State != "done" {
		t.Errorf("after the retry: got %+v", rows[0])
	}
}
