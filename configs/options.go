package configs

import (
	"errors"
	"fmt"
	"strings"
)

// taken is an sbatch option that hpcsub sets itself, or that has a key (sbatch(1), 24.11).
type taken struct {
	long  string
	short byte   // 0: none
	key   string // the key of [slurm] that takes the option's value
	use   string // else what serves instead
}

const (
	byLimits  = "hpcsub sets it for the layout that it chooses; [limits] bounds it"
	byMemory  = "hpcsub sets it from each.memory"
	byCPUs    = "hpcsub sets it from each.cpus"
	byTime    = "hpcsub sets it from each.time; limits.time bounds the whole run"
	byGPUs    = "hpcsub sets it from each.gpus"
	byLogs    = "hpcsub keeps the output of each item; `hpcsub logs` shows it"
	byEnv     = "hpcsub sets it; [environment] says what the job is given"
	byRestart = "hpcsub sets it, so that a restarted job goes on where it stopped"
	byAnswer  = "hpcsub reads what sbatch answers; take it out"
	byCluster = "hpcsub submits to the cluster of the machine that it runs on; take it out"
)

// takenOptions are refused by name: an option given twice is one of the two, silently.
var takenOptions = []taken{
	{"account", 'A', "account", ""},
	{"partition", 'p', "partition", ""},
	{"qos", 'q', "qos", ""},
	{"reservation", 0, "reservation", ""},
	{"constraint", 'C', "constraint", ""},

	{"array", 'a', "", `hpcsub numbers the tasks itself; plan.strategy = "array" asks for one task an item`},
	{"job-name", 'J', "", "hpcsub finds its jobs by it; the key name gives its beginning"},
	{"comment", 0, "", "hpcsub finds its jobs by it; take it out"},
	{"output", 'o', "", byLogs},
	{"error", 'e', "", byLogs},
	{"input", 'i', "", "items are given no standard input; name the file in the command"},
	{"open-mode", 0, "", byRestart},
	{"requeue", 0, "", byRestart},
	{"no-requeue", 0, "", byRestart},
	{"time", 't', "", byTime},
	{"time-min", 0, "", byTime},
	{"signal", 0, "", "hpcsub ends items before the time limit; each.timeout ends one item"},
	{"nodes", 'N', "", "hpcsub chooses the nodes; limits.nodes bounds them"},
	{"use-min-nodes", 0, "", byLimits},
	{"ntasks", 'n', "", byLimits},
	{"ntasks-per-node", 0, "", byLimits},
	{"ntasks-per-core", 0, "", byLimits},
	{"ntasks-per-socket", 0, "", byLimits},
	{"ntasks-per-gpu", 0, "", byGPUs},
	{"cpus-per-task", 'c', "", byCPUs},
	{"mincpus", 0, "", byCPUs},
	{"exclusive", 0, "", `hpcsub decides whether nodes are shared; plan.strategy = "gnu-parallel" fills whole nodes`},
	{"oversubscribe", 's', "", byLimits},
	{"overcommit", 'O', "", byCPUs},
	{"mem", 0, "", byMemory},
	{"mem-per-cpu", 0, "", byMemory},
	{"mem-per-gpu", 0, "", byMemory},
	{"gpus", 'G', "", byGPUs},
	{"gpus-per-node", 0, "", byGPUs},
	{"gpus-per-socket", 0, "", byGPUs},
	{"gpus-per-task", 0, "", byGPUs},
	{"cpus-per-gpu", 0, "", byGPUs},
	{"export", 0, "", byEnv},
	{"export-file", 0, "", byEnv},
	{"get-user-env", 0, "", byEnv},
	{"propagate", 0, "", "hpcsub sets it, so that the limits of a login node stay there"},
	{"chdir", 'D', "", "items run in the folder of job.toml"},
	{"wrap", 0, "", "the key command says what runs"},
	{"wait", 'W', "", "`hpcsub submit --wait` waits"},
	{"test-only", 0, "", "`hpcsub plan` asks Slurm this"},
	{"parsable", 0, "", byAnswer},
	{"quiet", 'Q', "", byAnswer},
	{"verbose", 'v', "", byAnswer},
	{"help", 'h', "", byAnswer},
	{"usage", 0, "", byAnswer},
	{"version", 'V', "", byAnswer},
	{"clusters", 'M', "", byCluster},
}

// switches are the short options of sbatch without a value: another may follow in the same word.
const switches = "HkOQvhVW"

// optionsInto reads slurm.options: each is one option that stands in a #SBATCH line as it is.
func optionsInto(dst *[]string) valueReader {
	return func(n *node) error {
		if err := wordsInto(dst)(n); err != nil {
			return err
		}
		var problems []error
		for _, option := range *dst {
			if err := checkOption(option); err != nil {
				problems = append(problems, err)
			}
		}
		return errors.Join(problems...)
	}
}

func checkOption(option string) error {
	dashed := strings.TrimLeft(option, "-")
	switch {
	case dashed == "":
		return fmt.Errorf("%s is no option: write one such as \"--mail-type=END\"", show(option))
	case dashed == option:
		return fmt.Errorf("%s has no dash: write \"--%s\"", show(option), shorten(option))
	}
	name, value, _ := strings.Cut(option, "=")
	if strings.HasPrefix(option, "--") {
		if err := refuseLong(strings.TrimPrefix(name, "--"), value); err != nil {
			return err
		}
	} else if err := refuseShort(option[1:]); err != nil {
		return err
	}
	if bad := unfitForDirective(option); bad != "" {
		return fmt.Errorf("%s has %s in it: write one option a string, its value after =, as in \"--mail-type=END\"", show(option), bad)
	}
	return nil
}

// refuseLong knows an option by its name, or by the beginning of it, which sbatch takes as well.
func refuseLong(name, value string) error {
	name, rest, spaced := strings.Cut(name, " ")
	if spaced && value == "" {
		value = strings.TrimSpace(rest)
	}
	if name == "gres" && !strings.Contains(value, "gpu") {
		return nil // licences of a kind of their own, which hpcsub never asks for
	} else if name == "gres" {
		return refusal("--gres=gpu", "", taken{use: byGPUs})
	}
	for _, t := range takenOptions {
		if name != "" && (name == t.long || strings.HasPrefix(t.long, name) && !isOption(name)) {
			return refusal("--"+t.long, value, t)
		}
	}
	return nil
}

// isOption says whether a name that begins a longer one is an option by itself.
func isOption(name string) bool {
	for _, t := range takenOptions {
		if t.long == name {
			return true
		}
	}
	return false
}

// refuseShort reads a word of short options as getopt does: "-Hc4" is -H and -c 4.
func refuseShort(word string) error {
	for i := range len(word) {
		for _, t := range takenOptions {
			if t.short == word[i] {
				return refusal("-"+word[i:i+1], strings.TrimLeft(word[i+1:], " ="), t)
			}
		}
		if !strings.Contains(switches, word[i:i+1]) {
			return nil // the rest is its value
		}
	}
	return nil
}

func refusal(option, value string, t taken) error {
	if t.key == "" {
		return fmt.Errorf("%s cannot stand here: %s", option, t.use)
	}
	if value == "" {
		value = "…"
	}
	return fmt.Errorf("%s has a key of its own: write %s = %q below [slurm]", option, t.key, shorten(value))
}

func shorten(text string) string {
	if len(text) > maxQuoted {
		return strings.ToValidUTF8(text[:maxQuoted], "") + "…"
	}
	return text
}
