package strategies

import (
	"slices"
	"strings"
	"time"

	"hpcsub/slurm"
)

// workerMiB is what hpcsub's worker and the shell around it need beside the items.
const workerMiB = 64

// driverMiB is what Pathos or Dask need beside them: an interpreter with Dask has 150 MiB, and the node with the
// queue runs two.
const driverMiB = 384

// problem is an Input made ready once for all strategies.
type problem struct {
	in      Input
	may     scenarios
	lengths lengths
	cpus    int // of one item
	pools   []*pool
	spans   map[spanKey][]float64 // what was simulated already: partitions share most shapes
	shared  map[shareKey]outcome  // the same of parts that share a queue
	planned map[string]time.Time  // the first planned start of a waiting job on each node
	held    map[string]hold
	// overturned says why a way goes before the one that is predicted to be best; "" = none does.
	overturned string
}

// spanKey is all that the spans of parts depend on beside the items.
type spanKey struct {
	parts, slots int
	overhead     overhead
	scale        float64
	far          bool
	order        int
}

// shareKey is all that parts which share a queue depend on beside the items.
type shareKey struct {
	spanKey
	starting starting
}

// pool is a partition that the job may use, with its nodes that take jobs and every limit that binds there.
type pool struct {
	slurm.Partition
	scheduler     slurm.Scheduler
	groups        []group // in the order in which Slurm fills them
	size          int     // nodes in all groups
	binding       []binding
	wall          *limit // the longest time limit that may be asked for; nil = any
	now           time.Time
	named         string             // the reservation that the job names
	reserved      *slurm.Reservation // the same, where it is known
	reservedNodes []string
	qosFlags      []string // of the job's QOS: some lift limits of the partition
	onlyGPUs      bool     // all of its nodes have some
	span          int      // nodes that one item goes over
	// What the job's options ask for, of each job and of each of its nodes.
	licenses, gres map[string]int
}

// group is nodes that are alike in all that counts: ten thousand nodes have a few shapes.
type group struct {
	slurm.Node           // one of them
	count      int       // how many there are
	planned    time.Time // the earliest start that Slurm has planned on them for a waiting job; zero = none
	hold       hold      // a reservation of others that has them, now or later
}

// newProblem reads the cluster for this job. Without a pool the rejection says why.
func newProblem(in Input) (*problem, *Rejection) {
	p := &problem{in: in, cpus: max(1, in.Each.CPUs), spans: map[spanKey][]float64{}, shared: map[shareKey]outcome{}}
	switch {
	case in.Items < 1:
		return nil, &Rejection{Reason: "there are no items; give items, [sweep] or [zip] at least one"}
	case missing(in) != nil:
		return nil, missing(in)
	case in.Cluster == nil:
		return nil, &Rejection{Reason: "nothing is known of the cluster"}
	}
	p.planned, p.held = plannedStarts(in.Cluster.Queue), holds(in)
	p.lengths = lengthsOf(in)
	p.may = scenariosOf(in, p.lengths)
	suited, rest := candidates(in)
	first := p.addPools(suited)
	if len(p.pools) == 0 {
		if no := p.addPools(rest); first == nil {
			first = no
		}
	}
	switch {
	case len(p.pools) > 0:
		return p, nil
	case first == nil:
		first = unknownPartition(in)
	}
	return nil, first
}

// addPools adds the partitions that the job may use, and returns what stands in the way of the first
// that it may not.
func (p *problem) addPools(parts []slurm.Partition) *Rejection {
	var first *Rejection
	for _, part := range parts {
		pool, no := p.newPool(part)
		if no == nil {
			p.pools = append(p.pools, pool)
		} else if first == nil {
			first = no
		}
	}
	return first
}

// candidates are the partitions to look at: those that job.toml names, else all, the default first. Kept
// apart are those whose refusal would say little, for work that uses GPUs those without any, and those that
// had better be left to others, for other work those of GPU nodes alone: they are looked at where there is
// nothing else.
func candidates(in Input) (suited, rest []slurm.Partition) {
	named := strings.Split(in.Slurm.Partition, ",")
	for _, p := range in.Cluster.Partitions {
		asked := slices.Contains(named, p.Name)
		nodes := in.Cluster.In(p.Name)
		switch {
		case in.Slurm.Partition != "" && !asked:
		case !asked && in.Site.Partitions[p.Name].NamedOnly: // the site keeps it for jobs that say so
		case in.Each.GPUs > 0 && !someGPUs(nodes, in.Each.GPUType):
			rest = append(rest, p)
		case p.Default:
			suited = append([]slurm.Partition{p}, suited...)
		case !asked && in.Each.GPUs == 0 && onlyGPUs(nodes):
			rest = append(rest, p)
		default:
			suited = append(suited, p)
		}
	}
	return suited, rest
}

