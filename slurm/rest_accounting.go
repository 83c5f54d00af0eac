package slurm

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// What accounting says over REST: which accounts and QOS a user has, and their limits. How much of
// the limits is used only the controller knows, and slurmrestd does not ask it.

// restTRES is a counted resource; memory in MiB.
type restTRES struct {
	Type  restText   `json:"type"`
	Name  restText   `json:"name"`
	Count restNumber `json:"count"`
}

// limits is a map like parseTRES makes; nil where nothing is limited.
func restLimits(list []restTRES) map[string]int {
	var limits map[string]int
	for _, t := range list {
		name := string(t.Type)
		if t.Name != "" {
			name += "/" + string(t.Name)
		}
		if n := t.Count.limit(); n != nil && counts(name) {
			if limits == nil {
				limits = map[string]int{}
			}
			limits[name] = *n
		}
	}
	return limits
}

// unused has a 0 for each limit.
func unused(limits map[string]int) map[string]int {
	return share{maxTRES: limits}.used()
}

// fillUnused has a 0 for each limit of a group.
func (u *Use) fillUnused() {
	u.GroupTRES, u.GroupTRESMinutes = unused(u.GroupMaxTRES), unused(u.GroupMaxTRESMinutes)
	u.GroupTRESRunMinutes = unused(u.GroupMaxTRESRunMinutes)
}

// restAssociation is a record of a user in an account, or of an account.
type restAssociation struct {
	Account   restText `json:"account"`
	Cluster   restText `json:"cluster"`
	User      restText `json:"user"`
	Parent    restText `json:"parent_account"`
	Partition restText `json:"partition"`
	Default   struct {
		QOS restText `json:"qos"`
	} `json:"default"`
	IsDefault restNumber `json:"is_default"` // from v0.0.37
	Flags     restWords  `json:"flags"`
	QOS       restWords  `json:"qos"` // names; in v0.0.36 numbers
	Max       struct {
		Jobs struct {
			Per struct {
				Count    restNumber `json:"count"`
				Submit   restNumber `json:"submitted"`
				WallTime restNumber `json:"wall_clock"` // minutes, of one job
			} `json:"per"`
			Active restNumber `json:"active"`
			Total  restNumber `json:"total"`
		} `json:"jobs"`
		TRES struct {
			Total []restTRES `json:"total"`
			Group struct {
				Minutes []restTRES `json:"minutes"` // GrpTRESMins
				Active  []restTRES `json:"active"`  // GrpTRESRunMins
			} `json:"group"`
			Per struct {
				Job  []restTRES `json:"job"`
				Node []restTRES `json:"node"`
			} `json:"per"`
			Minutes struct {
				Per struct {
					Job []restTRES `json:"job"`
				} `json:"per"`
			} `json:"minutes"`
		} `json:"tres"`
		Per struct {
			Account struct {
				WallTime restNumber `json:"wall_clock"` // minutes, GrpWall
			} `json:"account"`
		} `json:"per"`
	} `json:"max"`
}

// readRESTAssociations reads the answer of /associations.
func readRESTAssociations(r io.Reader) ([]restAssociation, restAnswer, error) {
	var all []restAssociation
	a, err := readAnswer(r, "associations", collect(&all))
	return all, a, err
}

// record is the association as the controller would have shown it. Accounts stand for the ids
// of their records.
func (a restAssociation) record() association {
	r := association{account: string(a.Account), user: string(a.User), partition: string(a.Partition),
		isDefault: a.IsDefault.n == 1 || a.Flags.has("DEFAULT")}
	if r.user == "" {
		r.id, r.parent = r.account, string(a.Parent)
	}
	jobs, tres := a.Max.Jobs, a.Max.TRES
	r.use = Use{
		MaxJobs: jobs.Active.limit(), MaxSubmitJobs: jobs.Total.limit(), MaxWallS: jobs.Per.WallTime.times(60),
		GroupMaxJobs: jobs.Per.Count.limit(), GroupMaxSubmit: jobs.Per.Submit.limit(),
		MaxTRESPerJob: restLimits(tres.Per.Job), GroupMaxTRES: restLimits(tres.Total),
		MaxTRESPerNode: restLimits(tres.Per.Node), MaxTRESMinutesPerJob: restLimits(tres.Minutes.Per.Job),
		GroupMaxTRESMinutes: restLimits(tres.Group.Minutes), GroupMaxTRESRunMinutes: restLimits(tres.Group.Active),
		GroupMaxWallS: a.Max.Per.Account.WallTime.times(60),
	}
	r.use.fillUnused()
	return r
}

