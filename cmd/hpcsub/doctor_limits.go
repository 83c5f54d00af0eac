package main

import "hpcsub/slurm"

// limits says how much may be submitted at once.
func (d *doctor) limits(c *slurm.Cluster) {
	const area = "limits"
	l := c.Limits
	if l.MaxArraySize != nil {
		d.found(area, "array indices up to %s (MaxArraySize); hpcsub splits longer ones", thousands(*l.MaxArraySize-1))
	}
	if most, have := l.MaxJobCount, l.JobCount; most != nil && have != nil {
		if text := thousands(*have) + " of " + count(*most, "job") + " that the controller holds (MaxJobCount)"; *have*10 >= *most*9 {
			d.warn(area, "wait until some have ended; one run may be refused", "%s", text)
		} else {
			d.found(area, "%s", text)
		}
	}
	if l.MaxSubmitJobs != nil {
		d.found(area, "at most %s of yours in the queue", count(*l.MaxSubmitJobs, "job"))
	}
	for _, a := range l.Associations {
		d.near(area, "account "+a.Account, a.Use)
	}
	for _, q := range l.QOS {
		d.near(area, "QOS "+q.Name, q.Use)
	}
}

// near warns of a limit that is nearly reached.
func (d *doctor) near(area, of string, u slurm.Use) {
	for _, x := range []struct {
		what string
		most *int
		have int
	}{
		{"jobs submitted by you (MaxSubmitJobs)", u.MaxSubmitJobs, u.SubmittedJobs}, {"jobs submitted by all (GrpSubmitJobs)", u.GroupMaxSubmit, u.GroupSubmitted},
		{"running jobs of yours (MaxJobs)", u.MaxJobs, u.Jobs}, {"running jobs of all (GrpJobs)", u.GroupMaxJobs, u.GroupJobs},
	} {
		if x.most != nil && x.have*10 >= *x.most*9 {
			d.warn(area, "wait until some have ended, or name another account or QOS", "%s: %s of %s %s", of, thousands(x.have), thousands(*x.most), x.what)
		}
	}
	d.nearTRES(area, of, u)
}

// nearTRES is the same of counted resources. A limit of none is no limit that is nearly reached.
func (d *doctor) nearTRES(area, of string, u slurm.Use) {
	for _, x := range []struct {
		most, have map[string]int
		unit, what string
	}{
		{u.MaxTRES, u.TRES, "", "in use by you (MaxTRES)"}, {u.AccountMaxTRES, u.AccountTRES, "", "in use by your account (MaxTRES)"},
		{u.GroupMaxTRES, u.GroupTRES, "", "in use by everybody (GrpTRES)"},
		{u.GroupMaxTRESRunMinutes, u.GroupTRESRunMinutes, "-minutes", "ahead of what runs (GrpTRESRunMins)"},
		{u.MaxTRESRunMinutes, u.TRESRunMinutes, "-minutes", "ahead of what you run (MaxTRESRunMinsPerUser)"},
		{u.AccountMaxTRESRunMinutes, u.AccountTRESRunMinutes, "-minutes", "ahead of what your account runs (MaxTRESRunMinsPerAccount)"},
	} {
		for _, name := range sortedKeys(x.most) {
			if most, have := x.most[name], x.have[name]; most > 0 && have*10 >= most*9 {
				d.warn(area, "wait until some jobs have ended, or name another account or QOS", "%s: %s of %s %s", of, thousands(have), tresText(name, most, x.unit), x.what)
			}
		}
	}
	for _, name := range sortedKeys(u.GroupMaxTRESMinutes) {
		if most, have := u.GroupMaxTRESMinutes[name], u.GroupTRESMinutes[name]; most > 0 && have*10 >= most*9 {
			d.warn(area, "ask the administrators for more, or name another account", "%s: %s of %s are spent (GrpTRESMins)", of, thousands(have), tresText(name, most, "-minutes"))
		}
	}
	if most := u.GroupMaxWallS; most != nil && u.GroupWallS*10 >= *most*9 {
		d.warn(area, "ask the administrators for more, or name another account", "%s: %s of %s are spent (GrpWall)", of,
			seconds(float64(u.GroupWallS)), seconds(float64(*most)))
	}
}
