package slurm

import (
	"fmt"
	"strings"
	"time"
)

// jobFields is the "job" of a submission: the fields of the API's job description.
type jobFields map[string]any

// field says where an option of sbatch stands in a request. Before v0.0.40 a value is the text of the
// option; from then on it has a type.
type field struct {
	long, short string
	old         string                               // the field before v0.0.40; "" = there is none
	set         func(f jobFields, text string) error // from v0.0.40 on
	flag        bool                                 // it has no value
	oldValue    func(text string) any                // where it is not the text
}

// fields are the options that hpcsub's scripts use, and those that a user may well add. Each was
// tried on a real slurmrestd of each release: `scontrol show job` shows what was asked for.
var fields = []field{
	{long: "job-name", short: "J", old: "name", set: textField("name")},
	{long: "comment", old: "comment", set: textField("comment")},
	{long: "output", short: "o", old: "standard_output", set: textField("standard_output")},
	{long: "open-mode", old: "open_mode", set: wordsField("open_mode")},
	{long: "partition", short: "p", old: "partition", set: textField("partition")},
	{long: "account", short: "A", old: "account", set: textField("account")},
	{long: "qos", short: "q", old: "qos", set: textField("qos")},
	{long: "reservation", old: "reservation", set: textField("reservation")},
	{long: "constraint", short: "C", old: "constraints", set: textField("constraints")},
	{long: "exclude", short: "x", old: "exclude_nodes", set: hostsField("excluded_nodes")},
	{long: "nodelist", short: "w", old: "nodelist", set: hostsField("required_nodes")},
	{long: "array", short: "a", old: "array", set: textField("array")},
	{long: "nodes", short: "N", old: "nodes", set: nodesField},
	{long: "ntasks", short: "n", old: "tasks", set: countField("tasks")},
	{long: "ntasks-per-node", old: "tasks_per_node", set: countField("tasks_per_node")},
	{long: "cpus-per-task", short: "c", old: "cpus_per_task", set: countField("cpus_per_task")},
	{long: "mem", old: "memory_per_node", set: memoryField("memory_per_node")},
	{long: "mem-per-cpu", old: "memory_per_cpu", set: memoryField("memory_per_cpu")},
	{long: "gres", old: "gres", set: gresField},
	{long: "time", short: "t", old: "time_limit", set: timeField},
	{long: "licenses", short: "L", old: "licenses", set: textField("licenses")},
	{long: "dependency", short: "d", old: "dependency", set: textField("dependency")},
	{long: "wckey", old: "wckey", set: textField("wckey")},
	{long: "mail-type", old: "mail_type", set: wordsField("mail_type")},
	{long: "mail-user", old: "mail_user", set: textField("mail_user")},
	{long: "hold", short: "H", flag: true, old: "hold", set: flagField("hold"), oldValue: yesValue},
	{long: "requeue", flag: true, old: "requeue", set: flagField("requeue"), oldValue: yesValue},
	{long: "exclusive", flag: true, old: "exclusive", oldValue: func(string) any { return "exclusive" },
		set: func(f jobFields, _ string) error { f["shared"] = []string{"none"}; return nil }},
	// What these two ask for is what slurmrestd does: nothing of the caller's goes along.
	{long: "export", set: mustBe("NONE")},
	{long: "propagate", set: mustBe("NONE")},
}

func yesValue(string) any { return true }

func fieldOf(name string) *field {
	for i := range fields {
		if f := &fields[i]; f.long == name || f.short == name && name != "" {
			return f
		}
	}
	return nil
}

// takesValue says whether an option is followed by its value.
func takesValue(name string) bool {
	f := fieldOf(name)
	return f == nil || !f.flag
}

// describe makes the fields of a script's options. An option that it cannot express is an error: a
// job that ignores one must not run.
func describe(all []directive, v restVersion) (jobFields, error) {
	f := jobFields{}
	for _, d := range all {
		if err := f.add(d, v); err != nil {
			return nil, fmt.Errorf("line %d of the script: --%s: %w", d.line, d.name, err)
		}
	}
	return f, nil
}