// restQOS is a QOS.
type restQOS struct {
	Name     restText   `json:"name"`
	ID       restNumber `json:"id"`
	Priority restNumber `json:"priority"`
	Flags    restWords  `json:"flags"`
	Preempt  struct {
		List restWords `json:"list"`
		Mode restWords `json:"mode"`
	} `json:"preempt"`
	Limits struct {
		Min struct {
			TRES struct {
				Per struct {
					Job []restTRES `json:"job"`
				} `json:"per"`
			} `json:"tres"`
		} `json:"min"`
		Max struct {
			Active struct {
				Count restNumber `json:"count"`
			} `json:"active_jobs"`
			Jobs struct {
				Count  restNumber `json:"count"`
				Active struct {
					Per restShare `json:"per"`
				} `json:"active_jobs"`
				Per restShare `json:"per"` // submitted; in v0.0.36 active
			} `json:"jobs"`
			TRES struct {
				Total   []restTRES `json:"total"`
				Minutes struct {
					Total []restTRES `json:"total"` // GrpTRESMins, from v0.0.42
					Per   struct {
						QOS     []restTRES `json:"qos"` // GrpTRESRunMins
						Job     []restTRES `json:"job"`
						User    []restTRES `json:"user"`
						Account []restTRES `json:"account"`
					} `json:"per"`
				} `json:"minutes"`
				Per struct {
					Account []restTRES `json:"account"`
					User    []restTRES `json:"user"`
					Job     []restTRES `json:"job"`
					Node    []restTRES `json:"node"`
				} `json:"per"`
			} `json:"tres"`
			Wall struct {
				Per struct {
					QOS restNumber `json:"qos"` // minutes, GrpWall
					Job restNumber `json:"job"` // minutes
				} `json:"per"`
			} `json:"wall_clock"`
		} `json:"max"`
	} `json:"limits"`
}

type restShare struct {
	Account restNumber `json:"account"`
	User    restNumber `json:"user"`
}

// readRESTQOS reads the answer of /qos.
func readRESTQOS(r io.Reader) ([]restQOS, restAnswer, error) {
	var all []restQOS
	a, err := readAnswer(r, "qos", collect(&all))
	return all, a, err
}

// record is the QOS as the controller would have shown it, and limits as the database has them.
func (q restQOS) record(v restVersion) (qosRecord, qosLimits) {
	most := q.Limits.Max
	record := qosRecord{name: string(q.Name), users: map[string]share{}, accounts: map[string]share{}}
	if n := q.Priority.limit(); n != nil {
		record.priority = *n
	}
	record.use = Use{
		MaxWallS: most.Wall.Per.Job.times(60), MaxTRESPerJob: restLimits(most.TRES.Per.Job),
		GroupMaxJobs: most.Active.Count.limit(), GroupMaxSubmit: most.Jobs.Count.limit(),
		GroupMaxTRES: restLimits(most.TRES.Total), GroupMaxTRESMinutes: restLimits(most.TRES.Minutes.Total),
		GroupMaxTRESRunMinutes: restLimits(most.TRES.Minutes.Per.QOS), GroupMaxWallS: most.Wall.Per.QOS.times(60),
		MaxTRESPerNode: restLimits(most.TRES.Per.Node), MaxTRESMinutesPerJob: restLimits(most.TRES.Minutes.Per.Job),
		MinTRESPerJob: restLimits(q.Limits.Min.TRES.Per.Job),
	}
	record.use.fillUnused()
	active, submitted := most.Jobs.Active.Per, most.Jobs.Per
	if !v.tellsCounts() {
		active, submitted = most.Jobs.Per, restShare{}
	}
	return record, qosLimits{
		priority: record.priority, flags: restFlags(q.Flags), preempts: q.Preempt.List.list(), preemptMode: ownMode(strings.Join(q.Preempt.Mode, ",")),
		user: share{maxJobs: active.User.limit(), maxSubmit: submitted.User.limit(), maxTRES: restLimits(most.TRES.Per.User),
			maxRunMinutes: restLimits(most.TRES.Minutes.Per.User)},
		accounts: share{maxJobs: active.Account.limit(), maxSubmit: submitted.Account.limit(), maxTRES: restLimits(most.TRES.Per.Account),
			maxRunMinutes: restLimits(most.TRES.Minutes.Per.Account)},
	}
}

