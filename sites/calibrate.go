// Package sites answers: what does the admin do? It measures what it takes to run things on a cluster, for the
// site.toml that holds for everybody.
package sites

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hpcsub/configs"
	"hpcsub/runs"
	"hpcsub/slurm"
)

// Calibration measures how jobs and arrays start on a cluster, with some 120 jobs of one CPU that do nothing.
type Calibration struct {
	Client slurm.Client
	Dir    string // shared with the nodes; what is written there stays when it does not end well
	Period float64
	Slurm  configs.SlurmKeys // account, partition, QOS of its jobs
	Say    func(string)      // progress
	// What the runs of the tools need.
	Cluster *slurm.Cluster
	Program runs.Program
	Modules configs.Tools
	// Interface is the network between nodes, for what runs over two; "" = any.
	Interface string
}

// The jobs of a calibration.
const (
	chainTasks = 12 // one after another: each waits for the tick that finds its place free
	burstTasks = 48 // as many at once as there is room for: how fast a tick starts them
	burstWidth = 16
	crowds     = 5
	crowdTasks = 12 // at once, as hpcsub's parts start
	singles    = 5
	steps      = 5
)

// Run submits the jobs, waits for them and returns what they cost.
func (c Calibration) Run(ctx context.Context) (configs.CostRange, error) {
	var m marks
	c.Say(fmt.Sprintf("an array of %d tasks, one at a time, then one of %d, %d at a time", chainTasks, burstTasks, burstWidth))
	var err error
	if _, m.chain, err = c.measure(ctx, "chain", chainTasks, c.chainScript()); err != nil {
		return configs.CostRange{}, err
	}
	if _, m.burst, err = c.measure(ctx, "burst", burstTasks, c.script("burst", fmt.Sprintf("--array=0-%d%%%d", burstTasks-1, burstWidth), mark)); err != nil {
		return configs.CostRange{}, err
	}
	c.Say(fmt.Sprintf("%d arrays of %d tasks at once", crowds, crowdTasks))
	for i := range crowds {
		name := fmt.Sprintf("crowd%d", i)
		_, started, err := c.measure(ctx, name, crowdTasks, c.script(name, fmt.Sprintf("--array=0-%d\n#SBATCH --export=NONE", crowdTasks-1), mark))
		if err != nil {
			return configs.CostRange{}, err
		}
		m.crowd = append(m.crowd, started)
	}
	c.Say(fmt.Sprintf("%d jobs, one after another, and %d steps in a job", singles, steps))
	for i := range singles {
		// Each is submitted when the one before has begun, at a tick: so that they come at any time within a period, each waits a little more.
		if err := wait(ctx, time.Duration(float64(i)/singles*c.Period*float64(time.Second))); err != nil {
			return configs.CostRange{}, err
		}
		name := fmt.Sprintf("single%d", i)
		submitted, started, err := c.measure(ctx, name, 1, c.script(name, "--ntasks=1", mark))
		if err != nil {
			return configs.CostRange{}, err
		}
		m.waits = append(m.waits, started[0].begin-submitted)
	}
	if _, m.steps, err = c.measure(ctx, "steps", steps, c.script("steps", "--ntasks=1", stepMarks)); err != nil {
		return configs.CostRange{}, err
	}
	return m.costs()
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// mark writes down when a task began and ended, in a file of its own: appending to one file is not safe on NFS.
const mark = `b=$(date +%s.%N)
echo "$b $(date +%s.%N)" >"$out.part" && mv "$out.part" "$out"
`

const stepMarks = `for k in 0 1 2 3 4; do
  b=$(date +%s.%N)
  srun --ntasks=1 --mem=0 true || exit
  echo "$b $(date +%s.%N)" >"$name.$k.part" && mv "$name.$k.part" "$name.$k"
done
`

// chainScript has tasks that last from nothing to nearly a period: which of them miss a tick shows for how long an
// ended task holds its place.
func (c Calibration) chainScript() string {
	return c.script("chain", fmt.Sprintf("--array=0-%d%%1", chainTasks-1), fmt.Sprintf(`b=$(date +%%s.%%N)
sleep "$(awk "BEGIN {print %g * ${SLURM_ARRAY_TASK_ID} / %d}")"
echo "$b $(date +%%s.%%N)" >"$out.part" && mv "$out.part" "$out"
`, c.Period, chainTasks))
}

func (c Calibration) script(name, shape, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/bash\n#SBATCH --job-name=hpcsub-calibrate\n#SBATCH %s\n#SBATCH --cpus-per-task=1\n#SBATCH --time=5\n#SBATCH --output=/dev/null\n", shape)
	for _, o := range []struct{ option, value string }{{"account", c.Slurm.Account}, {"partition", c.Slurm.Partition}, {"qos", c.Slurm.QOS}, {"reservation", c.Slurm.Reservation}} {
		if o.value != "" {
			fmt.Fprintf(&b, "#SBATCH --%s=%s\n", o.option, o.value)
		}
	}
	fmt.Fprintf(&b, "name=%s\nout=%s.${SLURM_ARRAY_TASK_ID:-0}\n%s", name, name, body)
	return b.String()
}

// measure submits a script and waits for the marks of its tasks, the first to begin first. submitted is when sbatch
// was called.
func (c Calibration) measure(ctx context.Context, name string, tasks int, script string) (submitted float64, marks []span, err error) {
	path := filepath.Join(c.Dir, name+".sh")
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		return 0, nil, err
	}
	submitted = float64(time.Now().UnixNano()) / 1e9
	id, err := c.Client.Submit(ctx, slurm.Submission{Script: path, Dir: c.Dir})
	if err != nil {
		return 0, nil, err
	}
	var ask pace
	for {
		if marks, err = c.read(name, tasks); err != nil {
			return 0, nil, c.cancel(id, err)
		}
		if len(marks) == tasks {
			return submitted, marks, nil
		}
		if err := wait(ctx, time.Second); err != nil {
			return 0, nil, c.cancel(id, err)
		}
		if !ask.due(time.Now()) {
			continue
		}
		if over, err := c.over(ctx, id); err != nil {
			return 0, nil, c.cancel(id, err)
		} else if over {
			if marks, _ = c.read(name, tasks); len(marks) == tasks {
				return submitted, marks, nil
			}
			return 0, nil, fmt.Errorf("calibrating: Slurm job %s has ended, and only %d of its %d tasks left a mark in %s: do the nodes see this folder?", id, len(marks), tasks, c.Dir)
		}
	}
}

