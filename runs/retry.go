package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

// RetryOptions changes what a retry asks for.
type RetryOptions struct {
	MemoryMiB int           // of one item; 0: as before, more where items ran out of it
	Time      time.Duration // typical length of one item; 0: as before, more where they ran out of it
	Site      configs.Rules // what the site wants now
	Costs     configs.CostRange
	Interface string // of the site's network between nodes
}

// NothingToRetryError says that every item is done.
type NothingToRetryError struct{ Run string }

func (e *NothingToRetryError) Error() string {
	return fmt.Sprintf("every item of run %s is done: there is nothing to retry", e.Run)
}

// group is the items of a retry that need the same request, and how they are to run.
type group struct {
	what  string
	items []int
	had   int // MiB that an item had when it ran out of memory; 0 = it did not, or the user says how much it gets
	each  func(*strategies.Input)
	input strategies.Input
	plan  strategies.Plan
}

// Retry runs what is not done: one new attempt for items that ran out of memory, with more of
// it, and one for the rest. Nodes that failed many items at once are left out. All is planned
// before anything changes: where no way fits for one group, the other runs, and where none fits,
// the run is as it was. say is told in a sentence what becomes of each group.
func (r *Run) Retry(ctx context.Context, client slurm.Client, cluster *slurm.Cluster, opt RetryOptions, say func(string)) ([]*Attempt, error) {
	release, err := lock(Root(r.Work.Dir))
	if err != nil {
		return nil, err
	}
	defer release()
	if err := overtakenByTrial(r.Job); err != nil {
		return nil, err
	}
	v, err := r.look(ctx, client)
	if err != nil {
		return nil, err
	}
	if v.err != nil {
		return nil, v.err
	}
	if s := v.status(time.Now()); !s.Settled {
		return nil, &UnfinishedError{s}
	}
	v.endIdle(ctx, client) // else it counts against what the user may have with Slurm
	groups := r.groups(v, opt)
	if len(groups) == 0 {
		return nil, &NothingToRetryError{r.ID}
	}
	groups, err = r.planGroups(ctx, client, cluster, v, groups, say)
	if err != nil {
		return nil, err
	}
	undo, err := v.endEarlier()
	if err != nil {
		return nil, errors.Join(err, undo())
	}
	var made []*Attempt
	for _, g := range groups {
		a, err := r.retryGroup(ctx, client, g, len(v.attempts)+len(made)+1, say)
		if err != nil && a == nil && len(made) == 0 { // Slurm took nothing: nothing continues the earlier ones
			err = errors.Join(err, undo())
		}
		if err != nil {
			return made, err
		}
		made = append(made, a)
	}
	return made, nil
}

// planGroups returns the groups that can run, each with its plan. Where none can, the error is an
// *InfeasibleError with the reasons.
func (r *Run) planGroups(ctx context.Context, client slurm.Client, cluster *slurm.Cluster, v *view, groups []group, say func(string)) ([]group, error) {
	var fit []group
	var none strategies.Plan
	for _, g := range groups {
		in := r.input(len(g.items), cluster)
		g.each(&in)
		in.Exclude = slices.Sorted(maps.Keys(v.allBad()))
		if err := g.choose(ctx, client, in, r.Environment); err != nil {
			return nil, err
		}
		if g.plan.Chosen != nil {
			fit = append(fit, g)
			continue
		}
		none = g.plan
		if len(groups) > 1 {
			say(unfitText(g))
		}
	}
	if len(fit) == 0 {
		return nil, &InfeasibleError{none}
	}
	return fit, nil
}

// choose plans the group. Items that ran out of memory get as much as the largest node has where it has less than
// they are to get; where it has no more than they had, they fit nowhere.
func (g *group) choose(ctx context.Context, client slurm.Client, in strategies.Input, env configs.Environment) (err error) {
	if most := strategies.MostMemory(in); g.had > 0 && most > 0 && most < in.Each.MemoryMiB {
		if float64(most) < 1.1*float64(g.had) {
			g.what = "ran out of memory"
			g.plan = strategies.Plan{Job: in.Job, Items: in.Items, Minimize: in.Plan.Minimize, Rejections: []strategies.Rejection{{
				Strategy: "every strategy",
				Reason: fmt.Sprintf("%d MiB were not enough, and no node here has more than %d MiB for one item; "+
					"hpcsub retry --memory SIZE asks for as much as you say", g.had, most),
			}}}
			return nil
		}
		in.Each.MemoryMiB = most
		g.what = starvedText(most) + ", the most that a node here has for one item"
	}
	g.input, g.plan, err = Choose(ctx, client, in, env)
	return err
}

