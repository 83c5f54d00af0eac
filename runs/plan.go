package runs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"hpcsub/configs"
	"hpcsub/slurm"
	"hpcsub/strategies"
	"hpcsub/templates"
)

// asks is how many candidates Slurm is asked to validate, unless it refuses them all. A plan costs
// the controller six calls, of which this is one.
const asks = 1

// machines are Go's names of processors as uname -m has them: the nodes run a copy of this program.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64le"}

// NewInput is what a choice for this job depends on, before Slurm was asked about candidates.
func NewInput(job *configs.Job, items int, cluster *slurm.Cluster) strategies.Input {
	in := strategies.Input{
		Job: job.Name, Items: items, RankCPUs: job.RankCPUs(), Each: job.Each, Limits: job.Limits, Plan: job.Plan, Slurm: job.Slurm,
		Cluster: cluster, Local: cluster.Client == "local", Arch: machines[runtime.GOARCH],
	}
	switch {
	case job.Work.Function != "":
		in.Function, in.Program = true, strings.ReplaceAll(job.Work.Function, ":", ".")
	case len(job.Work.Command) > 0:
		in.Program = filepath.Base(job.Work.Command[0])
	default:
		in.Program = "a line of bash"
	}
	return in
}

// Choose plans twice: first without asking, then with Slurm's answer for the best few, so
// that what Slurm would refuse is not chosen. With a nil client it plans once.
func Choose(ctx context.Context, client slurm.Client, in strategies.Input, env configs.Environment) (strategies.Input, strategies.Plan, error) {
	plan := strategies.Choose(in)
	if client == nil || in.Local || plan.Chosen == nil {
		return in, plan, nil
	}
	asked, taken := map[string]bool{}, false
	for _, c := range plan.Candidates {
		if asked[c.Strategy] || taken && len(asked) >= asks {
			continue
		}
		asked[c.Strategy] = true
		guess, err := ask(ctx, client, in, plan, c, env)
		if err != nil {
			return in, plan, err
		}
		in.Starts = append(in.Starts, guess)
		taken = taken || guess.Refused == ""
	}
	return in, strategies.Choose(in), nil
}

// ask has Slurm validate one candidate with sbatch --test-only.
func ask(ctx context.Context, client slurm.Client, in strategies.Input, plan strategies.Plan, c strategies.Candidate, env configs.Environment) (strategies.Guess, error) {
	guess := strategies.Guess{Strategy: c.Strategy}
	script, err := testScript(in, plan, c, env)
	defer os.Remove(script) // also one that a full disk has cut
	if err != nil {
		return guess, err
	}
	guess.Start, err = client.StartTime(ctx, slurm.Submission{Script: script, Dir: os.TempDir()})
	var no *slurm.RefusedError
	if errors.As(err, &no) {
		guess.Refused, err = inOneLine(no.Words), nil
	}
	return guess, err
}

// inOneLine joins the lines of what somebody printed.
func inOneLine(words string) string {
	var lines []string
	for line := range strings.Lines(words) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// testScript writes the candidate's script as it would be submitted, with names that mean nothing.
func testScript(in strategies.Input, plan strategies.Plan, c strategies.Candidate, env configs.Environment) (string, error) {
	s := scriptFor(in, plan, c)
	s.Environment = env
	text, err := templates.Render(s)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp("", "hpcsub-plan-*.sh")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	return f.Name(), errors.Join(err, f.Close())
}

// scriptFor is the part of a script that the plan decides; the rest holds names that stand for
// a run which is not there yet.
func scriptFor(in strategies.Input, plan strategies.Plan, c strategies.Candidate) templates.Script {
	s := templates.Script{
		Hpcsub: "hpcsub", Run: in.Job + "-RUN", JobFile: "job.toml", Dir: ".", Attempt: "/RUN/attempts/1",
		JobName: in.Job, Comment: in.Job, LogDir: "/RUN/attempts/1/slurm",
		Strategy: c.Strategy, Request: c.Request, Layout: c.Layout, Items: in.Items,
		SlurmVersion: in.Cluster.Version, KillWaitS: in.Cluster.Scheduler.KillWaitS,
		Function: in.Function, Site: in.Site, Slurm: in.Slurm, Exclude: in.Exclude, Interface: in.Interface, Why: plan.Why, Estimate: estimateLine(c.Estimate),
	}
	if len(c.Layout.Submissions) > 0 {
		s.Range = c.Layout.Submissions[0]
	}
	return s
}

// estimateLine is the prediction as a script's header has it.
func estimateLine(e strategies.Estimate) string {
	text := fmt.Sprintf("Expected: %s (%s to %s), %.2g CPU-hours", strategies.InWords(e.Makespan),
		strategies.InWords(e.MakespanLow), strategies.InWords(e.MakespanHigh), e.CPUHours)
	if e.GPUHours > 0 {
		text += fmt.Sprintf(", %.2g GPU-hours", e.GPUHours)
	}
	return text + "."
}

// Preview renders the script of a plan's chosen candidate without making a run.
func Preview(job *configs.Job, in strategies.Input, plan strategies.Plan, p Program) (string, error) {
	s := scriptFor(in, plan, *plan.Chosen)
	root := Root(job.Dir)
	s.Hpcsub, s.Version, s.Token = p.Path, p.Version, "TOKEN"
	s.JobFile, s.Dir, s.Environment = job.Path, job.Dir, job.Environment
	s.Attempt = filepath.Join(root, s.Run, "attempts", "1")
	s.LogDir = filepath.Join(s.Attempt, "slurm")
	return templates.Render(s)
}