// pace is when Slurm is asked for a job: ever more seldom, since the controller is everybody's. What the job leaves in files
// is looked at in between.
type pace struct {
	next  time.Time
	pause time.Duration
}

// due says whether it is time to ask, and that this is done now.
func (p *pace) due(now time.Time) bool {
	if now.Before(p.next) {
		return false
	}
	p.pause = min(30*time.Second, max(2*time.Second, 3*p.pause/2))
	p.next = now.Add(p.pause)
	return true
}

func (c Calibration) cancel(id string, why error) error {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if err := c.Client.Cancel(ctx, []string{id}); err != nil {
		return fmt.Errorf("%w; cancelling Slurm job %s: %w", why, id, err)
	}
	return why
}

// over says that none of a job's tasks runs or waits any more.
func (c Calibration) over(ctx context.Context, id string) (bool, error) {
	jobs, err := c.Client.Jobs(ctx, slurm.JobQuery{IDs: []string{id}})
	if err != nil {
		return false, err
	}
	alive := func(j slurm.Job) bool {
		return slices.Contains([]string{"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED"}, j.State)
	}
	return len(jobs) > 0 && !slices.ContainsFunc(jobs, alive), nil
}

// read collects the marks that are there.
func (c Calibration) read(name string, tasks int) ([]span, error) {
	var all []span
	for i := range tasks {
		text, err := os.ReadFile(filepath.Join(c.Dir, fmt.Sprintf("%s.%d", name, i)))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var s span
		if _, err := fmt.Sscan(string(text), &s.begin, &s.end); err != nil {
			return nil, fmt.Errorf("calibrating: %s.%d in %s: %w in %q", name, i, c.Dir, err, text)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b span) int {
		if a.begin < b.begin {
			return -1
		}
		return 1
	})
	return all, nil
}
