package strategies

// Choose ranks every way to run the job that is feasible here, and explains the first.
func Choose(in Input) Plan {
	return Plan{Job: in.Job, Items: in.Items, Minimize: in.Plan.Minimize}
}
