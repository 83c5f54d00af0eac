package slurm

import (
	"encoding/json"
	"io"
	"strings"
)

// restConfig is the part of slurm.conf that decides something, as /conf gives it (from v0.0.45).
type restConfig struct {
	ClusterName  restText
	MaxArraySize restNumber
	MaxJobCount  restNumber
	PrivateData  restWords
	SelectType   restText
	SelectTypeParameters,
	SchedulerParameters,
	TaskPlugin,
	AccountingStorageEnforce restWords
	MpiDefault            restText
	KillWait, MinJobAge   restNumber
	AccountingStorageType restText
	DefMemPerCPU          restNumber
	DefMemPerNode         restNumber
	TopologyPlugin        restText
	ProctrackType         restText
	PreemptType           restText
	PreemptMode           restWords
	EnforcePartLimits     restWords
	PriorityFlags         restWords
}

// readRESTConfig reads the answer of /conf.
func readRESTConfig(r io.Reader) (settings, restAnswer, error) {
	var c restConfig
	a, err := readAnswer(r, "slurm_conf", one(&c))
	return c.settings(), a, err
}

// settings makes of it what scontrol show config would have said.
func (c restConfig) settings() settings {
	text := func(w restWords) string { return strings.Join(w, ",") }
	s, _ := readSettings(config{values: map[string]string{
		"ClusterName": string(c.ClusterName), "PrivateData": text(c.PrivateData),
		"SelectType": string(c.SelectType), "SelectTypeParameters": text(c.SelectTypeParameters),
		"SchedulerParameters": text(c.SchedulerParameters), "MpiDefault": string(c.MpiDefault),
		"AccountingStorageEnforce": text(c.AccountingStorageEnforce),
		"AccountingStorageType":    string(c.AccountingStorageType), "TopologyPlugin": string(c.TopologyPlugin),
		"ProctrackType": string(c.ProctrackType), "TaskPlugin": text(c.TaskPlugin),
		"PreemptType": string(c.PreemptType), "PreemptMode": strings.Replace(text(c.PreemptMode), "DISABLED", "OFF", 1), "EnforcePartLimits": text(c.EnforcePartLimits),
		"PriorityFlags": text(c.PriorityFlags),
	}})
	s.limits.MaxArraySize, s.limits.MaxJobCount = c.MaxArraySize.limit(), c.MaxJobCount.limit()
	for to, from := range map[*int]restNumber{
		&s.scheduler.KillWaitS: c.KillWait, &s.scheduler.MinJobAgeS: c.MinJobAge,
		&s.scheduler.DefMemPerCPUMiB: c.DefMemPerCPU, &s.scheduler.DefMemPerNodeMiB: c.DefMemPerNode,
	} {
		if n := from.limit(); n != nil {
			*to = *n
		}
	}
	return s
}

// assumed is what is taken for the configuration where slurmrestd hands none out: Slurm's own
// defaults, and of two possibilities the one that promises less.
func assumed() settings {
	array, jobs := 1001, 10000
	return settings{
		limits: Limits{MaxArraySize: &array, MaxJobCount: &jobs},
		scheduler: Scheduler{
			SelectType: "select/cons_tres", SelectParameters: []string{"CR_CORE_MEMORY"},
			Parameters: map[string]string{}, EnforceLimits: true, Accounting: true, BillsMost: true,
		},
	}
}

// unconfigured is how Cluster.Unknown says what was assumed.
const unconfigured = "the configuration, which this slurmrestd does not hand out: assumed are MaxArraySize=1001, MaxJobCount=10000, " +
	"select/cons_tres with CR_Core_Memory, Slurm's own scheduling intervals and KillWait, and that limits are enforced"

// one decodes an object that is no list.
func one[T any](to *T) func(*json.Decoder) error {
	return func(d *json.Decoder) error { return d.Decode(to) }
}

// collect appends each element to a list.
func collect[T any](to *[]T) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		var element T
		err := d.Decode(&element)
		if err == nil {
			*to = append(*to, element)
		}
		return err
	}
}
