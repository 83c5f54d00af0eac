package sites

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hpcsub/slurm"
	"hpcsub/strategies"
)

// Facts are what was found of a cluster, for a first site.toml.
type Facts struct {
	Cluster  *slurm.Cluster
	Modules  []string // as `module -t avail` lists them
	Networks []string // interfaces of the machine that one is on
}

// Init writes a site.toml that is right for a cluster: what was seen stands as it is, what an administrator has to decide
// stands behind a #, with what there is to choose from.
func Init(f Facts) string {
	var b strings.Builder
	say := func(format string, a ...any) { fmt.Fprintf(&b, format, a...) }
	c := f.Cluster
	say("# site.toml of %s, as `hpcsub site init` saw it.\n", of(c))
	say("# `hpcsub site check` tries it, `hpcsub site show --origin` shows what holds, and\n")
	say("# docs/admin.md says what every key means. What begins with # is for you to decide.\n\n")
	say("name = %s\n", quoted(c.Name))
	say("#contact = \"help@example.org\"               # stands in every message about a rule\n")
	say("#documentation = \"https://example.org/hpc\"\n")
	say("#locked = [\"slurm.account\"]                 # keys, or tables, that users may not change\n\n")
	if fast := fastest(f.Networks); fast != "" {
		say("interface = %s                            # seen on this machine, among %s\n", quoted(fast), strings.Join(f.Networks, ", "))
	} else {
		say("#interface = \"ib0\"                          # seen on this machine: %s\n", cmp.Or(strings.Join(f.Networks, ", "), "none"))
	}
	say("#runs_dir = \"/scratch/{user}/hpcsub\"        # nodes must see it; else runs are kept beside their job.toml\n")
	say("#scratch = \"/scratch/{user}\"                # HPCSUB_SCRATCH in every script\n")
	if trial := trialPartition(c); trial != "" {
		say("trial_partition = %s                      # the usable partition for the shortest jobs\n", quoted(trial))
	}
	say("\n[slurm]                                      # for jobs that do not say it\n")
	if accounts := accountsOf(c); len(accounts) > 0 {
		say("#account = %s                             # you may charge: %s; each user has a default in Slurm\n", quoted(accounts[0]), strings.Join(accounts, ", "))
	}
	for _, p := range c.Partitions {
		if p.Default {
			say("#partition = %s                           # Slurm's own default; without it hpcsub chooses among all that a user may use\n", quoted(p.Name))
		}
	}
	if names := qosOf(c); len(names) > 0 {
		say("#qos = %s                                 # there are: %s\n", quoted(names[0]), strings.Join(names, ", "))
	}
	say("\n[modules]                                    # scripts load what they need of these\n")
	for _, tool := range tools {
		if found := newestModule(f.Modules, tool.pattern); found != "" {
			say("%s = %s\n", tool.name, quoted(found))
		} else {
			say("#%s = %q                 # none was seen\n", tool.name, tool.example)
		}
	}
	for _, p := range c.Partitions {
		say("\n[partitions.%s]\npurpose = %s\n", key(p.Name), quoted(purpose(c, p)))
		if why := cmp.Or(p.WhyNot, map[bool]string{true: "its name says that it is for tests"}[isForTests(p.Name)]); why != "" {
			say("#named_only = true                           # %s\n", oneLine(why))
		}
	}
	say("\n#[charges]                                  # of an hour, of what is allocated\n#cpu_hour = 0.01\n#gpu_hour = 0.5\n#currency = \"£\"\n")
	say("\n#[policy]\n")
	if n := c.Limits.MaxArraySize; n != nil {
		say("#max_array_tasks = %d                        # Slurm's MaxArraySize is %d; longer arrays are split\n", min(1000, *n-1), *n)
	}
	say("#shortest_task = \"5m\"                        # shorter items share an array task\n")
	say("#max_throttle = 100                          # array tasks of one run at once\n")
	say("#job_starts_per_minute = 60                  # of one run; the scheduler looks for work every %s\n", strategies.InWords(strategies.Period(c.Scheduler)))
	say("#forbid = [\"array\"]\n#prefer = [\"packed\"]\n#require = [\"slurm.account\"]\n")
	return aligned(b.String())
}

// of names a cluster, with its Slurm where it has one.
func of(c *slurm.Cluster) string {
	if c.Version == "" {
		return c.Name
	}
	return c.Name + " (Slurm " + c.Version + ")"
}

var commented = regexp.MustCompile(`(?m)^(\S.*?\S)  +# (.*)$`)

