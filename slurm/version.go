package slurm

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// Version is a release of Slurm, like 24.11.5. The zero value is no Slurm at all.
type Version struct{ Major, Minor, Patch int }

var versionText = regexp.MustCompile(`(?:^|[\s-])(\d{2})\.(\d{2})(?:\.(\d+))?`)

// ParseVersion reads "slurm 24.11.5", as `sinfo -V` prints it, and the bare number.
func ParseVersion(s string) (Version, error) {
	m := versionText.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("want a version like 24.11.5, got %q", s)
	}
	var v Version
	v.Major, _ = strconv.Atoi(m[1])
	v.Minor, _ = strconv.Atoi(m[2])
	v.Patch, _ = strconv.Atoi(m[3])
	return v, nil
}

func (v Version) String() string {
	if v == (Version{}) {
		return ""
	}
	return fmt.Sprintf("%02d.%02d.%d", v.Major, v.Minor, v.Patch)
}

// AtLeast says whether v is the release major.minor or a later one.
func (v Version) AtLeast(major, minor int) bool {
	return cmp.Or(cmp.Compare(v.Major, major), cmp.Compare(v.Minor, minor)) >= 0
}

// What differs between the releases from 20.11 to 26.05, and is decided by the number because
// nothing in the output tells. What the output itself tells is read from it: a field that an old
// release lacks (CPUEfctv before 22.05) or a new one renamed (ExclusiveUser, Exclusive from 26.05).

// SrunHasExact: steps may ask for --exact, without which each takes the whole job. A version that is not known counts
// as the newest.
func (v Version) SrunHasExact() bool { return v == (Version{}) || v.AtLeast(20, 11) }

// AllowsAccountsBelow: an account that a partition lets in lets in those below it too. 22.05 does not
// and 24.11 does; whoever may be let in by a release between is not refused.
func (v Version) AllowsAccountsBelow() bool { return v.AtLeast(22, 6) }

// DeniesAccountsBelow: the same of accounts that a partition keeps out.
func (v Version) DeniesAccountsBelow() bool { return v.AtLeast(24, 11) }

// restVersion is a version of slurmrestd's API: 42 is v0.0.42.
type restVersion int

func (v restVersion) String() string { return fmt.Sprintf("v0.0.%d", int(v)) }

// restVersions are those that are known, the newest first. Each was recorded from a real
// slurmrestd: 36 from Slurm 20.11, 38 from 22.05, 42 from 24.11, 45 from 26.05, those between from
// the same. A server that has others has one of these too: each release keeps three or four.
var restVersions = []restVersion{45, 44, 43, 42, 41, 40, 38, 37, 36}

// What differs between the versions of the API, and is not told by the answers themselves.

// parsed: requests and answers are typed by Slurm's data parser. Before, a request's values
// are the texts of sbatch's options.
func (v restVersion) parsed() bool { return v >= 40 }

// tellsConfig: the server hands out slurm.conf.
func (v restVersion) tellsConfig() bool { return v >= 45 }

// tellsFlags: which partition is the default, and which take everybody's jobs.
func (v restVersion) tellsFlags() bool { return v < 40 || v >= 45 }

// tellsUse: how much of a node is allocated, and the flags of its state.
func (v restVersion) tellsUse() bool { return v >= 37 }

// tellsDefaultTime: before, the partitions' default time limit is their default memory.
func (v restVersion) tellsDefaultTime() bool { return v >= 38 }

// tellsSharing: OverSubscribe of partitions.
func (v restVersion) tellsSharing() bool { return v >= 40 }

// tellsReserved: the CPUs and the memory that nodes keep for the system.
func (v restVersion) tellsReserved() bool { return v >= 40 }

// showAll is the query for partitions that are hidden too. Before v0.0.40 all are shown, and of nodes
// all are: a query there would take the place of the details that are told unasked.
func (v restVersion) showAll() string {
	if v.parsed() {
		return "?flags=ALL"
	}
	return ""
}

// tellsPreemption: what happens to a partition's jobs that make room for others.
func (v restVersion) tellsPreemption() bool { return v >= 45 }

// tellsReservations: reservations, and maintenance ahead.
func (v restVersion) tellsReservations() bool { return v >= 37 }

// tellsLicenses: which licences there are, and are taken.
func (v restVersion) tellsLicenses() bool { return v >= 38 }

// tellsCounts: the numbers of jobs that associations and QOS allow.
func (v restVersion) tellsCounts() bool { return v >= 37 }

// tellsBudgets: the TRES-minutes that everybody under a QOS may use (GrpTRESMins).
func (v restVersion) tellsBudgets() bool { return v >= 42 }

// tellsAbsence: "unknown job" is said of a job that is unknown, not of whatever went wrong.
func (v restVersion) tellsAbsence() bool { return v >= 37 }

// cancelsArrays: the number of an array stands for all of its tasks.
func (v restVersion) cancelsArrays() bool { return v >= 37 }

// filtersNames: accounting finds jobs by name. Before, it finds none.
func (v restVersion) filtersNames() bool { return v >= 37 }
