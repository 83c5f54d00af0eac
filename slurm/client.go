// Package slurm answers: what does Slurm say? It runs Slurm's commands, reads
// their text, and hands back plain Go values in seconds and MiB.
package slurm

import (
	"context"
	"sync/atomic"
	"time"
)

// Client is a way to talk to a cluster: Slurm's own commands (Commands), slurmrestd
// (REST), or this machine as a cluster of one node (package local).
type Client interface {
	// Inspect returns what the cluster has, what is free now and what this user may use.
	Inspect(ctx context.Context, opt InspectOptions) (*Cluster, error)
	// StartTime asks whether Slurm would take the submission and when it guesses it would
	// start. Slurm's guess ignores backfill (LAB.md), so it validates and is shown, never ranked by.
	// The zero time means that the client cannot tell.
	StartTime(ctx context.Context, s Submission) (time.Time, error)
	// Submit hands a script to the cluster once. It never repeats a call. An error that is not
	// a *RefusedError leaves it unknown whether the job was taken: look for its name with Jobs.
	Submit(ctx context.Context, s Submission) (id string, err error)
	// Jobs lists the Slurm jobs that match the query, array tasks one by one.
	Jobs(ctx context.Context, q JobQuery) ([]Job, error)
	// Cancel ends the Slurm jobs with these ids; an id that has ended already is no error.
	Cancel(ctx context.Context, ids []string) error
}

// InspectOptions says how fresh the picture must be.
type InspectOptions struct {
	CacheDir string // where slow-changing answers are kept for an hour; "" = no cache
	Fresh    bool   // ask again whatever the cache holds
	// What only some need. A plan is bound to ten calls, and six warm.
	Whole    bool // everything: switches too, and licences with their use now
	Licenses bool // which licences there are
	Topology bool // which nodes share a switch; not beside Licenses

	cached *atomic.Bool // set where an answer of the last hour served
}

// Submission is one sbatch call.
type Submission struct {
	Script string   // path of the script; everything that Slurm is asked for stands in its #SBATCH lines
	Args   []string // arguments of the script
	Dir    string   // working folder of the call
}

// RefusedError says that Slurm answered and said no: nothing was submitted.
type RefusedError struct {
	Command string // the command as it was run
	Words   string // Slurm's own words, from stderr
}

func (e *RefusedError) Error() string { return e.Command + ": " + e.Words }

// UnknownError says that Slurm did not answer in a way that tells whether it acted:
// a time-out, a lost connection, a signal, or success without a job id.
type UnknownError struct {
	Command string
	Words   string // what was heard, perhaps nothing
}

func (e *UnknownError) Error() string { return e.Command + ": no clear answer: " + e.Words }

// AbsentError says that there is no Slurm here, or that its controller is silent.
type AbsentError struct {
	Command string
	Words   string
}

func (e *AbsentError) Error() string { return e.Command + ": " + e.Words }

// UnreadableError says that a command of Slurm printed what is not understood: a site's banner before its own output,
// other words in place of it, or text that is cut off.
type UnreadableError struct {
	Command string
	Err     error // where it is not understood, with the text
}

func (e *UnreadableError) Error() string {
	return "reading the output of " + e.Command + ": " + e.Err.Error()
}
func (e *UnreadableError) Unwrap() error { return e.Err }

// JobQuery selects Slurm jobs: by id, or (where a reply was lost) by job name.
type JobQuery struct {
	IDs   []string  // array ids stand for all their tasks
	Names []string  // exact job names
	Since time.Time // earliest submission time that accounting is asked for
	Live  bool      // only what the controller knows; accounting is not asked
}

// Job is a Slurm job or one task of a job array.
type Job struct {
	ID        string // as Slurm prints it: "123", or "123_4" for task 4 of an array
	ArrayID   string // "123" for a task of an array and for a plain job alike
	TaskID    int    // index in the array; -1 for a plain job, and for tasks that old Slurms do not list one by one
	Name      string
	State     string // Slurm's spelling: PENDING, RUNNING, COMPLETED, NODE_FAIL …
	Reason    string // Slurm's reason while it waits, "" when there is none
	Partition string
	Nodes     string // node list as Slurm prints it
	ExitCode  int
	Signal    int
	Restarts  int
	Submit    time.Time
	Start     time.Time // planned start while it waits; zero when unknown
	End       time.Time
	Runaway   bool // accounting holds it for alive, and the controller knows nothing of it
}

// Ended says whether the state is final: no process of the job is left to run.
func (j Job) Ended() bool {
	if j.Runaway {
		return true
	}
	switch j.State {
	case "PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "REQUEUED", "REQUEUE_HOLD",
		"REQUEUE_FED", "RESIZING", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED", "RESV_DEL_HOLD":
		return false
	}
	return true
}
