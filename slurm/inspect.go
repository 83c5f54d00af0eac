package slurm

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// answers are what Inspect was told. Why something could not be asked stands in unknown.
type answers struct {
	settings   settings
	nodes      []Node
	partitions []rawPartition
	queue      []Queued
	rights     rights
	grants     []grant
	qos        map[string]qosLimits

	reservations []Reservation
	licenses     []License
	switches     []Switch
	unknown      []string
}

// Inspect asks Slurm for its picture: five calls, and three more of which the answers are kept
// for an hour, or four with licences or switches. At most two run at a time. Without nodes, partitions or the configuration there
// is no picture; anything else that could not be asked stands in Cluster.Unknown.
func (c *Commands) Inspect(ctx context.Context, opt InspectOptions) (*Cluster, error) {
	who := c.whoami(ctx)
	opt.cached = new(atomic.Bool)
	var a, b, nodes answers // each has its own, so that they share nothing
	err := twoAtATime(ctx,
		func(ctx context.Context) (err error) { nodes.nodes, err = c.showNodes(ctx); return err }, // the longest by far
		func(ctx context.Context) error { return c.askRules(ctx, opt, who, &a) },
		func(ctx context.Context) error { return c.askState(ctx, opt, &b) })
	if err != nil {
		return nil, err
	}
	a.nodes, a.partitions, a.queue = nodes.nodes, b.partitions, b.queue
	a.reservations, a.licenses = b.reservations, b.licenses
	a.unknown = append(a.unknown, b.unknown...)
	a.compare(who.name)
	if a.needGroups() {
		who.groups, err = c.groups(ctx)
		a.note(err, "your groups, which decide on some partitions and reservations")
	}
	cluster := a.picture(who, time.Now())
	cluster.Cached = opt.cached.Load()
	return cluster, nil
}

// askRules asks for what changes slowly, and for the use of the limits.
func (c *Commands) askRules(ctx context.Context, opt InspectOptions, who person, a *answers) (err error) {
	if a.settings, err = c.showConfig(ctx, opt); err != nil {
		return err
	}
	if (opt.Whole || opt.Topology && !opt.Licenses) && a.settings.scheduler.hasTopology() {
		a.switches, err = c.showTopology(ctx, opt)
		a.switches = known(a.switches, err)
		a.note(err, "which nodes share a switch")
	}
	if !a.settings.scheduler.Accounting {
		a.unknown = append(a.unknown, unaccounted)
		return ctx.Err()
	}
	a.rights, err = c.showLimits(ctx, who.name)
	a.rights = known(a.rights, err)
	a.settings.limits.JobCount = a.rights.jobsOfAll()
	a.note(err, "limits and their use")
	a.grants, err = c.showGrants(ctx, opt, who.name, a.settings.cluster)
	a.grants = known(a.grants, err)
	a.note(err, "the QOS that you may use")
	a.qos, err = c.showQOS(ctx, opt)
	a.qos = known(a.qos, err)
	a.note(err, "limits of QOS that nobody uses now")
	return ctx.Err()
}

// unaccounted is how Cluster.Unknown says that there is no accounting.
const unaccounted = "accounts, QOS and their limits: this Slurm keeps no accounting"

// needGroups says whether it takes the user's groups to know what the user may use.
func (a *answers) needGroups() bool {
	return slices.ContainsFunc(a.partitions, func(p rawPartition) bool { return len(p.AllowGroups) > 0 }) ||
		slices.ContainsFunc(a.reservations, func(r Reservation) bool { return len(r.Groups) > 0 })
}

// askState asks for what changes from minute to minute, beside the nodes.
func (c *Commands) askState(ctx context.Context, opt InspectOptions, a *answers) (err error) {
	if a.partitions, err = c.showPartitions(ctx); err != nil {
		return err
	}
	a.queue, err = c.showPlanned(ctx)
	a.queue = known(a.queue, err)
	a.note(err, "planned starts of waiting jobs")
	a.reservations, err = c.showReservations(ctx)
	a.reservations = known(a.reservations, err)
	a.note(err, "reservations and maintenance ahead")
	if opt.Licenses || opt.Whole {
		a.licenses, err = c.showLicenses(ctx, opt)
		a.licenses = known(a.licenses, err)
		a.note(err, "licences")
	}
	return ctx.Err()
}

