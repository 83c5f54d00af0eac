// Package regret answers: is the choice right? It runs each of many workloads on containerised Slurm in every way
// that is feasible, from the submission to the last result, and holds hpcsub's choice against the best one seen, and
// what was predicted against what came. `make regret` runs it; docs/benchmarks.md has the table.
package regret
