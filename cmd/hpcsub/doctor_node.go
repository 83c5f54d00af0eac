package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hpcsub/slurm"
	"hpcsub/worker"
)

// tools says what this machine has of what strategies run. Jobs run on nodes, which may have other things.
func (d *doctor) tools(ctx context.Context) {
	d.toolList("tools of this machine", worker.Probe(ctx))
}

func (d *doctor) toolList(area string, t worker.Tools) {
	switch p := t.Parallel; {
	case p.Problem != "":
		d.warn(area, "load or install GNU Parallel; the other ways do without", "%s", p.Problem)
	case p.Path == "":
		d.note(area, "no GNU Parallel: the strategy gnu-parallel cannot be used, unless a module brings it")
	default:
		d.found(area, "GNU Parallel %s, %s", p.Version, p.Path)
	}
	switch p := t.Python; {
	case p.Path == "":
		d.note(area, "no python3: functions (function = …) need one, from a module or a venv")
	case p.Problem != "":
		d.warn(area, "", "%s: %s", p.Path, p.Problem)
	default:
		var has, lacks []string
		for _, m := range t.Packages {
			if m.Version == "" {
				lacks = append(lacks, m.Name)
			} else {
				has = append(has, m.Name+" "+m.Version)
			}
		}
		text := fmt.Sprintf("Python %s, %s", p.Version, p.Path)
		if len(has) > 0 {
			text += ", with " + strings.Join(has, ", ")
		}
		if len(lacks) > 0 {
			text += "; without " + strings.Join(lacks, ", ")
		}
		d.found(area, "%s", text)
	}
	if t.System != "" {
		d.found(area, "modules: %s", strings.TrimSpace(t.System))
	}
	if n := len(t.GPU.Devices); n > 0 {
		d.found(area, "%s: %s", count(n, "GPU"), t.GPU.Devices[0].Model)
	} else {
		d.note(area, "no GPUs: %s", t.GPU.Reason)
	}
}

// nodeRequest is the job that looks at a node.
type nodeRequest struct{ dir, partition, account string }

// A node is waited for this long; and for what it wrote to be seen here, which NFS may delay.
const (
	nodeWait = 2 * time.Minute
	nodeLag  = 30 * time.Second
)

// node submits a job of one CPU that looks at the node which it comes to.
func (d *doctor) node(ctx context.Context, out *output, p *place, r nodeRequest) {
	const area = "a node"
	if p.client == nil || d.code != 0 {
		d.note(area, "not looked at: the problems above come first")
		return
	}
	t, err := askNode(ctx, out, p.client, r)
	if err != nil {
		d.broken(exitCodeOf(err), area, "hpcsub doctor --node --partition NAME looks at another node", "%v", err)
		return
	}
	if t.Folder == "" {
		d.broken(exitInfeasible, area, "work in a folder that the nodes share", "%s does not see %s", t.Host, r.dir)
	} else {
		d.found(area, "%s (%s) sees this folder, and runs hpcsub", t.Host, t.Arch)
	}
	d.toolList(area, t)
}

func exitCodeOf(err error) int {
	if code, _ := classify(err); code == exitSlurm {
		return code
	}
	return exitInfeasible
}

// askNode runs `hpcsub worker probe` on a node, and leaves nothing behind.
func askNode(ctx context.Context, out *output, client slurm.Client, r nodeRequest) (t worker.Tools, err error) {
	work, err := os.MkdirTemp(r.dir, ".hpcsub-doctor-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(work)
	submission, err := nodeScript(work, r)
	if err != nil {
		return t, err
	}
	id, err := client.Submit(ctx, submission)
	if err != nil {
		return t, err
	}
	out.say("Slurm job %s looks at a node; at most %s", id, seconds(nodeWait.Seconds()))
	// Whatever becomes of it, nothing stays in the queue.
	defer client.Cancel(context.WithoutCancel(ctx), []string{id})
	if err := awaitJob(ctx, client, id); err != nil {
		return t, err
	}
	return readNode(ctx, filepath.Join(work, "tools.json"), filepath.Join(work, "log"))
}

// nodeScript writes what runs: a copy of this program, which the nodes see if they see the folder.
func nodeScript(work string, r nodeRequest) (slurm.Submission, error) {
	self, err := os.Executable()
	if err != nil {
		return slurm.Submission{}, err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return slurm.Submission{}, err
	}
	here := filepath.Base(work) // a path without a space in it, from where the job starts
	lines := []string{"#!/bin/bash", "#SBATCH --job-name=hpcsub-doctor", "#SBATCH --ntasks=1", "#SBATCH --time=2", "#SBATCH --export=NONE",
		"#SBATCH --output=" + here + "/log"}
	for option, value := range map[string]string{"partition": r.partition, "account": r.account} {
		if value != "" {
			lines = append(lines, "#SBATCH --"+option+"="+value)
		}
	}
	lines = append(lines, "unset SLURM_EXPORT_ENV", fmt.Sprintf("exec %[1]s/hpcsub-probe worker probe %[1]s/seen >%[1]s/tools.json", here), "")
	script := filepath.Join(work, "script.sh")
	for path, content := range map[string][]byte{
		script: []byte(strings.Join(lines, "\n")), filepath.Join(work, "hpcsub-probe"): program, filepath.Join(work, "seen"): []byte("seen\n"),
	} {
		if err := os.WriteFile(path, content, 0o700); err != nil {
			return slurm.Submission{}, err
		}
	}
	return slurm.Submission{Script: script, Dir: r.dir}, nil
}

// awaitJob asks for a job with a growing interval until it has ended.
func awaitJob(ctx context.Context, client slurm.Client, id string) error {
	last, deadline := slurm.Job{State: "PENDING"}, time.Now().Add(nodeWait)
	for wait := time.Second; time.Now().Before(deadline); wait = min(2*wait, 10*time.Second) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		jobs, err := client.Jobs(ctx, slurm.JobQuery{IDs: []string{id}})
		if err != nil {
			return err
		}
		if len(jobs) == 0 || jobs[0].Ended() {
			return nil
		}
		last = jobs[0]
	}
	return fmt.Errorf("the job %s on a node did not end within %s: it is %s (%s), and was cancelled", id, seconds(nodeWait.Seconds()), last.State, cmp.Or(last.Reason, "no reason given"))
}

// readNode reads what the node wrote, once it is seen here.
func readNode(ctx context.Context, path, log string) (t worker.Tools, err error) {
	for deadline := time.Now().Add(nodeLag); ; time.Sleep(200 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err == nil && bytes.HasSuffix(text, []byte("\n")) {
			return t, json.Unmarshal(text, &t)
		}
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		said, _ := os.ReadFile(log)
		if failed := len(bytes.TrimSpace(said)) > 0; failed || time.Now().After(deadline) {
			return t, fmt.Errorf("the job has ended and told nothing: does the node see this folder? It said %q", one(string(bytes.TrimSpace(said)), 300))
		}
	}
}