// aligned puts the comments behind keys below one another.
func aligned(text string) string {
	return commented.ReplaceAllStringFunc(text, func(line string) string {
		m := commented.FindStringSubmatch(line)
		return fmt.Sprintf("%-38s  # %s", m[1], m[2])
	})
}

var tools = []struct {
	name, example string
	pattern       *regexp.Regexp
}{
	{"python", "python/3.11", regexp.MustCompile(`(?i)^(.*/)?python3?(/|$)`)},
	{"parallel", "parallel/20230422", regexp.MustCompile(`(?i)^(.*/)?(gnu-?)?parallel(/|$)`)},
	{"pathos", "pathos/0.3.2", regexp.MustCompile(`(?i)^(.*/)?pathos(/|$)`)},
	{"dask", "dask/2024.8", regexp.MustCompile(`(?i)^(.*/)?dask(/|$)`)},
	{"mpi", "openmpi/4.1.5", regexp.MustCompile(`(?i)^(.*/)?(openmpi|mpich|mvapich2?)(/|$)`)},
}

// newestModule is the default version of a tool, else the highest.
func newestModule(all []string, pattern *regexp.Regexp) string {
	best := ""
	for _, m := range all {
		name := strings.TrimSpace(strings.NewReplacer("(default)", "", "<D>", "", "(D)", "").Replace(m))
		if !pattern.MatchString(name) || strings.HasSuffix(m, ":") || strings.HasSuffix(m, "/") {
			continue
		}
		if name != strings.TrimSpace(m) { // marked
			return name
		}
		if best == "" || laterVersion(name, best) {
			best = name
		}
	}
	return best
}

var numbers = regexp.MustCompile(`\d+`)

func laterVersion(a, b string) bool {
	x, y := numbers.FindAllString(a, -1), numbers.FindAllString(b, -1)
	return slices.CompareFunc(x, y, func(m, n string) int {
		i, _ := strconv.Atoi(m)
		j, _ := strconv.Atoi(n)
		return cmp.Compare(i, j)
	}) > 0
}

// fastest is the interface whose name says that it is of a fast network.
func fastest(all []string) string {
	for _, prefix := range []string{"hsn", "ib", "opa"} {
		for _, name := range all {
			if strings.HasPrefix(name, prefix) {
				return name
			}
		}
	}
	return ""
}

func isForTests(name string) bool {
	low := strings.ToLower(name)
	for _, word := range []string{"debug", "test", "dev", "interactive"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return false
}

// trialPartition is the usable one with the shortest limit, those that are for tests first.
func trialPartition(c *slurm.Cluster) string {
	best := -1
	limit := func(i int) int {
		p := c.Partitions[i]
		if p.TimeLimitS == nil {
			return 1 << 40
		}
		if isForTests(p.Name) {
			return 0
		}
		return *p.TimeLimitS
	}
	for i, p := range c.Partitions {
		if p.Usable && (best < 0 || limit(i) < limit(best)) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return c.Partitions[best].Name
}

// purpose is what can be seen of a partition.
func purpose(c *slurm.Cluster, p slurm.Partition) string {
	cpus, memory := 0, 0
	gpus := map[string]bool{}
	for n := range c.In(p.Name) {
		cpus, memory = max(cpus, n.CPUs), max(memory, n.MemoryMiB)
		for _, g := range n.GRES {
			if g.Name == "gpu" {
				gpus[strings.TrimSpace("GPUs "+g.Type)] = true
			}
		}
	}
	text := fmt.Sprintf("%d nodes of up to %d CPUs and %d GiB", p.Nodes, cpus, memory/1024)
	if p.Nodes == 1 {
		text = fmt.Sprintf("1 node of %d CPUs and %d GiB", cpus, memory/1024)
	}
	if len(gpus) > 0 {
		text += ", " + strings.Join(slices.Sorted(maps.Keys(gpus)), ", ")
	}
	if p.TimeLimitS != nil {
		text += ", at most " + strategies.InWords(float64(*p.TimeLimitS))
	}
	return text
}

func accountsOf(c *slurm.Cluster) []string {
	var all []string
	for _, a := range c.Limits.Associations {
		if !slices.Contains(all, a.Account) {
			all = append(all, a.Account)
		}
	}
	return all
}

func qosOf(c *slurm.Cluster) []string {
	var all []string
	for _, q := range c.Limits.QOS {
		all = append(all, q.Name)
	}
	return all
}

// quoted is text as TOML has it, on one line.
func quoted(text string) string { return strconv.Quote(oneLine(text)) }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func key(name string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}
