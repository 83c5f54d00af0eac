package strategies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hpcsub/slurm"
)

// admitsReservation checks the reservation that job.toml names, and whether one has to be named.
func admitsReservation(in Input, p slurm.Partition) *Rejection {
	if in.Slurm.Reservation == "" {
		if p.NeedsReservation {
			return &Rejection{Reason: fmt.Sprintf("partition %s takes only jobs that name a reservation: write [slurm] reservation%s", p.Name, usable(in))}
		}
		return nil
	}
	if in.Cluster.Reservations == nil { // not known: Slurm itself is asked
		return nil
	}
	for _, name := range strings.Split(in.Slurm.Reservation, ",") {
		r := in.Cluster.Reservation(name)
		switch {
		case r == nil:
			return &Rejection{Reason: fmt.Sprintf("there is no reservation %q%s", name, usable(in))}
		case !r.Usable:
			return &Rejection{Reason: fmt.Sprintf("reservation %q cannot be used: %s%s", name, r.WhyNot, usable(in))}
		case len(r.MyAccounts) > 0 && account(in, p) != "" && !holdsName(r.MyAccounts, account(in, p)):
			return &Rejection{Reason: fmt.Sprintf("reservation %q is not for account %s; you may write [slurm] account = %q", name, account(in, p), r.MyAccounts[0])}
		case !r.End.After(in.Cluster.Taken):
			return &Rejection{Reason: fmt.Sprintf("reservation %q was over on %s%s", name, in.when(r.End), usable(in))}
		}
	}
	return nil
}

// usable lists the reservations that this user may name.
func usable(in Input) string {
	var names []string
	for _, r := range in.Cluster.Reservations {
		if r.Usable && r.End.After(in.Cluster.Taken) {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return "; there is none that you may use"
	}
	return "; you may use " + strings.Join(names, ", ")
}

// when writes a moment in the zone of whoever asked.
func (in Input) when(t time.Time) string {
	return t.In(in.Cluster.Taken.Location()).Format("2006-01-02 15:04")
}

// hold is that a reservation of others has a node for a time.
type hold struct {
	from, until time.Time
	name        string
}

// reaches says whether a job that begins now would still run, or would begin, while the node is held.
func (h hold) reaches(ends time.Time) bool { return h.name != "" && ends.After(h.from) }

// holds are, by node, the earliest times for which reservations of others have it. Where a reservation
// holds but some cores of a node, the others are free.
func holds(in Input) map[string]hold {
	all := map[string]hold{}
	for _, r := range in.Cluster.Reservations {
		if r.Name == in.Slurm.Reservation || r.Attracts() || !r.End.After(in.Cluster.Taken) {
			continue
		}
		for _, node := range r.Holds() {
			if _, partly := r.CoresOf[node]; partly {
				continue
			}
			if h, ok := all[node]; !ok || r.Start.Before(h.from) {
				all[node] = hold{r.Start, r.End, r.Name}
			}
		}
	}
	return all
}

// inReservation makes a node what it is to a job that names the reservation; false: it is none of it.
func inReservation(n slurm.Node, r slurm.Reservation, mine []string) (slurm.Node, bool) {
	n.CPUsReserved = nil
	if r.Has("FLEX") {
		return n, n.Up()
	}
	if cores, partly := r.CoresOf[n.Name]; partly {
		cpus := min(n.CPUs, cores*max(1, n.CPUs/max(1, n.Cores())))
		n.CPUsAllocated = max(0, n.CPUsAllocated-(n.CPUs-cpus))
		n.CPUs = cpus
	}
	return n, n.Up() && slices.Contains(mine, n.Name)
}

// toJob makes a node what it is to this job, and says whether the job could ever run there.
func (o *pool) toJob(n slurm.Node, held map[string]hold) (slurm.Node, hold, bool) {
	if o.reserved != nil {
		n, ok := inReservation(n, *o.reserved, o.reservedNodes)
		return n, hold{}, ok
	}
	h := held[n.Name]
	if n.Reserved() && o.named == "" {
		if h.name == "" || h.from.After(o.now) { // by whom is not known
			return n, h, false
		}
		n.CPUsAllocated = n.CPUs
	}
	return n, h, n.Up()
}

// reservationLimit: a job that would outlast the reservation is never started in it.
func (o *pool) reservationLimit() (name string, seconds int) {
	r := o.reserved
	from := o.now
	if r.Start.After(from) {
		from = r.Start
	}
	return "what is left of reservation " + r.Name, int(r.End.Sub(from).Minutes()) * 60
}

// heldNote is the warning that a job waits for the end of a reservation that it would reach into.
func (p *problem) heldNote(c prediction) *Warning {
	h := c.places.held
	if h.name == "" {
		return nil
	}
	text := fmt.Sprintf("reservation %s has every node that could run it until %s, so nothing starts before", h.name, p.in.when(h.until))
	if before := h.from.Sub(p.in.Cluster.Taken); before > 0 {
		text = fmt.Sprintf("the time limit of %s reaches into reservation %s, which has every node that could run it from %s to %s, so nothing "+
			"starts before its end", InWords(float64(c.Request.TimeLimitS)), h.name, p.in.when(h.from), p.in.when(h.until))
		if minutes := before.Truncate(time.Minute); minutes >= 2*time.Minute {
			text += "; Slurm jobs of less than " + InWords(minutes.Seconds()) + " could run before it"
		}
	}
	return &Warning{"reservation", text}
}