// restFlags are a QOS's flags in the words of sacctmgr.
func restFlags(words restWords) []string {
	same := map[string]string{"DENY_LIMIT": "DenyOnLimit", "ENFORCE_USAGE_THRESHOLD": "EnforceUsageThreshold", "NO_RESERVE": "NoReserve",
		"NO_DECAY": "NoDecay", "OVERRIDE_PARTITION_QOS": "OverPartQOS", "PARTITION_TIME_LIMIT": "PartitionTimeLimit",
		"PARTITION_MAXIMUM_NODE": "PartitionMaxNodes", "PARTITION_MINIMUM_NODE": "PartitionMinNodes", "PARTITION_QOS": "OverPartQOS",
		"REQUIRED_RESERVATION": "RequiresReservation", "USAGE_FACTOR_SAFE": "UsageFactorSafe", "RELATIVE": "Relative"}
	flags := []string{}
	for _, w := range words.list() {
		if name := same[w]; name != "" {
			w = name
		}
		flags = append(flags, w)
	}
	slices.Sort(flags)
	return flags
}

// fillAccounting puts what accounting said where the picture looks for it.
func (a *answers) fillAccounting(associations []restAssociation, qos []restQOS, v restVersion, user string) {
	a.qos = map[string]qosLimits{}
	numbers := map[string]string{}
	for _, q := range qos {
		record, limits := q.record(v)
		a.rights.qos = append(a.rights.qos, record)
		a.qos[record.name] = limits
		numbers[strconv.FormatInt(q.ID.n, 10)] = record.name
	}
	a.grants = []grant{}
	for _, raw := range associations {
		if raw.User != "" && string(raw.User) != user || a.settings.cluster != "" && string(raw.Cluster) != a.settings.cluster {
			continue
		}
		a.rights.associations = append(a.rights.associations, raw.record())
		if raw.User == "" {
			continue
		}
		a.grants = append(a.grants, grant{string(raw.Account), string(raw.Partition), string(raw.Default.QOS), raw.names(numbers)})
	}
}

// names are the QOS by their names, in the order in which sacctmgr lists them.
func (a restAssociation) names(numbers map[string]string) []string {
	names := []string{}
	for _, q := range a.QOS {
		if name := numbers[q]; name != "" {
			q = name
		}
		names = append(names, q)
	}
	slices.Sort(names)
	return names
}

// levels are the accounts above the user's that have not been asked for yet.
func levels(all []restAssociation) []string {
	asked, wanted := map[string]bool{}, []string{}
	for _, a := range all {
		if a.User == "" {
			asked[string(a.Account)] = true
		}
	}
	for _, a := range all {
		name := string(a.Parent)
		if a.User != "" {
			name = string(a.Account)
		}
		if name != "" && !asked[name] {
			asked[name] = true
			wanted = append(wanted, name)
		}
	}
	return wanted
}

func (a *answers) sayUseUnknown(v restVersion) {
	a.unknown = append(a.unknown, "how much of the limits of your accounts and QOS is used: slurmrestd does not tell")
	for _, x := range []struct {
		told bool
		what string
	}{
		{v.tellsCounts(), "how many jobs your accounts and QOS allow"},
		{v.tellsBudgets(), "the minutes that your QOS allow in all (GrpTRESMins)"},
	} {
		if !x.told {
			a.unknown = append(a.unknown, fmt.Sprintf("%s: version %s of slurmrestd's API does not tell", x.what, v))
		}
	}
}

// escape makes a value part of a query.
func escape(value string) string {
	var s strings.Builder
	for _, b := range []byte(value) {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-_.", b) >= 0 {
			s.WriteByte(b)
		} else {
			fmt.Fprintf(&s, "%%%02X", b)
		}
	}
	return s.String()
}
