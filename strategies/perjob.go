package strategies

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ask is what one Slurm job asks for; memory in MiB.
type ask struct {
	nodes, cpus, memoryMiB int // cpus: that it is given, whole cores or nodes where the site says so
	limitS                 int // its time limit; 0 = nothing is decided yet, and less may be asked for than in the end
	least                  int // the CPUs that the request names
	gpus                   int
	gpuType                string
	licenses, gres         map[string]int // that options of sbatch ask for: of the job, and of each node
	billing                int            // what all of it counts for
}

func (a ask) tres() map[string]int {
	all := map[string]int{"node": a.nodes, "cpu": a.cpus, "mem": a.memoryMiB, "gres/gpu": a.gpus}
	if a.gpus > 0 && a.gpuType != "" {
		all["gres/gpu:"+a.gpuType] = a.gpus
	}
	for name, n := range a.licenses {
		all["license/"+name] = n
	}
	for name, n := range a.gres {
		all["gres/"+name] = n * a.nodes
	}
	if a.billing > 0 {
		all["billing"] = a.billing
	}
	return all
}

// whole adds what the job's options ask for and what the job counts for here.
func (o *pool) whole(a ask) ask {
	a.licenses, a.gres = o.licenses, o.gres
	a.billing = a.cpus // where the partition does not say what counts
	if len(o.BillingWeights) > 0 {
		a.billing = 0
		var sum, most float64
		for name, n := range a.tres() {
			counts := float64(n) * o.BillingWeights[name]
			sum, most = sum+counts, max(most, counts)
		}
		if a.billing = int(sum); o.scheduler.BillsMost {
			a.billing = int(most)
		}
	}
	return a
}

// optionGRES reads what "--gres=shard:2,scratch:fast:10" asks for on each node, without types.
func optionGRES(options []string) map[string]int {
	all := map[string]int{}
	for _, option := range options {
		text, ok := strings.CutPrefix(option, "--gres=")
		if !ok {
			text, ok = strings.CutPrefix(option, "--gres ")
		}
		for _, item := range strings.Split(text, ",") {
			parts := strings.Split(strings.TrimPrefix(strings.TrimSpace(item), "gres/"), ":")
			n, err := strconv.Atoi(parts[len(parts)-1])
			if len(parts) == 1 {
				n, err = 1, nil
			}
			if ok && parts[0] != "" && err == nil {
				all[parts[0]] += n
			}
		}
	}
	return all
}

// minutes is the same times its time limit, which Slurm rounds up to minutes.
func (a ask) minutes() map[string]int {
	all := a.tres()
	for name, n := range all {
		all[name] = n * ((a.limitS + 59) / 60)
	}
	return all
}

// perNode is the most that it takes of one of its nodes.
func (a ask) perNode() ask {
	each := func(n int) int { return (n + max(1, a.nodes) - 1) / max(1, a.nodes) }
	return ask{nodes: 1, cpus: each(a.cpus), memoryMiB: each(a.memoryMiB), gpus: each(a.gpus), gpuType: a.gpuType, gres: a.gres}
}

// ask is what a job of one node asks for that has such a room there.
func (r room) ask(d demand) ask {
	return ask{nodes: 1, cpus: r.cpus, memoryMiB: r.memoryMiB, gpus: r.gpus, gpuType: d.gpuType}
}

// times is the same of a job over some nodes.
func (a ask) times(nodes int) ask {
	a.nodes, a.cpus, a.memoryMiB, a.gpus = nodes, a.cpus*nodes, a.memoryMiB*nodes, a.gpus*nodes
	return a
}

// ask is what one Slurm job of a shape asks for.
func (s shape) ask(p *problem, at places, limitS int) ask {
	d := s.demand(p)
	a := at.top.ask(d).times(s.nodes)
	a.memoryMiB, a.limitS, a.least = d.memoryMiB*s.nodes, limitS, s.slots*p.cpus*s.nodes/s.wide()
	return a
}

// jobLimit is a set of limits on resources that one job can break by itself, however long it waits.
type jobLimit struct {
	key   string // as sacctmgr has it
	most  map[string]int
	least bool // it is a minimum
	asked map[string]int
	words string // what the job would do
}

func (b binding) jobLimits(a ask) []jobLimit {
	all, node := a.tres(), a.perNode().tres()
	perJob := "MaxTRESPerJob"
	if b.account {
		perJob = "MaxTRES"
	}
	limits := []jobLimit{
		{key: perJob, most: b.use.MaxTRESPerJob, asked: all},
		{key: "MaxTRESPerNode", most: b.use.MaxTRESPerNode, asked: node},
		{key: "MaxTRESPerUser", most: b.use.MaxTRES, asked: all},
		{key: "MaxTRESPerAccount", most: b.use.AccountMaxTRES, asked: all},
		{key: "GrpTRES", most: b.use.GroupMaxTRES, asked: all},
	}
	if a.limitS > 0 {
		least := a.tres()
		least["cpu"] = a.least
		limits = append(limits, jobLimit{key: "MinTRESPerJob", most: b.use.MinTRESPerJob, asked: least, least: true})
		minutes, left := a.minutes(), map[string]int{}
		for name, n := range b.use.GroupMaxTRESMinutes {
			left[name] = max(0, n-b.use.GroupTRESMinutes[name])
		}
		limits = append(limits,
			jobLimit{key: "MaxTRESMinsPerJob", most: b.use.MaxTRESMinutesPerJob, asked: minutes, words: " times its time limit in minutes"},
			jobLimit{key: "GrpTRESMins", most: left, asked: minutes, words: " times its time limit in minutes"},
			jobLimit{key: "GrpTRESRunMins", most: b.use.GroupMaxTRESRunMinutes, asked: minutes, words: " times its time limit in minutes"},
			jobLimit{key: "MaxTRESRunMinsPerUser", most: b.use.MaxTRESRunMinutes, asked: minutes, words: " times its time limit in minutes"},
			jobLimit{key: "MaxTRESRunMinsPerAccount", most: b.use.AccountMaxTRESRunMinutes, asked: minutes, words: " times its time limit in minutes"})
	}
	return limits
}

// perJob is the first limit that one job breaks, however long it waits.
func (o *pool) perJob(in Input, a ask) *Rejection {
	a = o.whole(a)
	for _, b := range o.binding {
		for _, set := range b.jobLimits(a) {
			for _, name := range slices.Sorted(maps.Keys(set.most)) {
				n, known := set.asked[name]
				most := set.most[name]
				kept := n <= most
				if set.least {
					kept = n >= most
				}
				if kept || !known {
					continue
				}
				l := b.limit(in, set.key, name+"="+strconv.Itoa(most))
				l.n = most
				if set.key == "GrpTRESMins" {
					l.value += " left of " + strconv.Itoa(b.use.GroupMaxTRESMinutes[name])
				}
				return l.refuse("one Slurm job would ask for " + tresWords(name, n) + set.words)
			}
		}
	}
	return nil
}
