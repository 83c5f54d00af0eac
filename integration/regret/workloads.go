package regret

const (
	long  = "[slurm]\npartition = \"long\"\n"
	short = "[slurm]\npartition = \"short\"\n"
	two   = "[limits]\ncpus = 2\n" // as many as the machine below the lab really has
)

// Workloads are all of them. None is taken out because the choice for it was wrong.
func Workloads() []Workload {
	return []Workload{
		// How many items, and how long.
		{Name: "one", Items: 1, Seconds: 5, About: "one item"},
		{Name: "three-tiny", Items: 3, Seconds: 0.1, About: "hardly any work", Quick: true},
		{Name: "seven", Items: 7, Seconds: 20, About: "few long items"},
		{Name: "forty-long", Items: 40, Seconds: 30, TOML: long, About: "items of half a minute"},
		{Name: "short-300", Items: 300, Seconds: 1, About: "items of a second", Quick: true},
		{Name: "short-640", Items: 640, Seconds: 1, TOML: long, About: "the same on 64 cores"},
		{Name: "tenths-2000", Items: 2000, Seconds: 0.1, TOML: long, About: "a tenth of a second"},
		{Name: "tiny-20000", Items: 20000, Seconds: 0.01, TOML: "[limits]\ncpus = 4\n", About: "10 ms; few CPUs, since each start costs a real one 2 ms"},
		// How even.
		{Name: "tail-640", Items: 640, Seconds: 0.5, Tail: true, Tried: 32, TOML: long, About: "heavy tail, many"},
		{Name: "tail-48", Items: 48, Seconds: 4, Tail: true, Tried: 12, About: "heavy tail, few"},
		{Name: "tail-declared", Items: 200, Seconds: 1, Tail: true, About: "heavy tail of which only the mean is known"},
		// What the cluster is doing.
		{Name: "scattered-even", Items: 120, Seconds: 2, TOML: long, State: scattered},
		{Name: "scattered-tail", Items: 60, Seconds: 4, Tail: true, Tried: 12, TOML: long, State: scattered},
		{Name: "scattered-long", Items: 30, Seconds: 10, Tail: true, Tried: 8, TOML: long, State: scattered},
		{Name: "few-free", Items: 40, Seconds: 3, Tail: true, Tried: 10, TOML: long, State: fewFree},
		{Name: "leaving", Items: 100, Seconds: 5, TOML: long, State: leaving, About: "what is busy becomes free"},
		{Name: "leaving-tail", Items: 80, Seconds: 5, Tail: true, Tried: 12, TOML: long, State: leaving},
		{Name: "hole", Items: 56, Seconds: 15, TOML: long, State: hole, About: "a hole for backfill"},
		{Name: "hole-short", Items: 150, Seconds: 1, TOML: long, State: hole},
		// What limits it.
		{Name: "qos-cap", Items: 160, Seconds: 1.5, TOML: "[slurm]\npartition = \"long\"\nqos = \"fast\"\n", About: "16 CPUs and 50 jobs a user"},
		{Name: "qos-cap-tail", Items: 48, Seconds: 5, Tail: true, Tried: 12, TOML: "[slurm]\nqos = \"fast\"\n", About: "the same, heavy tail, two nodes of 8"},
		{Name: "memory", Items: 90, Seconds: 4, TOML: "memory = \"6000MiB\"\n" + long, About: "memory holds 2, 2, 10 and 21 items"},
		{Name: "memory-tail", Items: 48, Seconds: 5, Tail: true, Tried: 12, TOML: "memory = \"12000MiB\"\n" + long, About: "memory holds 1, 1, 5 and 10 items"},
		{Name: "wide", Items: 50, Seconds: 3, TOML: "cpus = 4\n" + long, About: "4 CPUs an item, nodes of 8, 8, 32, 32"},
		{Name: "wide-tail", Items: 40, Seconds: 4, Tail: true, Tried: 10, TOML: "cpus = 6\n" + long, About: "6 CPUs an item: 1, 1, 5 and 5 items a node"},
		{Name: "exclusive", Items: 160, Seconds: 2, TOML: long, State: whole, About: "whole nodes of 8, 8, 32, 32"},
		{Name: "exclusive-few", Items: 8, Seconds: 10, TOML: long, State: whole, About: "whole nodes, few long items"},
		{Name: "limits", Items: 100, Seconds: 2, TOML: "[limits]\ncpus = 10\n", About: "limits.cpus"},
		{Name: "cost", Items: 100, Seconds: 3, Cost: true, About: "CPU-hours are to be least"},
		{Name: "cost-tail", Items: 24, Seconds: 6, Tail: true, Tried: 8, Cost: true, TOML: long, About: "the same, heavy tail"},
		// What needs a real CPU.
		{Name: "burn", Items: 40, Seconds: 1, Work: Burn, TOML: two},
		{Name: "burn-short", Items: 300, Seconds: 0.05, Work: Burn, TOML: two, Tried: 10, About: "the interpreter's start is a third"},
		{Name: "burn-tail", Items: 60, Seconds: 0.6, Tail: true, Work: Burn, Tried: 12, TOML: two},
		{Name: "burn-one", Items: 1, Seconds: 8, Work: Burn},
		{Name: "stream", Items: 40, Seconds: 0.8, Work: Stream, Tried: 5, Memory: "300MiB", TOML: two, About: "memory bandwidth"},
		{Name: "stream-short", Items: 120, Seconds: 0.15, Work: Stream, Tried: 10, Memory: "300MiB", TOML: two, About: "memory bandwidth, short"},
		// Calls of a Python function.
		{Name: "calls-500", Items: 500, Seconds: 0.05, Work: Nap, About: "short calls", Quick: true, Needs: functions},
		{Name: "calls-5000", Items: 5000, Seconds: 0.02, Work: Nap, TOML: long, About: "very many short calls", Needs: functions},
		{Name: "calls-tail", Items: 400, Seconds: 0.5, Tail: true, Tried: 20, Work: Nap, TOML: long, Needs: functions},
		{Name: "calls-long", Items: 24, Seconds: 8, Work: Nap, TOML: long, Needs: functions},
		{Name: "calls-burn", Items: 200, Seconds: 0.05, Work: BurnCall, TOML: two, Needs: functions},
		// Graphics cards, and programs that are parallel themselves.
		{Name: "gpus", Items: 12, Seconds: 4, TOML: "gpus = 1\n", About: "4 GPUs on one node", Needs: gpus},
		{Name: "gpu-calls", Items: 24, Seconds: 2, Work: Nap, TOML: "gpus = 1\n", Needs: gpus},
		{Name: "mpi", Items: 4, Seconds: 5, TOML: "cpus = 8\nparallel = \"mpi\"\n" + long, Needs: programs},
		{Name: "threads", Items: 30, Seconds: 3, TOML: "cpus = 8\nparallel = \"threads\"\n" + long, About: "8 threads an item"},
	}
}

// What is not built in every hpcsub: a workload that needs it and cannot be planned is listed as not yet run.
const (
	functions = "the strategies pathos and dask"
	gpus      = "GPUs in a request"
	programs  = "programs over MPI ranks"
)
