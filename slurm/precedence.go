package slurm

import "cmp"

// StandardQOS is the QOS of a job that names none: the association's default, the only one that
// it may use, or Slurm's own.
func (a Association) StandardQOS() string {
	if a.DefaultQOS == "" && len(a.QOS) == 1 {
		return a.QOS[0]
	}
	return cmp.Or(a.DefaultQOS, "normal")
}

// Under is what is left of a set of limits below another that goes before it. Slurm asks the
// partition's QOS, the job's QOS and the association in this order, and for each limit only the
// first that sets it counts (Slurm's page Resource Limits, "Hierarchy"): a user whose
// association allows 5 jobs has 12,000 where the QOS says so. Use stays as it is.
func (u Use) Under(first Use) Use {
	if first.MaxSubmitJobs != nil || first.AccountMaxSubmit != nil {
		u.MaxSubmitJobs, u.AccountMaxSubmit = nil, nil
	}
	if first.MaxJobs != nil || first.AccountMaxJobs != nil {
		u.MaxJobs, u.AccountMaxJobs = nil, nil
	}
	for _, x := range []struct {
		limit **int
		first *int
	}{
		{&u.MaxWallS, first.MaxWallS}, {&u.GroupMaxJobs, first.GroupMaxJobs}, {&u.GroupMaxSubmit, first.GroupMaxSubmit},
		{&u.GroupMaxWallS, first.GroupMaxWallS},
	} {
		if x.first != nil {
			*x.limit = nil
		}
	}
	for _, x := range []struct {
		limit *map[string]int
		first map[string]int
	}{
		{&u.MaxTRES, first.MaxTRES}, {&u.AccountMaxTRES, first.AccountMaxTRES}, {&u.GroupMaxTRES, first.GroupMaxTRES},
		{&u.MaxTRESPerJob, first.MaxTRESPerJob}, {&u.MaxTRESPerNode, first.MaxTRESPerNode},
		{&u.MinTRESPerJob, first.MinTRESPerJob}, {&u.MaxTRESMinutesPerJob, first.MaxTRESMinutesPerJob},
		{&u.GroupMaxTRESMinutes, first.GroupMaxTRESMinutes}, {&u.GroupMaxTRESRunMinutes, first.GroupMaxTRESRunMinutes},
		{&u.MaxTRESRunMinutes, first.MaxTRESRunMinutes}, {&u.AccountMaxTRESRunMinutes, first.AccountMaxTRESRunMinutes},
	} {
		*x.limit = unset(*x.limit, x.first)
	}
	return u
}

// unset leaves out of a set of limits those that another one sets.
func unset(limits, first map[string]int) map[string]int {
	if len(first) == 0 {
		return limits
	}
	left := map[string]int{}
	for name, n := range limits {
		if _, set := first[name]; !set {
			left[name] = n
		}
	}
	return left
}
