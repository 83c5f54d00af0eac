package slurm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Reservation is a part of the cluster that is kept for somebody, or for maintenance, for a time.
type Reservation struct {
	Name      string    `json:"name"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Active    bool      `json:"active"`     // when the picture was taken
	Flags     []string  `json:"flags"`      // MAINT, IGNORE_JOBS, FLEX, DAILY …
	Nodes     string    `json:"nodes"`      // a host list; "" = none
	NodeCount int       `json:"node_count"` //
	Cores     int       `json:"cores"`      // that it holds on its nodes, perhaps not all of them
	Partition string    `json:"partition"`  // whose limits hold in it; "" = any
	Users     []string  `json:"users"`      // that may use it; with - before them: that may not
	Accounts  []string  `json:"accounts"`
	Groups    []string  `json:"groups"`
	QOS       []string  `json:"qos"`      // from 26.05
	Licenses  string    `json:"licenses"` // that it keeps: "matlab:4"
	Usable    bool      `json:"usable"`   // a job of this user may name it
	WhyNot    string    `json:"why_not"`  // one sentence; "" when usable
	// MyAccounts are those of this user's accounts that a job in it may charge; empty = any, if it is usable.
	MyAccounts []string `json:"my_accounts"`
	// CoresOf is how many cores of a node it holds, where that is not all of them.
	CoresOf map[string]int `json:"cores_of"`
}

// Holds are the names of its nodes.
func (r Reservation) Holds() []string {
	nodes, err := ExpandHosts(r.Nodes)
	if r.Nodes == "" || err != nil {
		return nil
	}
	return nodes
}

// Has says whether it has a flag, such as "MAINT".
func (r Reservation) Has(flag string) bool { return slices.Contains(r.Flags, flag) }

// Attracts says whether jobs of this user are run in it unasked (MAGNETIC).
func (r Reservation) Attracts() bool { return r.Usable && r.Has("MAGNETIC") }

// Reservation returns the reservation of that name, or nil.
func (c *Cluster) Reservation(name string) *Reservation {
	for i := range c.Reservations {
		if c.Reservations[i].Name == name {
			return &c.Reservations[i]
		}
	}
	return nil
}

// showReservations is never cached: a maintenance that was announced a minute ago decides on when
// a job can start.
func (c *Commands) showReservations(ctx context.Context) (all []Reservation, err error) {
	err = c.parsed(ctx, []string{"scontrol", "-o", "show", "reservations"}, func(text []byte) error {
		all, err = parseReservations(bytes.NewReader(text))
		return err
	})
	return all, err
}

// reservationKeys are what every reservation has, on every release.
var reservationKeys = []string{"StartTime", "EndTime", "Nodes", "NodeCnt", "CoreCnt", "PartitionName", "Flags", "Users", "Groups",
	"Accounts", "Licenses", "State"}

// parseReservations reads the lines of scontrol -o show reservations.
func parseReservations(r io.Reader) ([]Reservation, error) {
	all := []Reservation{}
	err := readNamed(r, "ReservationName", "No reservations in the system", func(line []byte) (string, error) {
		p := reservationParser{Reservation: Reservation{Flags: []string{}, Users: []string{}, Accounts: []string{}, Groups: []string{}, QOS: []string{}}}
		err := eachOnce(line, reservationKeys, p.field)
		all = append(all, p.Reservation)
		return p.Name, err
	})
	return all, err
}

type reservationParser struct {
	Reservation
	coreOf string // the node that the next CoreIDs are of
}

func (p *reservationParser) field(key, value string) (err error) {
	if isNothing(value) && key != "Nodes" {
		return nil
	}
	switch key {
	case "ReservationName":
		p.Name = value
	case "StartTime":
		p.Start, err = parseTime(value)
	case "EndTime":
		p.End, err = parseTime(value)
	case "Nodes":
		if !isNothing(value) {
			p.Nodes = value
			_, err = ExpandHosts(value)
		}
	case "NodeCnt":
		p.NodeCount, err = parseCount(value)
	case "CoreCnt":
		p.Cores, err = parseCount(value)
	case "PartitionName":
		p.Partition = value
	case "Flags":
		p.Flags = splitList(value)
	case "Users":
		p.Users = splitList(value)
	case "Accounts":
		p.Accounts = splitList(value)
	case "Groups":
		p.Groups = splitList(value)
	case "QOS":
		p.QOS = splitList(value)
	case "Licenses":
		p.Licenses = value
	case "State":
		if p.Active = value == "ACTIVE"; !p.Active && value != "INACTIVE" {
			err = fmt.Errorf("want ACTIVE or INACTIVE, got %q", value)
		}
	case "NodeName":
		if p.coreOf = value; strings.Contains(value, " ") {
			err = fmt.Errorf("want the name of a node, got %q", value)
		}
	case "CoreIDs":
		err = p.holdsCores(value)
	}
	return err
}

// holdsCores notes how many cores of a node are held: "0,4-7".
func (p *reservationParser) holdsCores(ids string) error {
	cores, err := expandIndices(strings.TrimSpace(ids))
	if p.CoresOf == nil {
		p.CoresOf = map[string]int{}
	}
	p.CoresOf[p.coreOf] += len(cores)
	return err
}

// admit says of each reservation whether this user's jobs may name it: those of whoever is named, in
// an account that is named or below one; if both are named, both (scontrol(1)).
func (a *answers) admit(all []Reservation, who person, mine []Association) {
	for i := range all {
		r := &all[i]
		r.MyAccounts = []string{}
		for _, m := range mine {
			if lineage := append([]string{m.Account}, a.above(m.Account)...); len(r.Accounts) > 0 && admitted(r.Accounts, lineage) {
				r.MyAccounts = append(r.MyAccounts, m.Account)
			}
		}
		r.WhyNot = r.whyNot(who, mine)
		r.Usable = r.WhyNot == ""
	}
}

func (r Reservation) whyNot(who person, mine []Association) string {
	if who.uid == "0" {
		return ""
	}
	var accounts, qos []string
	for _, a := range mine {
		accounts, qos = append(accounts, a.Account), append(qos, a.QOS...)
	}
	switch {
	case len(r.Users) > 0 && !admitted(r.Users, []string{who.name}):
		return "it is for " + named("user", r.Users) + ", and you are " + who.name
	case len(r.Groups) > 0 && who.groups != nil && !admitted(r.Groups, who.groups):
		return "it is for " + named("group", r.Groups) + ", and yours are " + join(who.groups)
	case len(r.Accounts) > 0 && len(accounts) > 0 && len(r.MyAccounts) == 0:
		return "it is for " + named("account", r.Accounts) + ", and yours are " + join(accounts)
	case len(r.QOS) > 0 && len(qos) > 0 && !slices.ContainsFunc(qos, func(q string) bool { return admitted(r.QOS, []string{q}) }):
		return "it is for " + named("QOS", r.QOS) + ", and yours are " + join(qos)
	}
	return ""
}

// reserve notes on each node how many of its CPUs active reservations keep from whoever does not
// name them. Nodes are marked RESERVED whole, though a reservation may hold but some cores.
func reserve(nodes []Node, all []Reservation) {
	held := map[string]int{} // cores by node
	const whole = 1 << 20    // more than any node has
	for _, r := range all {
		if !r.Active {
			continue
		}
		for _, name := range r.Holds() {
			cores, partly := r.CoresOf[name]
			switch {
			case r.Attracts():
				cores = 0
			case !partly && r.NodeCount == 1 && r.Cores > 0: // slurmrestd before v0.0.39 names no cores
				cores = r.Cores
			case !partly:
				cores = whole
			}
			held[name] = min(whole, held[name]+cores)
		}
	}
	for i := range nodes {
		n := &nodes[i]
		if cores, known := held[n.Name]; known {
			cpus := min(n.CPUs, cores*max(1, n.CPUs/max(1, n.Cores())))
			n.CPUsReserved = &cpus
		}
	}
}

// admitted reads a list of names that are let in, or of names with - before them that are not.
func admitted(list, mine []string) bool {
	if !strings.HasPrefix(list[0], "-") {
		return overlap(list, mine)
	}
	return !slices.ContainsFunc(mine, func(m string) bool { return contains(list, "-"+m) })
}

func named(kind string, list []string) string {
	if strings.HasPrefix(list[0], "-") {
		return "everybody but " + kind + " " + strings.ReplaceAll(join(list), "-", "")
	}
	return kind + " " + join(list)
}
