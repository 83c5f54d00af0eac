package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/gpu"
	"hpcsub/slurm"
)

// slurm finds the client, its daemons and the picture of the cluster.
func (d *doctor) slurm(ctx context.Context, c *cli.Command) (*place, error) {
	site, err := readSite()
	if err != nil {
		return nil, err
	}
	name, err := clientName(c, site)
	if err != nil {
		return nil, err
	}
	for _, path := range []string{site.Path, site.User} {
		if path != "" {
			d.found("hpcsub", "site.toml: %s", path)
		}
	}
	if name == "local" {
		d.note("Slurm", "not asked: --cluster local runs jobs on this machine, without it")
		client, err := newClient(name, site)
		if err != nil {
			return nil, err
		}
		cluster, err := client.Inspect(ctx, slurm.InspectOptions{})
		if err != nil {
			return nil, err
		}
		n, gpus := cluster.Nodes[0], "no GPUs"
		if len(n.GRES) > 0 {
			gpus = "GPUs: " + gpuText(n.GRES)
		}
		d.found("this machine", "for jobs there are %s, %s of memory, %s", count(n.CPUs, "CPU"), memory(float64(n.MemoryMiB)), gpus)
		if value, limited := os.LookupEnv(gpu.Variable); limited {
			d.note("this machine", "%s=%q limits the GPUs that jobs may have", gpu.Variable, value)
		}
		return &place{client: client, cluster: cluster}, nil
	}
	commands := commandsOf(site)
	there := d.programs(commands.Programs(), name)
	works := there && d.health(name == "commands", commands.Ping(ctx, true))
	if name == "rest" && !d.slurmrestd(ctx, site, works) || name != "rest" && !works {
		return &place{}, ctx.Err()
	}
	client, cluster, err := inspect(ctx, c, slurm.InspectOptions{CacheDir: cacheDir(), Fresh: true, Whole: true})
	if err != nil {
		d.broken(exitSlurm, "Slurm", cmp.Or(mendUnreadable(err), "see the words above; hpcsub cluster asks again"), "there is no picture of the cluster: %v", err)
		return &place{}, ctx.Err()
	}
	d.found("Slurm", "%s, Slurm %s, through %s", cmp.Or(cluster.Name, "a cluster without a name"), cluster.Version, clientWords(cluster.Client, site))
	for _, what := range cluster.Unknown {
		if !strings.Contains(what, slurm.AskedInstead) { // slurmrestd's own line says why
			d.warn("Slurm", mendUnknown(what), "not known: %s", what)
		}
	}
	d.mpi(ctx, commands)
	return &place{client: client, cluster: cluster}, nil
}

// mendUnknown says what to do about a part of the picture that Slurm did not tell.
func mendUnknown(what string) string {
	switch {
	case strings.Contains(what, "PrivateData"):
		return "the administrators have hidden it; plans count without it"
	case strings.Contains(what, "slurmrestd"):
		return "hpcsub --client commands asks Slurm's commands, which tell more"
	case strings.Contains(what, "keeps no accounting"):
		return "nothing: this site sets no limits by account or QOS"
	case strings.Contains(what, "--fresh"):
		return "hpcsub cluster --fresh; if it stays, tell the administrators"
	}
	return "hpcsub cluster --fresh asks again; plans count without it"
}

func commandsOf(site *configs.Site) *slurm.Commands {
	return newCommands(site).(*slurm.Commands)
}

func clientWords(client string, site *configs.Site) string {
	if client == "rest" {
		return "slurmrestd at " + cmp.Or(os.Getenv("HPCSUB_ADDRESS"), site.Address)
	}
	return "its commands"
}

// programs says where Slurm's commands are. Without those that every run needs, the commands are no way to Slurm.
func (d *doctor) programs(paths map[string]string, client string) bool {
	var missing []string
	folders := map[string][]string{}
	for _, name := range []string{"sbatch", "squeue", "scancel", "scontrol", "sacct", "sacctmgr", "srun"} {
		if dir := filepath.Dir(paths[name]); paths[name] != "" {
			folders[dir] = append(folders[dir], name)
		} else {
			missing = append(missing, name)
		}
	}
	for _, dir := range sortedKeys(folders) {
		d.found("Slurm", "%s in %s", strings.Join(folders[dir], ", "), dir)
	}
	needed := slices.ContainsFunc(missing, func(m string) bool { return slices.Index([]string{"sbatch", "squeue", "scancel", "scontrol"}, m) >= 0 })
	switch {
	case len(missing) == 0:
	case client == "rest":
		d.note("Slurm", "not on PATH: %s; slurmrestd is asked", strings.Join(missing, ", "))
	case needed:
		d.broken(exitSlurm, "Slurm", "log in to a login node of the cluster, or load Slurm's module; hpcsub --cluster local runs jobs on this machine",
			"there is no Slurm here: %s not on PATH", strings.Join(missing, ", "))
	default:
		d.warn("Slurm", "ask the administrators whether they are elsewhere", "not on PATH: %s; what they tell is left unknown", strings.Join(missing, ", "))
	}
	return !needed
}

