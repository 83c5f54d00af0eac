package strategies

import "slices"

// Choose ranks every way to run the job that is feasible here, and explains the first: feasible,
// predicted, ranked, explained. A plan without a choice says of each strategy what stands in its way.
func Choose(in Input) Plan {
	plan := Plan{
		Job: in.Job, Items: in.Items, Minimize: in.Plan.Minimize,
		Candidates: []Candidate{}, Warnings: []Warning{},
	}
	if plan.Minimize == "" {
		plan.Minimize = "makespan"
	}
	in = withPolicy(in)
	use, refused := forced(in)
	plan.Rejections = refused
	p, no := newProblem(in)
	if no != nil {
		for _, s := range use {
			plan.Rejections = append(plan.Rejections, no.of(s.name))
		}
		return plan.inOrder()
	}
	var ranked []prediction
	for _, s := range use {
		best, no := p.bestOf(s)
		if no != nil {
			plan.Rejections = append(plan.Rejections, *no)
		} else {
			ranked = append(ranked, *best)
		}
	}
	ranked = p.corrected(p.rank(ranked))
	for _, c := range ranked {
		plan.Candidates = append(plan.Candidates, c.Candidate)
	}
	if len(ranked) > 0 {
		plan.Chosen = &plan.Candidates[0]
		plan.Why = p.why(ranked)
		plan.Warnings = append(plan.Warnings, p.warnings(ranked[0])...)
	}
	return plan.inOrder()
}

// bestOf predicts every shape that the strategy proposes in every partition, and returns the best of
// them, or why there is none.
func (p *problem) bestOf(s strategy) (*prediction, *Rejection) {
	var feasible []prediction
	var refused []Rejection
	for _, o := range p.pools {
		shapes, no := s.propose(p, o)
		refused = append(refused, no...)
		for _, shape := range shapes {
			c, no := p.predict(shape)
			if no != nil {
				refused = append(refused, *no)
				continue
			}
			feasible = append(feasible, c)
		}
	}
	guess := p.guess(s.name)
	switch {
	case guess != nil && guess.Refused != "":
		no := Rejection{Strategy: s.name, Reason: "sbatch refuses it: " + guess.Refused}
		return nil, &no
	case len(feasible) == 0 && len(refused) == 0:
		no := Rejection{Strategy: s.name, Reason: "no node has room for it"}
		return nil, &no
	case len(feasible) == 0:
		no := widest(refused).of(s.name)
		return nil, &no
	}
	c := feasible[best(feasible, p.rules(feasible))]
	c.Guess = guess
	c.Estimate.Parts = p.terms(c.shape, c.places)
	return &c, nil
}

// widest is the refusal to show: the first, or where that is a limit, the limit that leaves the most room. What is
// over the run's own limits alone goes first: that shape could run, and those limits are what stands in its way.
func widest(refused []Rejection) Rejection {
	out := refused[0]
	for _, r := range refused {
		switch {
		case r.ofRun() != out.ofRun():
			if r.ofRun() {
				out = r
			}
		case out.Limit != "" && r.Limit != "" && r.room > out.room:
			out = r
		}
	}
	return out
}

// ofRun says that a shape was predicted and exceeds what the whole run may use.
func (r Rejection) ofRun() bool { return r.room < 0 }

// guess is what Slurm said when it was asked about this strategy, or nil.
func (p *problem) guess(strategy string) *Guess {
	i := slices.IndexFunc(p.in.Starts, func(g Guess) bool { return g.Strategy == strategy })
	if i < 0 {
		return nil
	}
	return &p.in.Starts[i]
}

func (r Rejection) of(strategy string) Rejection {
	r.Strategy = strategy
	return r
}

// inOrder sorts the rejections as the documentation lists the strategies.
func (plan Plan) inOrder() Plan {
	order := Names()
	slices.SortStableFunc(plan.Rejections, func(a, b Rejection) int {
		return slices.Index(order, a.Strategy) - slices.Index(order, b.Strategy)
	})
	return plan
}
