package strategies

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hpcsub/slurm"
)

// admitsLicenses checks the licences that [slurm] options asks for against those that there are.
func admitsLicenses(in Input, _ slurm.Partition) *Rejection {
	if in.Cluster.Licenses == nil { // not known: Slurm itself is asked
		return nil
	}
	for name, n := range Licenses(in.Slurm.Options) {
		i := slices.IndexFunc(in.Cluster.Licenses, func(l slurm.License) bool { return l.Name == name || strings.HasPrefix(l.Name, name+"@") })
		if i < 0 {
			return &Rejection{Reason: fmt.Sprintf("there is no licence %q here%s", name, licenseNames(in.Cluster.Licenses))}
		}
		if l := in.Cluster.Licenses[i]; n > l.Total {
			no := limit{name: "the number of licences " + l.Name, n: l.Total, raise: theAdmin + ": Licenses in slurm.conf"}
			if l.Remote {
				no.raise = "an administrator of the cluster can raise it: sacctmgr modify resource"
			}
			return no.refuse(fmt.Sprintf("each Slurm job asks for %d", n))
		}
	}
	return nil
}

func licenseNames(all []slurm.License) string {
	var names []string
	for _, l := range all {
		names = append(names, l.Name)
	}
	if len(names) == 0 {
		return ": Slurm counts none"
	}
	return "; there are " + strings.Join(names, ", ")
}

// Licenses reads the licences that options of sbatch ask for, "--licenses=matlab:2,ansys" or "-L…".
// Where one of several will do ("a|b") nothing is concluded.
func Licenses(options []string) map[string]int {
	all := map[string]int{}
	for _, option := range options {
		text, ok := strings.CutPrefix(option, "--licenses=")
		if !ok {
			if text, ok = strings.CutPrefix(option, "-L"); !ok {
				continue
			}
		}
		text = strings.TrimLeft(text, " =")
		if strings.Contains(text, "|") {
			continue
		}
		for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
			name, count, counted := strings.Cut(item, ":")
			n, err := strconv.Atoi(count)
			if !counted {
				n, err = 1, nil
			}
			if err == nil {
				all[name] += n
			}
		}
	}
	return all
}