// health says which daemons answer, and how fast.
func (d *doctor) health(needed bool, all []slurm.Health) bool {
	up := true
	for _, h := range all {
		took := seconds(h.Took.Seconds())
		switch {
		case h.Err == nil && h.Took.Seconds() > 5:
			d.warn("Slurm", "the cluster is busy; ask little of it", "%s answers only after %s: %s", h.Daemon, took, h.Words)
		case h.Err == nil:
			d.found("Slurm", "%s answers in %s: %s", h.Daemon, took, h.Words)
		case mendUnreadable(h.Err) != "" && h.Daemon == "slurmctld" && needed:
			d.broken(exitSlurm, "Slurm", mendUnreadable(h.Err), "%s answers, and is not understood: %v", h.Daemon, h.Err)
			up = false
		case h.Daemon == "slurmctld" && needed:
			d.broken(exitSlurm, "Slurm", "try again in a minute; if that does not help, tell the administrators", "%s does not answer: %v", h.Daemon, h.Err)
			up = false
		default:
			d.warn("Slurm", "jobs run all the same; accounts and limits are not known", "%s does not answer: %v", h.Daemon, h.Err)
			up = up && h.Daemon != "slurmctld"
		}
	}
	return up
}

// slurmrestd asks it. Where it cannot be asked, the commands are, if they work. The result: one of both can be asked.
func (d *doctor) slurmrestd(ctx context.Context, site *configs.Site, commandsWork bool) bool {
	client, err := newREST(site)
	if err != nil {
		_, hints := classify(err)
		d.broken(exitUsage, "Slurm", strings.Join(hints, "; "), "%v", err)
		return false
	}
	h := client.(*slurm.REST).Ping(ctx)
	switch {
	case h.Err == nil:
		d.found("Slurm", "slurmrestd answers in %s: %s", seconds(h.Took.Seconds()), h.Words)
	case commandsWork:
		d.warn("Slurm", "see address and token_file in site.toml; Slurm's commands are used meanwhile", "slurmrestd does not answer: %v", h.Err)
	default:
		d.broken(exitSlurm, "Slurm", "see address and token_file in site.toml", "slurmrestd does not answer, nor do Slurm's commands: %v", h.Err)
	}
	return h.Err == nil || commandsWork
}

// mpi says which ways srun has to start MPI programs.
func (d *doctor) mpi(ctx context.Context, commands *slurm.Commands) {
	if commands.Programs()["srun"] == "" {
		return
	}
	types, err := commands.MPITypes(ctx)
	if err != nil {
		d.warn("Slurm", "programs without MPI run all the same; srun --mpi=list shows what is wrong", "MPI types are not known: %v", err)
		return
	}
	d.found("Slurm", "MPI types of srun: %s", strings.Join(types, ", "))
}

// rights says where this user may run, and as who.
func (d *doctor) rights(ctx context.Context, p *place) {
	const area = "your rights"
	var usable []string
	for _, part := range p.cluster.Partitions {
		if part.Usable {
			usable = append(usable, part.Name+mark(part.Default))
		} else {
			d.note(area, "partition %s is not for you: %s", part.Name, part.WhyNot)
		}
	}
	if len(usable) == 0 {
		d.broken(exitInfeasible, area, "the reasons above say who can change it", "no partition is open to you, %s", p.cluster.User)
	} else {
		d.found(area, "partitions that you, %s, may use: %s", p.cluster.User, strings.Join(usable, ", "))
	}
	for _, a := range p.cluster.Limits.Associations {
		text := "account " + a.Account + mark(a.Default)
		if a.Partition != "" {
			text += " in partition " + a.Partition
		}
		if len(a.QOS) > 0 {
			text += ", QOS " + strings.Join(a.QOS, ", ")
		}
		if a.DefaultQOS != "" {
			text += " (" + a.DefaultQOS + " unless you name one)"
		}
		d.found(area, "%s", text)
	}
	if commands, ok := p.client.(*slurm.Commands); ok && p.cluster.Scheduler.Accounting {
		level, accounts, err := commands.Coordinator(ctx)
		if err == nil && (level != "" && level != "None" || len(accounts) > 0) {
			d.note(area, "you may change limits: administrator's level %s, coordinator of %s", level, cmp.Or(strings.Join(accounts, ", "), "no account"))
		}
	}
}

func mark(isDefault bool) string {
	if isDefault {
		return "*"
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
