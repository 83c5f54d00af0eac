package slurm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Inspect asks for the same picture as the commands give. Without nodes and partitions there is
// none; whatever else slurmrestd does not tell stands in Cluster.Unknown, in words.
func (r *REST) Inspect(ctx context.Context, opt InspectOptions) (*Cluster, error) {
	opt.cached = new(atomic.Bool)
	r.recall(ctx, opt)
	server, err := r.server(ctx)
	if err != nil {
		return nil, err
	}
	r.remember(ctx, opt, server.version)
	who := r.local.whoami(ctx)
	if r.opt.User != "" {
		who.name = r.opt.User
	}
	a := answers{queue: []Queued{}}
	if err := r.askState(ctx, server.version, &a); err != nil {
		return nil, err
	}
	if err := r.askRules(ctx, opt, server, who, &a); err != nil {
		return nil, err
	}
	a.unknown = append(a.unknown, "planned starts of waiting jobs: slurmrestd would have to be asked for all jobs")
	r.askAhead(ctx, server.version, opt, &a)
	if a.needGroups() {
		who.groups, err = r.local.groups(ctx)
		a.note(err, "your groups, which decide on some partitions and reservations")
	}
	cluster := a.picture(who, time.Now())
	cluster.Client, cluster.Cached = "rest", opt.cached.Load()
	return cluster, ctx.Err()
}

// askState asks for nodes and partitions. Which node is in which partition is what the
// partitions say.
func (r *REST) askState(ctx context.Context, v restVersion, a *answers) error {
	var nodes restNodeParser
	if _, err := r.get(ctx, restCall{path: r.slurm(v, "nodes"), key: "nodes", each: nodes.each(v)}); err != nil {
		return err
	}
	a.nodes = nodes.nodes
	k := restCall{path: r.slurm(v, "partitions") + v.showAll(), key: "partitions", each: eachPartition(v, &a.partitions)}
	if _, err := r.get(ctx, k); err != nil {
		return err
	}
	a.join()
	for _, x := range []struct {
		told bool
		what string
	}{
		{v.tellsUse(), "how much of a node that is in use is free, and which nodes are drained: nodes in use are taken as full, those with a reason as drained"},
		{v.tellsReserved(), "CPUs and memory that nodes keep for the system"},
		{v.tellsFlags(), "which partition is the default, and which are for reservations or root only: name yours with slurm.partition"},
		{v.tellsPreemption(), "in which partitions a job may have to make room for others (PreemptMode)"},
		{v.tellsDefaultTime(), "the partitions' default time limits"},
		{v.tellsSharing(), "which partitions hand out whole nodes only (OverSubscribe)"},
	} {
		if !x.told {
			a.unknown = append(a.unknown, fmt.Sprintf("%s (version %s of slurmrestd's API does not tell)", x.what, v))
		}
	}
	return nil
}

// askAhead asks for reservations and, where they matter, licences.
func (r *REST) askAhead(ctx context.Context, v restVersion, opt InspectOptions, a *answers) {
	ask := func(path string, told bool, each func(*json.Decoder) error) error {
		if !told {
			return fmt.Errorf("version %s of slurmrestd's API does not tell", v)
		}
		_, err := r.get(ctx, restCall{path: r.slurm(v, path), key: path, each: each})
		return err
	}
	reservations := []Reservation{}
	err := ask("reservations", v.tellsReservations(), eachReservation(time.Now(), &reservations))
	if err == nil {
		a.reservations = reservations
	}
	a.note(err, "reservations and maintenance ahead")
	if opt.Licenses || opt.Whole {
		a.licenses = []License{}
		err := ask("licenses", v.tellsLicenses(), eachLicense(&a.licenses))
		if slices.SortFunc(a.licenses, License.byName); err != nil {
			a.licenses = nil
		}
		a.note(err, "licences")
	}
	if (opt.Topology || opt.Whole) && (!v.tellsConfig() || a.settings.scheduler.hasTopology()) {
		a.unknown = append(a.unknown, "which nodes share a switch: slurmrestd does not tell")
	}
}

func (r *REST) slurm(v restVersion, path string) string { return "/slurm/" + v.String() + "/" + path }
func (r *REST) slurmdb(v restVersion, path string) string {
	return "/slurmdb/" + v.String() + "/" + path
}

