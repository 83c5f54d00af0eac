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
