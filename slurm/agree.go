package slurm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What one answer tells is held against what another tells of the same thing: an answer that was cut between
// two lines, or in which a name is garbled, is else a smaller cluster or a limit that does not bind.

// compare notes where the answers of the commands do not fit together.
func (a *answers) compare(user string) {
	a.comparePartitions()
	if a.rights.associations != nil && a.grants != nil {
		a.compareAccounts(user)
	}
	if a.rights.qos != nil && a.qos != nil {
		a.compareQOS()
	}
}

func (a *answers) disagree(format string, args ...any) {
	a.unknown = append(a.unknown, fmt.Sprintf(format, args...)+"; --fresh asks again")
}

// comparePartitions: scontrol names with each node the partitions that it shows, and with each partition its nodes.
func (a *answers) comparePartitions() {
	says := map[string]int{} // how many nodes say that they are in it
	here := make(map[string]bool, len(a.nodes))
	for _, n := range a.nodes {
		here[n.Name] = true
		for _, p := range n.Partitions {
			says[p]++
		}
	}
	for _, p := range a.partitions {
		has := 0
		for _, name := range p.NodeList {
			if here[name] {
				has++
			}
		}
		if n := says[p.Name]; n != has {
			a.disagree("nodes of partition %s: it lists %d that scontrol shows, and %d say that they are in it", p.Name, has, n)
		}
		delete(says, p.Name)
	}
	for _, p := range slices.Sorted(maps.Keys(says)) {
		a.disagree("partition %s: %d nodes say that they are in it, and scontrol does not show it", p, says[p])
	}
}

// compareAccounts: the controller and the accounting database list the same accounts of a user.
func (a *answers) compareAccounts(user string) {
	type key struct{ account, partition string }
	controller, database := map[key]bool{}, map[key]bool{}
	for _, r := range a.rights.associations {
		if r.user == user {
			controller[key{strings.ToLower(r.account), r.partition}] = true
		}
		if r.parent != "" && a.byID(r.parent) == nil {
			a.disagree("limits of the accounts above %s: the controller does not show them", r.account)
		}
	}
	for _, g := range a.grants {
		k := key{strings.ToLower(g.account), g.partition}
		database[k] = true
		if !controller[k] {
			a.disagree("account %s: accounting lists it for you, and the controller does not", g.account)
		}
	}
	for k := range controller { // one, nearly always
		if !database[k] {
			a.disagree("the QOS of account %s: the controller lists it for you, and accounting does not", k.account)
		}
	}
}

// compareQOS: what a user may name, the controller and the database know.
func (a *answers) compareQOS() {
	known := func(name string) bool {
		return slices.ContainsFunc(a.rights.qos, func(q qosRecord) bool { return strings.EqualFold(q.name, name) })
	}
	said := map[string]bool{}
	for _, name := range a.namedQOS() {
		if !known(name) && !said[name] {
			said[name] = true
			a.disagree("limits of QOS %s: the controller does not show it", name)
		}
	}
	for _, q := range a.rights.qos {
		if _, ok := a.qos[q.name]; !ok {
			a.disagree("limits of QOS %s: the controller shows it, and accounting does not", q.name)
		}
	}
}

// namedQOS are those of the database and of the user's grants.
func (a *answers) namedQOS() []string {
	names := slices.Sorted(maps.Keys(a.qos))
	for _, g := range a.grants {
		names = append(names, g.qos...)
		if g.defaultQOS != "" {
			names = append(names, g.defaultQOS)
		}
	}
	return names
}