func counted(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

func unfitText(g group) string {
	text := counted(len(g.items)) + " cannot run here"
	if g.what != "" {
		text += " (" + g.what + ")"
	}
	if len(g.plan.Rejections) > 0 {
		text += ": " + g.plan.Rejections[0].Reason
	}
	return text
}

// endEarlier keeps jobs of earlier attempts that Slurm may have lost from starting later. undo puts back what it changed.
func (v *view) endEarlier() (undo func() error, err error) {
	before := map[*Attempt]string{}
	undo = func() (err error) {
		for a, reason := range before {
			if reason == "" {
				err = errors.Join(err, os.Remove(a.dir.Stop()))
			} else {
				err = errors.Join(err, a.replaceStop(reason))
			}
		}
		return err
	}
	for _, a := range v.attempts {
		reason := a.stopped()
		if err := a.replaceStop(continuedBy); err != nil {
			return undo, err
		}
		before[a] = reason
	}
	return undo, nil
}

// groups divides what is not done by what it needs.
func (r *Run) groups(v *view, opt RetryOptions) []group {
	var rest, starved []int
	late := false
	for i := range r.Items {
		switch v.records.State(i) {
		case items.Done:
		case items.OutOfMemory:
			starved = append(starved, i)
		case items.Timeout:
			late = true
			rest = append(rest, i)
		default:
			rest = append(rest, i)
		}
	}
	var all []group
	if len(rest) > 0 {
		all = append(all, group{items: rest, each: func(in *strategies.Input) {
			applyRetry(in, opt)
			if late && opt.Time == 0 && in.Each.Timeout == 0 {
				in.Each.Time = max(2*in.Each.Time, 2*longest(v))
			}
		}})
	}
	if len(starved) > 0 {
		had := usedMemory(v, starved, r.Each.MemoryMiB)
		memory := 2 * max(had, 512)
		if opt.MemoryMiB > 0 {
			had, memory = 0, opt.MemoryMiB
		}
		all = append(all, group{what: starvedText(memory), items: starved, had: had, each: func(in *strategies.Input) {
			applyRetry(in, opt)
			in.Each.MemoryMiB = memory
		}})
	}
	return all
}

func starvedText(memory int) string {
	return fmt.Sprintf("ran out of memory: %d MiB each now", memory)
}

func applyRetry(in *strategies.Input, opt RetryOptions) {
	in.Site, in.Interface = opt.Site, opt.Interface
	in.Costs, in.CostsLow, in.CostsHigh = opt.Costs.Middle, opt.Costs.Low, opt.Costs.High
	if opt.MemoryMiB > 0 {
		in.Each.MemoryMiB = opt.MemoryMiB
	}
	if opt.Time > 0 {
		in.Each.Time = opt.Time
	}
}

// usedMemory is the most that was given to one of these items or seen in it, in MiB.
func usedMemory(v *view, starved []int, declared int) int {
	most := declared
	for _, i := range starved {
		most = max(most, int(v.records.PeakMiB(i)))
	}
	return most
}

// longest is the longest time that an item ran before it was ended for time.
func longest(v *view) time.Duration {
	most := 0.0
	for i := range v.run.Items {
		if v.records.State(i) == items.Timeout {
			most = max(most, v.records.ElapsedS(i))
		}
	}
	return time.Duration(most * float64(time.Second))
}

// retryGroup submits a group as attempt n. It returns the attempt also with an error, but where Slurm took none of it.
func (r *Run) retryGroup(ctx context.Context, client slurm.Client, g group, n int, say func(string)) (*Attempt, error) {
	if err := r.makeAttempt(r.dir, attemptPlan{n: n, items: slices.Values(g.items), input: g.input, plan: g.plan}); err != nil {
		return nil, err
	}
	a, err := openAttempt(r.dir.Attempt(n))
	if err != nil {
		return nil, err
	}
	say(retryText(n, g))
	if err := r.Submit(ctx, client, a); err != nil {
		if a.nothingSent() {
			os.RemoveAll(string(a.dir))
			return nil, err
		}
		return a, err
	}
	return a, nil
}

func retryText(n int, g group) string {
	text := fmt.Sprintf("attempt %d: %s, %s", n, counted(len(g.items)), g.plan.Chosen.Strategy)
	if g.what != "" {
		text += ", " + g.what
	}
	if bad := g.input.Exclude; len(bad) > 0 {
		text += ", not on " + strings.Join(bad, ", ")
	}
	return text
}

func (v *view) allBad() map[string]string {
	all := map[string]string{}
	for _, a := range v.attempts {
		maps.Copy(all, a.badNodes())
	}
	return all
}

// InfeasibleError says that no strategy fits; the plan has the reasons.
type InfeasibleError struct{ Plan strategies.Plan }

func (e *InfeasibleError) Error() string { return "no way to run this fits here" }

// input is what a choice for part of this run depends on.
func (r *Run) input(n int, cluster *slurm.Cluster) strategies.Input {
	job := r.config()
	return NewInput(&job, n, cluster)
}
