package slurm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// settings is what `scontrol show config` says, as far as anything here decides by it.
type settings struct {
	cluster   string
	version   string
	limits    Limits // MaxArraySize and MaxJobCount
	scheduler Scheduler
	private   []string // PrivateData: what users do not see of each other
	enforced  bool     // a job without an association is refused
}

var configCommand = []string{"scontrol", "show", "config"}

func (c *Commands) showConfig(ctx context.Context, opt InspectOptions) (s settings, err error) {
	err = c.cached(ctx, opt, configCommand, func(text []byte) error {
		s, err = parseConfig(bytes.NewReader(text))
		return err
	})
	return s, err
}

// configKeys are what every release has, of what is read here.
var configKeys = []string{"ClusterName", "SLURM_VERSION", "AccountingStorageEnforce", "AccountingStorageType", "DefMemPerNode|DefMemPerCPU",
	"KillWait", "MaxArraySize", "MaxJobCount", "MinJobAge", "MpiDefault", "PrivateData", "ProctrackType", "SchedulerParameters",
	"SelectType", "SelectTypeParameters", "TaskPlugin", "TopologyPlugin"}

func keysOf(values map[string]string) map[string]bool {
	keys := map[string]bool{}
	for key := range values {
		keys[key] = true
	}
	return keys
}

// parseConfig reads the lines "Key = value" of scontrol show config.
func parseConfig(r io.Reader) (settings, error) {
	values := map[string]string{}
	err := readLines(r, func(line []byte) error {
		key, value, ok := strings.Cut(string(line), "=")
		if key = strings.TrimSpace(key); ok && key != "" && values[key] == "" {
			values[key] = strings.TrimSpace(value)
		}
		return nil
	})
	if err == nil {
		err = lacking(keysOf(values), configKeys...)
	}
	if err != nil {
		return settings{}, err
	}
	return readSettings(config{values: values})
}

func readSettings(v config) (settings, error) {
	enforce := splitList(v.text("AccountingStorageEnforce"))
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(enforce, w) })
	}
	s := settings{
		cluster: v.text("ClusterName"),
		version: v.text("SLURM_VERSION"),
		limits:  Limits{MaxArraySize: v.limit("MaxArraySize"), MaxJobCount: v.limit("MaxJobCount")},
		private: splitList(v.text("PrivateData")),
		scheduler: Scheduler{
			SelectType:       v.plugin("select", "SelectType"),
			SelectParameters: splitList(v.text("SelectTypeParameters")),
			Parameters:       splitParameters(v.text("SchedulerParameters")),
			MPIDefault:       v.text("MpiDefault"),
			KillWaitS:        v.number("KillWait"),
			MinJobAgeS:       v.number("MinJobAge"),
			EnforceLimits:    has("limits", "safe", "all"), // safe implies limits (slurm.conf(5))
			Accounting:       v.accounting(),
			DefMemPerCPUMiB:  v.number("DefMemPerCPU"),
			DefMemPerNodeMiB: v.number("DefMemPerNode"),
			TopologyPlugin:   v.plugin("topology", "TopologyPlugin"),
			ProctrackType:    v.plugin("proctrack", "ProctrackType"),
			TaskPlugin:       v.plugin("task", "TaskPlugin"),
			PreemptType:      v.text("PreemptType"),
			PreemptMode:      v.text("PreemptMode"),
			BillsMost:        slices.ContainsFunc(splitList(v.text("PriorityFlags")), func(f string) bool { return strings.HasPrefix(f, "MAX_TRES") }),

			EnforcePartLimits: v.text("EnforcePartLimits"),
		},
	}
	s.enforced = has("associations", "limits", "qos", "safe", "wckeys", "all")
	if s.scheduler.PreemptType == "preempt/none" {
		s.scheduler.PreemptType = ""
	}
	return s, v.err
}

// config reads values and keeps the first error.
type config struct {
	values map[string]string
	err    error
}

func (v *config) text(key string) string {
	if isNothing(v.values[key]) {
		return ""
	}
	return v.values[key]
}

// plugin reads the name of a plugin, which begins with its kind: "select/cons_tres".
func (v *config) plugin(kind, key string) string {
	text := v.text(key)
	if text != "" && !strings.HasPrefix(text, kind+"/") && v.err == nil {
		v.err = fmt.Errorf("%s: want %s/…, got %q", key, kind, text)
	}
	return text
}

// accounting says whether slurmdbd keeps records; what is known to keep none is not it.
func (v *config) accounting() bool {
	name := v.plugin("accounting_storage", "AccountingStorageType")
	switch _, kind, _ := strings.Cut(name, "/"); kind {
	case "slurmdbd":
		return true
	case "", "none", "filetxt", "ctld_relay":
	default:
		if v.err == nil {
			v.err = fmt.Errorf("AccountingStorageType: want accounting_storage/slurmdbd or none, got %q", name)
		}
	}
	return false
}

// number reads a count with or without its unit, "5 sec"; 0 where there is none.
func (v *config) number(key string) int {
	if n := v.limit(key); n != nil {
		return *n
	}
	return 0
}

func (v *config) limit(key string) *int {
	text, unit, _ := strings.Cut(v.text(key), " ")
	n, err := parseCountLimit(text)
	if err == nil && unit != "" && unit != "sec" && unit != "min" {
		err = fmt.Errorf("want a count, got %q", v.text(key))
	}
	if err != nil && v.err == nil {
		v.err = fmt.Errorf("%s: %w", key, err)
	}
	return n
}

// splitParameters splits "bf_interval=2,defer"; flags map to "".
func splitParameters(s string) map[string]string {
	parameters := map[string]string{}
	for _, p := range splitList(s) {
		name, value, _ := strings.Cut(p, "=")
		parameters[name] = value
	}
	return parameters
}
