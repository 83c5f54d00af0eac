package items

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// RunDir is the folder of a run. Its methods, and those of AttemptDir, are the only place that
// knows what the files are called.
type RunDir string

func (d RunDir) file(name ...string) string {
	return filepath.Join(append([]string{string(d)}, name...)...)
}

// File is run.json, written once.
func (d RunDir) File() string { return d.file("run.json") }

// Items is the frozen list, one item a line.
func (d RunDir) Items() string { return d.file("items.jsonl") }

// Offsets says where each line of Items begins.
func (d RunDir) Offsets() string { return d.file("items.offsets") }

// AttemptsDir holds the attempts, each in a folder that is called by its number.
func (d RunDir) AttemptsDir() string { return d.file("attempts") }

// Attempt is the folder of attempt n, counted from 1.
func (d RunDir) Attempt(n int) AttemptDir {
	return AttemptDir(d.file("attempts", strconv.Itoa(n)))
}

// Attempts lists the attempts in order. Folders that are still being made have other names.
func (d RunDir) Attempts() ([]AttemptDir, error) {
	entries, err := os.ReadDir(d.AttemptsDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the attempts: %w", err)
	}
	var numbers []int
	for _, e := range entries {
		if n, ok := number(e.Name()); ok && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	dirs := make([]AttemptDir, len(numbers))
	for i, n := range numbers {
		dirs[i] = d.Attempt(n)
	}
	return dirs, nil
}

// number reads digits as they are written in file names: no sign, no leading zero.
func number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && strconv.Itoa(n) == text && n >= 0
}

// AttemptDir is the folder of one submission of (the rest of) a run.
type AttemptDir string

func (d AttemptDir) file(name ...string) string {
	return filepath.Join(append([]string{string(d)}, name...)...)
}

// Make makes the attempt's folder and those in it, closed to others.
func (d AttemptDir) Make() error {
	for _, dir := range []string{string(d), d.ClaimsDir(), d.OffersDir(), d.ResultsDir(), d.LogsDir(), d.SlurmDir(), d.BadNodesDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making the attempt's folder: %w", err)
		}
	}
	return nil
}

// Number is the attempt's, from its folder's name; 0 for a folder that is still being made.
func (d AttemptDir) Number() int {
	n, _ := number(filepath.Base(string(d)))
	return n
}

// Run is the folder of the attempt's run.
func (d AttemptDir) Run() RunDir { return RunDir(filepath.Dir(filepath.Dir(string(d)))) }

// Work is work.json: all that a worker needs to know.
func (d AttemptDir) Work() string { return d.file("work.json") }

// Plan is plan.json: what the choice was made from, and the choice.
func (d AttemptDir) Plan() string { return d.file("plan.json") }

// Intent is attempt.json: what is to be submitted, written before Slurm hears of it.
func (d AttemptDir) Intent() string { return d.file("attempt.json") }

// Submissions is what became of each sbatch call, appended.
func (d AttemptDir) Submissions() string { return d.file("submissions.jsonl") }

// Order holds the items of all parts, one part after the other.
func (d AttemptDir) Order() string { return d.file("order") }

// Parts says which lines of Order belong to each part.
func (d AttemptDir) Parts() string { return d.file("parts") }

// Chunks says which lines of Order are taken together, where all parts share one queue; else there is none.
func (d AttemptDir) Chunks() string { return d.file("chunks") }

// Script is what submission k, from 0, hands to Slurm.
func (d AttemptDir) Script(k int) string {
	if k == 0 {
		return d.file("script.sh")
	}
	return d.file(fmt.Sprintf("script-%d.sh", k+1))
}

// ClaimsDir holds the claims of parts and of chunks.
func (d AttemptDir) ClaimsDir() string { return d.file("claims") }

// Claim is the symlink that says which Slurm job runs a part.
func (d AttemptDir) Claim(part int) string { return d.file("claims", strconv.Itoa(part)) }

// ClaimOfChunk is the symlink that says which Slurm job runs a chunk of the queue. Parts have names without a dash.
func (d AttemptDir) ClaimOfChunk(k Chunk) string { return d.file("claims", k.String()) }

