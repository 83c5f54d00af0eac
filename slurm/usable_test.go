package slurm

import (
	"strings"
	"testing"
)

func TestWhyAPartitionCannotBeUsed(t *testing.T) {
	mine := []Association{{Account: "physics", QOS: []string{"normal", "fast"}}}
	node := func(state string, flags ...string) []Node { return []Node{{Name: "n1", State: state, Flags: flags}} }
	tests := []struct {
		name   string
		change func(p *rawPartition)
		nodes  []Node
		mine   []Association
		want   string // "" = usable
	}{
		{name: "nothing against it", nodes: node("IDLE")},
		{name: "closed", change: func(p *rawPartition) { p.State = "DOWN" }, want: "none is started"},
		{name: "drained", change: func(p *rawPartition) { p.State = "DRAIN" }, want: "no new jobs"},
		{name: "inactive", change: func(p *rawPartition) { p.State = "INACTIVE" }, want: "it is INACTIVE"},
		{name: "root only", change: func(p *rawPartition) { p.RootOnly = true }, want: "only root"},
		{name: "other hosts", change: func(p *rawPartition) { p.AllocNodes = []string{"login1", "login2"} }, want: "only from login[1-2] (AllocNodes), and this is login"},
		{name: "this host among them", change: func(p *rawPartition) { p.AllocNodes = []string{"login", "login2"} }},
		{name: "other groups", change: func(p *rawPartition) { p.AllowGroups = []string{"bio"} }, want: "only to the groups bio"},
		{name: "one of my groups", change: func(p *rawPartition) { p.AllowGroups = []string{"bio", "users"} }},
		{name: "other accounts", change: func(p *rawPartition) { p.AllowAccounts = []string{"chem", "bio"} }, want: "accounts bio, chem (AllowAccounts), and yours are physics"},
		{name: "my account, in capitals", change: func(p *rawPartition) { p.AllowAccounts = []string{"PHYSICS"} }},
		{name: "denied", change: func(p *rawPartition) { p.DenyAccounts = []string{"physics"} }, want: "closed to the accounts physics"},
		{name: "other QOS", change: func(p *rawPartition) { p.AllowQOS = []string{"gold"} }, want: "only to the QOS gold (AllowQos), and yours are fast, normal"},
		{name: "one of my QOS denied", change: func(p *rawPartition) { p.DenyQOS = []string{"fast"} }},
		{name: "all of my QOS denied", change: func(p *rawPartition) { p.DenyQOS = []string{"fast", "normal"} }, want: "closed to the QOS fast, normal"},
		{name: "no account at all", mine: []Association{}, want: "you have no account"},
		{name: "an account for another partition", mine: []Association{{Account: "physics", Partition: "gpu"}}, want: "you have no account"},
		{name: "reservations", change: func(p *rawPartition) { p.NeedsReservation = true }, want: "there is none that you may use"},
		{name: "an account below one that is let in", change: func(p *rawPartition) { p.AllowAccounts = []string{"science"} }},
		{name: "an account below one that is kept out", change: func(p *rawPartition) { p.DenyAccounts = []string{"science"} }, want: "closed to the accounts physics"},
		{name: "all nodes reserved now", nodes: node("IDLE", "MAINT", "RESERVED")},
		{name: "down", nodes: []Node{{Name: "n1", State: "DOWN", Flags: []string{"NOT_RESPONDING"}, Reason: "fan [root@now]"}, {Name: "n2", State: "IDLE", Flags: []string{"DRAIN"}}},
			want: "none of its 2 nodes takes jobs now: 1 DOWN+NOT_RESPONDING, 1 IDLE+DRAIN (n1: fan [root@now])"},
		{name: "asleep", nodes: node("IDLE", "CLOUD", "POWERED_DOWN")},
		{name: "falling asleep", nodes: node("IDLE", "POWERING_DOWN"), want: "POWERING_DOWN"},
		{name: "planned for others", nodes: node("IDLE", "PLANNED")},
		{name: "no nodes", change: func(p *rawPartition) { p.Nodes = 0 }, want: "no nodes"},
	}
	for _, tt := range tests {
		p := rawPartition{Partition: Partition{Name: "p", State: "UP", Nodes: 1}}
		if tt.change != nil {
			tt.change(&p)
		}
		if tt.mine == nil {
			tt.mine = mine
		}
		a := answers{settings: settings{enforced: true, version: "24.11.5"}, grants: []grant{}, reservations: []Reservation{}}
		a.rights.associations = []association{{id: "1", account: "science"}, {id: "2", account: "physics", parent: "1"}}
		who := person{name: "alice", uid: "2001", host: "login", groups: []string{"alice", "users"}}
		var nodes []*Node
		for i := range tt.nodes {
			nodes = append(nodes, &tt.nodes[i])
		}
		got := a.whyNot(p, nodes, tt.mine, who)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What could not be asked never speaks against a partition.
func TestUnknownAccountsAreNoReason(t *testing.T) {
	p := rawPartition{Partition: Partition{State: "UP", Nodes: 1, AllowAccounts: []string{"chem"}, AllowGroups: []string{"bio"}}}
	a := answers{settings: settings{enforced: true}}
	if got := a.whyNot(p, nil, nil, person{uid: "2001"}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestRootIsBoundByOtherRules(t *testing.T) {
	p := rawPartition{Partition: Partition{State: "UP", Nodes: 1, AllowGroups: []string{"bio"}, RootOnly: true}}
	a := answers{grants: []grant{}, settings: settings{enforced: true}}
	root := person{uid: "0", groups: []string{"root"}}
	if got := a.whyNot(p, nil, nil, root); got != "" {
		t.Errorf("got %q", got)
	}
	p.noRoot = true
	if got := a.whyNot(p, nil, nil, root); got == "" {
		t.Error("root may not use a partition with DisableRootJobs")
	}
}

func TestNodeStates(t *testing.T) {
	tests := []struct {
		text, base, flags string
		available         bool
	}{
		{"IDLE", "IDLE", "", true},
		{"MIXED+PLANNED", "MIXED", "PLANNED", true},
		{"IDLE+DRAIN", "IDLE", "DRAIN", false},
		{"DOWN*", "DOWN", "NOT_RESPONDING", false},
		{"ALLOCATED*+DRAIN", "ALLOCATED", "NOT_RESPONDING DRAIN", false},
		{"IDLE~", "IDLE", "POWERED_DOWN", true},
		{"IDLE#", "IDLE", "POWERING_UP", true},
		{"IDLE+CLOUD+POWER", "IDLE", "CLOUD POWERED_DOWN", true},
		{"IDLE%", "IDLE", "POWERING_DOWN", false},
		{"IDLE$", "IDLE", "MAINT", false},
		{"IDLE+MAINTENANCE", "IDLE", "MAINT", false},
		{"MIXED+RESERVED", "MIXED", "RESERVED", false},
		{"IDLE+COMPLETING", "IDLE", "COMPLETING", true},
		{"UNKNOWN+NOT_RESPONDING", "UNKNOWN", "NOT_RESPONDING", false},
		{"FUTURE", "FUTURE", "", false},
		{"", "", "", false},
	}
	for _, tt := range tests {
		p := nodeParser{lists: map[string][]string{}}
		base, flags := p.state([]byte(tt.text))
		n := Node{State: base, Flags: flags}
		if base != tt.base || strings.Join(flags, " ") != tt.flags || n.Available() != tt.available {
			t.Errorf("%q: got %q %q, available %v; want %+v", tt.text, base, flags, n.Available(), tt)
		}
	}
}