// join notes with each node the partitions that have it, in their order.
func (a *answers) join() {
	in := map[string][]string{}
	for _, p := range a.partitions {
		for _, name := range p.NodeList {
			in[name] = append(in[name], p.Name)
		}
	}
	lists := map[string][]string{} // ten thousand nodes have a few dozen different ones
	for i := range a.nodes {
		list := orEmpty(in[a.nodes[i].Name])
		key := strings.Join(list, ",")
		if lists[key] == nil {
			lists[key] = list
		}
		a.nodes[i].Partitions = lists[key]
	}
}

// askRules asks for the configuration and for what this user may do.
func (r *REST) askRules(ctx context.Context, opt InspectOptions, s restServer, who person, a *answers) error {
	a.settings = assumed()
	if s.version.tellsConfig() {
		var c restConfig
		err := r.kept(ctx, opt, func() restCall {
			return restCall{path: r.slurm(s.version, "conf"), key: "slurm_conf", each: one(&c)}
		})
		if err == nil {
			a.settings = c.settings()
		}
		a.note(err, "the configuration")
	} else {
		a.unknown = append(a.unknown, unconfigured)
	}
	a.settings.version = s.release
	for i := range a.partitions {
		if p := &a.partitions[i]; p.PreemptMode == "CLUSTER_GLOBAL" {
			p.PreemptMode = a.settings.scheduler.PreemptMode
		}
	}
	if a.settings.cluster = cmp.Or(a.settings.cluster, s.cluster); a.settings.cluster == "" {
		a.settings.cluster = r.clusterName(ctx, opt, s.version)
	}
	if !a.settings.scheduler.Accounting {
		a.unknown = append(a.unknown, unaccounted)
		return ctx.Err()
	}
	associations, qos, err := r.accounting(ctx, opt, s.version, who.name)
	if err != nil {
		a.note(err, "accounts, QOS and their limits")
		return ctx.Err()
	}
	a.fillAccounting(associations, qos, s.version, who.name)
	a.sayUseUnknown(s.version)
	return ctx.Err()
}

// clusterName is, where the answers do not say, that of the one cluster that accounting knows; ""
// where it knows several.
func (r *REST) clusterName(ctx context.Context, opt InspectOptions, v restVersion) string {
	var all []struct {
		Name restText `json:"name"`
	}
	err := r.kept(ctx, opt, func() restCall {
		all = nil
		return restCall{path: r.slurmdb(v, "clusters"), key: "clusters", each: collect(&all)}
	})
	if err != nil || len(all) != 1 {
		return ""
	}
	return string(all[0].Name)
}

// accounting asks for the user's associations, the accounts above them, and the QOS.
func (r *REST) accounting(ctx context.Context, opt InspectOptions, v restVersion, user string) (all []restAssociation, qos []restQOS, err error) {
	ask := func(filter string) error {
		had := all // what was read before stays
		return r.kept(ctx, opt, func() restCall {
			all = had
			return restCall{path: r.slurmdb(v, "associations"+filter), key: "associations", each: collectOf(&all, user)}
		})
	}
	if v.parsed() {
		err = ask("?user=" + escape(user))
		for wanted := levels(all); err == nil && len(wanted) > 0; {
			had := len(all)
			err = ask("?account=" + escape(strings.Join(wanted, ",")))
			if wanted = levels(all); len(all) == had { // they are not shown
				break
			}
		}
	} else {
		err = ask("") // its filters want all four parts of an association
	}
	if err == nil {
		err = r.kept(ctx, opt, func() restCall {
			qos = nil
			return restCall{path: r.slurmdb(v, "qos"), key: "qos", each: collect(&qos)}
		})
	}
	return all, qos, err
}

// collectOf keeps the records of accounts and of one user, of perhaps many thousand.
func collectOf(all *[]restAssociation, user string) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		var a restAssociation
		err := d.Decode(&a)
		if known := a.User == "" || string(a.User) == user; err == nil && known && !slices.ContainsFunc(*all, a.same) {
			*all = append(*all, a)
		}
		return err
	}
}

func (a restAssociation) same(b restAssociation) bool {
	return a.Cluster == b.Cluster && a.Account == b.Account && a.User == b.User && a.Partition == b.Partition
}