// OffersDir holds a file for each chunk that was given back.
func (d AttemptDir) OffersDir() string { return d.file("offers") }

// ResultsDir holds the records.
func (d AttemptDir) ResultsDir() string { return d.file("results") }

// Results is the file of records that one worker writes: of one part, in one life of its Slurm job.
func (d AttemptDir) Results(part, restart int) string {
	return d.file("results", fmt.Sprintf("%d.%d.jsonl", part, restart))
}

// LogsDir holds what the items print.
func (d AttemptDir) LogsDir() string { return d.file("logs") }

// Log is where a worker's slot keeps what its items print; stream is "out" or "err".
func (d AttemptDir) Log(w Writer, slot int, stream string) string {
	return d.file("logs", fmt.Sprintf("%d.%d.%d.%s", w.Part, w.Restart, slot, stream))
}

// Values is where a worker's slot keeps returned values that are long, or no JSON.
func (d AttemptDir) Values(w Writer, slot int) string { return d.Log(w, slot, "values") }

// Python is a driver of the attempt, as it was when the attempt was made.
func (d AttemptDir) Python(name string) string { return d.file("python", name) }

// Meeting is where the processes of one life of a Slurm job find each other and their keys.
func (d AttemptDir) Meeting(job string, restart int) string {
	return d.file("meetings", fmt.Sprintf("%s.%d", job, restart))
}

// SlurmDir holds Slurm's own output files.
func (d AttemptDir) SlurmDir() string { return d.file("slurm") }

// SlurmLog is the --output of submission scripts, in Slurm's own notation.
func (d AttemptDir) SlurmLog() string { return d.file("slurm", "slurm-%A_%a.log") }

// Ranks is the folder in which the ranks of an MPI item find what to run and tell how they ended, for one slot of a
// worker, while an item runs there.
func (d AttemptDir) Ranks(part, slot int) string {
	return d.file("ranks", fmt.Sprintf("%d.%d", part, slot))
}

// MPIType says which of srun's types of MPI was found to work.
func (d AttemptDir) MPIType() string { return d.file("mpi") }

// Trial is the rules of a trial, where the attempt is one.
func (d AttemptDir) Trial() string { return d.file("trial.json") }

// Measurements is what a trial measured, a line each, written as they come.
func (d AttemptDir) Measurements() string { return d.file("measurements.jsonl") }

// Compared is how a trial's way to run a sample did beside another, written once both have ended.
func (d AttemptDir) Compared() string { return d.file("compared.json") }

// Aside is a file that exists while items of a trial, or of a way that is compared, may write what those of a run write, and
// earlier outputs wait for them; who follows it touches it.
func (d AttemptDir) Aside() string { return d.file("aside") }

// Machine says on which node a trial ran, and which tools that has.
func (d AttemptDir) Machine() string { return d.file("machine.json") }

// Profile is where the time of a profiled run went, function by function.
func (d AttemptDir) Profile() string { return d.file("profile.json") }

// Picture is the profile as a picture.
func (d AttemptDir) Picture() string { return d.file("profile.svg") }

// Made holds the outputs of a trial's runs.
func (d AttemptDir) Made(run int) string { return d.file("outputs", strconv.Itoa(run)) }

// Stop is a file that exists when the attempt takes no more items. It says why.
func (d AttemptDir) Stop() string { return d.file("stop") }

// BadNodesDir holds a file for each node that was named bad.
func (d AttemptDir) BadNodesDir() string { return d.file("badnodes") }

// BadNode says why a node was left.
func (d AttemptDir) BadNode(node string) string { return d.file("badnodes", node) }

// Writer is who writes one file of records: the worker of a part, in one life of its Slurm job.
type Writer struct {
	Attempt int
	Part    int
	Restart int
}

// parseResults reads the name of a file of records.
func parseResults(name string) (part, restart int, ok bool) {
	stem, isResults := strings.CutSuffix(name, ".jsonl")
	first, second, two := strings.Cut(stem, ".")
	part, ok1 := number(first)
	restart, ok2 := number(second)
	return part, restart, isResults && two && ok1 && ok2
}