func (f jobFields) add(d directive, v restVersion) error {
	field := fieldOf(d.name)
	switch {
	case field == nil:
		return fmt.Errorf("hpcsub cannot ask slurmrestd for this; take it out, or submit with the commands")
	case field.flag && d.value != "":
		return fmt.Errorf("hpcsub cannot ask slurmrestd for the value %q; take it out, or submit with the commands", d.value)
	case !field.flag && d.value == "":
		return fmt.Errorf("it has no value")
	case v.parsed() || field.old == "":
		return field.set(f, d.value)
	case field.oldValue != nil:
		f[field.old] = field.oldValue(d.value)
	default:
		f[field.old] = d.value
	}
	return nil
}

func textField(name string) func(jobFields, string) error {
	return func(f jobFields, text string) error { f[name] = text; return nil }
}

// wordsField: a value that the API does not know would be left out, and the job would run.
func wordsField(name string) func(jobFields, string) error {
	known := map[string]string{
		"open_mode": " APPEND TRUNCATE ",
		"mail_type": " BEGIN END FAIL REQUEUE TIME=100% TIME=90% TIME=80% TIME=50% STAGE_OUT ARRAY_TASKS INVALID_DEPENDENCY ",
	}[name]
	same := map[string]string{"TIME_LIMIT": "TIME=100%", "TIME_LIMIT_90": "TIME=90%", "TIME_LIMIT_80": "TIME=80%",
		"TIME_LIMIT_50": "TIME=50%", "INVALID_DEPEND": "INVALID_DEPENDENCY"}
	return func(f jobFields, text string) error {
		words := []string{}
		for _, word := range strings.Split(strings.ToUpper(text), ",") {
			switch {
			case same[word] != "":
				word = same[word]
			case name == "mail_type" && word == "ALL":
				words = append(words, "BEGIN", "END", "FAIL", "REQUEUE", "STAGE_OUT")
				continue
			case name == "mail_type" && word == "NONE":
				continue
			}
			if !strings.Contains(known, " "+word+" ") {
				return fmt.Errorf("%q: want%s", word, strings.TrimRight(known, " "))
			}
			words = append(words, word)
		}
		f[name] = words
		return nil
	}
}

func flagField(name string) func(jobFields, string) error {
	return func(f jobFields, _ string) error { f[name] = true; return nil }
}

func mustBe(want string) func(jobFields, string) error {
	return func(_ jobFields, text string) error {
		if !strings.EqualFold(text, want) {
			return fmt.Errorf("slurmrestd takes %s only, got %q", want, text)
		}
		return nil
	}
}

func countField(name string) func(jobFields, string) error {
	return func(f jobFields, text string) error {
		n, err := parseCount(text)
		f[name] = n
		return err
	}
}

func hostsField(name string) func(jobFields, string) error {
	return func(f jobFields, text string) error {
		hosts, err := ExpandHosts(text)
		f[name] = hosts
		return err
	}
}

// nodesField reads "4" and "1-4".
func nodesField(f jobFields, text string) error {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	if err := countField("minimum_nodes")(f, low); err != nil {
		return err
	}
	return countField("maximum_nodes")(f, high)
}

// number is a number that may be unset in the API.
func number(n int) map[string]any { return map[string]any{"set": true, "infinite": false, "number": n} }

func memoryField(name string) func(jobFields, string) error {
	return func(f jobFields, text string) error {
		mib, err := ParseMemoryMiB(text)
		f[name] = number(mib)
		return err
	}
}

// timeField rounds up to minutes, as Slurm does.
func timeField(f jobFields, text string) error {
	d, err := ParseDuration(text)
	if err != nil {
		return err
	}
	if d == Unlimited {
		f["time_limit"] = map[string]any{"set": true, "infinite": true, "number": 0}
		return nil
	}
	f["time_limit"] = number(int((d + time.Minute - 1) / time.Minute))
	return nil
}

// gresField: "gpu:a100:1" is "gres/gpu:a100:1" in the API.
func gresField(f jobFields, text string) error {
	if _, err := parseGRES(text); err != nil {
		return err
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		if !strings.HasPrefix(item, "gres/") {
			items[i] = "gres/" + item
		}
	}
	f["tres_per_node"] = strings.Join(items, ",")
	return nil
}

// environment is what sbatch --export=NONE sends: slurmd is to start the job with the environment
// that a login gives the user.
func environment(v restVersion, umask string) any {
	values := map[string]string{"SLURM_GET_USER_ENV": "1", "SLURM_UMASK": umask}
	if !v.parsed() {
		return values
	}
	var list []string
	for name, value := range values {
		list = append(list, name+"="+value)
	}
	return list
}
