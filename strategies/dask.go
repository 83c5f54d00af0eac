package strategies

import "fmt"

// dask hands out the calls of a function with a scheduler of Dask and a worker of it on each node of one job: for
// very many calls, or uneven ones, over nodes.
func dask() strategy {
	return strategy{name: "dask", work: functions, clusters: true, template: "dask", costs: daskCosts, propose: proposeDask}
}

func daskCosts(c Costs) overhead {
	return overhead{begin: c.WorkerStart + c.DaskStart + c.PythonStart, item: c.DaskItem, end: c.Stop + c.DaskStop}
}

func proposeDask(p *problem, o *pool) ([]shape, []Rejection) {
	if no := p.lacks("distributed"); no != nil {
		return nil, []Rejection{*no}
	}
	if p.clusters() {
		return p.clusterShapes(o)
	}
	return p.callShapes(o, func(nodes int) strategy {
		s := dask()
		if nodes > 1 {
			s.costs = func(c Costs) overhead {
				o := daskCosts(c)
				o.begin += c.StepStart
				return o
			}
		}
		return s
	}), nil
}

// clusters says that each item is a program with a cluster of Dask around it.
func (p *problem) clusters() bool { return clusters(p.in) }

func clusters(in Input) bool { return in.Each.Parallel == "dask" && !in.Function }

// clusterCosts are those of a worker whose items each start a cluster and end it.
func clusterCosts(c Costs) overhead {
	o := workerCosts(c)
	o.item += c.DaskStart + c.DaskStop
	return o
}

// clusterShapes are one allocation in which the programs run one after another, and a job for each.
func (p *problem) clusterShapes(o *pool) ([]shape, []Rejection) {
	if gpus := p.in.Each.GPUs; gpus > p.cpus {
		return nil, []Rejection{{Reason: fmt.Sprintf("a cluster of Dask has a worker for each GPU, which needs a CPU: an item asks for %s and %s; write cpus = %d in [each], or more",
			counted(gpus, "GPU"), counted(p.cpus, "CPU"), gpus)}}
	}
	s := dask()
	s.costs = clusterCosts
	if p.lengths.basis == Measured { // with the cluster around each
		s.costs = workerCosts
	} else if o.span > 1 {
		s.costs = func(c Costs) overhead {
			all := clusterCosts(c)
			all.item += c.StepStart
			return all
		}
	}
	shapes := []shape{{strategy: s, pool: o, parts: 1, slots: 1, nodes: o.span}}
	if p.in.Items == 1 {
		return shapes, nil
	}
	each, no := proposeArray(p, o)
	for i := range each {
		each[i].strategy = s
	}
	return append(shapes, each...), no
}

// ClusterMemoryMiB is what the workers of a cluster may hold of the memory that is asked for on a node; 0 = nothing is
// known. The program itself, on the first node, has a share of it.
func ClusterMemoryMiB(asked int) int { return max(0, asked-clusterMiB-workerMiB) }