func (p *problem) newPool(part slurm.Partition) (*pool, *Rejection) {
	in := p.in
	if no := admits(in, part); no != nil {
		return nil, no
	}
	o := &pool{Partition: part, scheduler: in.Cluster.Scheduler, now: in.Cluster.Taken, onlyGPUs: onlyGPUs(in.Cluster.In(part.Name))}
	if o.named = in.Slurm.Reservation; o.named != "" {
		if o.reserved = in.Cluster.Reservation(o.named); o.reserved != nil {
			o.reservedNodes = o.reserved.Holds()
		}
	}
	if in.Local { // memory counts where it is asked for, and a CPU is a CPU
		o.scheduler = slurm.Scheduler{}
	}
	if exclusive(in) {
		o.OverSubscribe = "EXCLUSIVE"
	}
	if foreign := o.gather(p); foreign != nil {
		return nil, foreignArch(in, part, *foreign)
	}
	if o.size == 0 {
		return nil, noNode(in, part)
	}
	o.binding, o.qosFlags = bindings(in, part), qosFlags(in, part)
	o.licenses, o.gres = Licenses(in.Slurm.Options), optionGRES(in.Slurm.Options)
	o.wall = o.wallLimit(in)
	if no := p.spread(o); no != nil {
		return nil, no
	}
	if _, no := p.throttle(o, 1); no != nil {
		return nil, no
	}
	if left := p.submitLeft(o); left != nil && left.n == 0 {
		return nil, left.refuse("not one more job can be submitted")
	}
	return o, nil
}

// gather groups the nodes that take jobs. It returns one on which the program could not run, if there is
// one: Slurm might choose it.
func (o *pool) gather(p *problem) (foreign *slurm.Node) {
	type kind struct {
		weight, cpus, cores, perSocket, allocated, memory, memoryAllocated, gpus, freeGPUs int
		planned                                                                            time.Time
		hold                                                                               hold
	}
	at := map[kind]int{}
	in := p.in
	for n := range in.Cluster.In(o.Name) {
		n, hold, ok := o.toJob(*n, p.held)
		if !ok || !hasFeatures(n, in.Slurm.Constraint) || slices.Contains(in.Exclude, n.Name) {
			continue
		}
		if in.Arch != "" && n.Arch != "" && n.Arch != in.Arch {
			foreign = &n
		}
		k := kind{n.Weight, n.CPUs, n.Cores(), n.CoresPerSocket, n.CPUs - n.FreeCPUs(), n.MemoryMiB, n.MemoryAllocatedMiB, 0, 0, p.planned[n.Name], hold}
		if in.Each.GPUs > 0 {
			k.gpus, k.freeGPUs = gpusOf(n, in.Each.GPUType)
		}
		i, ok := at[k]
		if !ok {
			i = len(o.groups)
			at[k] = i
			o.groups = append(o.groups, group{Node: n, planned: k.planned, hold: hold})
		}
		o.groups[i].count++
		o.size++
	}
	slices.SortStableFunc(o.groups, func(a, b group) int { return a.Weight - b.Weight })
	return foreign
}

// plannedStarts is the earliest planned start of a waiting job on each node that has one.
func plannedStarts(queue []slurm.Queued) map[string]time.Time {
	first := map[string]time.Time{}
	for _, q := range queue {
		for _, n := range q.Nodes {
			if t := first[n]; !q.Start.IsZero() && (t.IsZero() || q.Start.Before(t)) {
				first[n] = q.Start
			}
		}
	}
	return first
}

// demand is what a job asks of a node on which it runs some items side by side, or its share of one that goes over
// several nodes.
func (p *problem) demand(o *pool, slots int) demand {
	if p.pieces() > 0 && slots == 1 {
		return p.share(max(1, o.span))
	}
	d := demand{cpus: slots * p.cpus, gpus: slots * p.in.Each.GPUs, gpuType: p.in.Each.GPUType}
	if p.in.Each.MemoryMiB > 0 {
		d.memoryMiB = slots*(p.in.Each.MemoryMiB+p.ranks()*rankMiB) + workerMiB
		if p.in.Function {
			d.memoryMiB += driverMiB
		}
	}
	return d
}

func (o *pool) fit(g group, d demand) room { return fit(o.scheduler, o.Partition, g.Node, d) }

// exclusive says that job.toml asks for whole nodes.
func exclusive(in Input) bool {
	return slices.ContainsFunc(in.Slurm.Options, func(s string) bool {
		return s == "--exclusive" || s == "--exclusive=exclusive"
	})
}

// hasFeatures reads a plain constraint: features joined by & (or a comma), or by |. Of a
// richer one (counts, brackets) nothing is concluded.
func hasFeatures(n slurm.Node, constraint string) bool {
	if constraint == "" || strings.ContainsAny(constraint, "[](){}*!") {
		return true
	}
	for _, choice := range strings.Split(constraint, "|") {
		every := strings.FieldsFunc(choice, func(r rune) bool { return r == '&' || r == ',' })
		if !slices.ContainsFunc(every, func(f string) bool { return !slices.Contains(n.Features, f) }) {
			return true
		}
	}
	return false
}