// known is an answer, or none where reading it went wrong: half an answer is a smaller cluster, or a limit that does
// not bind.
func known[T any](answer T, err error) T {
	if err != nil {
		var none T
		return none
	}
	return answer
}

// note keeps in words what could not be asked, and why.
func (a *answers) note(err error, what string) {
	if err != nil {
		a.unknown = append(a.unknown, what+": "+err.Error())
	}
}

// twoAtATime runs functions in their order, two at a time; the first error ends the others and is returned.
func twoAtATime(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		running sync.WaitGroup
		once    sync.Once
		first   error
	)
	slots := make(chan struct{}, 2)
	for _, f := range all {
		slots <- struct{}{}
		running.Go(func() {
			if err := f(ctx); err != nil {
				once.Do(func() { first = err })
				cancel()
			}
			<-slots
		})
	}
	running.Wait()
	return first
}

// picture puts the answers together.
func (a *answers) picture(who person, now time.Time) *Cluster {
	s := a.settings
	cluster := &Cluster{
		Name: s.cluster, Version: s.version, Client: "commands", User: who.name, Taken: now,
		Limits: s.limits, Scheduler: s.scheduler, Nodes: a.nodes, Queue: a.queue,
		Licenses: a.licenses, Switches: a.switches, Reservations: a.reservations,
	}
	a.fillLimits(&cluster.Limits, who)
	a.checkPrivate()
	a.admit(cluster.Reservations, who, cluster.Limits.Associations)
	reserve(a.nodes, cluster.Reservations)
	at := make(map[string]int, len(a.nodes))
	for i := range a.nodes {
		at[a.nodes[i].Name] = i
	}
	for _, p := range a.partitions {
		its := make([]*Node, 0, len(p.NodeList))
		for _, name := range p.NodeList {
			if i, ok := at[name]; ok {
				its = append(its, &a.nodes[i])
			}
		}
		if len(its) < p.Nodes {
			a.unknown = append(a.unknown, fmt.Sprintf("nodes: scontrol showed %d of the %d in partition %s", len(its), p.Nodes, p.Name))
		}
		p.WhyNot = a.whyNot(p, its, cluster.Limits.Associations, who)
		p.Usable = p.WhyNot == ""
		if p.Access = []Access{}; p.Usable {
			p.Access = a.access(p, cluster.Limits.Associations)
		}
		cluster.Partitions = append(cluster.Partitions, p.Partition)
	}
	cluster.Unknown = orEmpty(a.unknown)
	return cluster
}

// checkPrivate notes what the administrator hides from users.
func (a *answers) checkPrivate() {
	hidden := map[string]string{
		"jobs":  "planned starts of other users' jobs",
		"nodes": "nodes of partitions that you may not use",
		"usage": "what others use of the limits that you share",
	}
	for _, p := range a.settings.private {
		if what := hidden[p]; what != "" {
			a.unknown = append(a.unknown, what+": hidden by PrivateData="+p)
		}
	}
}

// person is who asks.
type person struct {
	name, uid string
	host      string
	groups    []string // nil where they could not be asked
}

// whoami names the user as the system does: by its files, by id(1), which also asks a directory
// service, and by the shell's word where neither knows.
func (c *Commands) whoami(ctx context.Context) person {
	who := person{uid: strconv.Itoa(os.Getuid())}
	who.host, _ = os.Hostname()
	if u, err := user.LookupId(who.uid); err == nil {
		who.name = u.Username
	} else if out, err := c.ask(ctx, "id", "-u", "-n"); err == nil {
		who.name = strings.TrimSpace(string(out))
	}
	who.name = cmp.Or(who.name, c.lookup("USER"), who.uid)
	return who
}

// groups names the user's groups: by the system's files, and by id(1) where those do not know
// one of them.
func (c *Commands) groups(ctx context.Context) ([]string, error) {
	ids, err := os.Getgroups()
	if err != nil {
		return nil, fmt.Errorf("asking for groups: %w", err)
	}
	names := []string{}
	for _, id := range append(ids, os.Getgid()) {
		g, err := user.LookupGroupId(strconv.Itoa(id))
		if err != nil {
			out, err := c.ask(ctx, "id", "-G", "-n", "-z")
			return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), err
		}
		names = append(names, g.Name)
	}
	return names, nil
}
