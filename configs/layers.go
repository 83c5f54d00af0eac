package configs

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// The layers, the later going before the earlier: what a site does not lock, its users may say otherwise.
const (
	LayerBuiltIn = "built in"
	LayerSite    = "site"
	LayerUser    = "user"
	LayerJob     = "job"
	LayerFlag    = "flag"
)

// Origin is where a value comes from.
type Origin struct {
	Layer string `json:"layer"`
	File  string `json:"file,omitempty"` // or the flag
	Line  int    `json:"line,omitempty"`
}

func (o Origin) String() string {
	switch {
	case o.File == "":
		return o.Layer
	case o.Line == 0:
		return o.Layer + ": " + o.File
	}
	return fmt.Sprintf("%s: %s, line %d", o.Layer, o.File, o.Line)
}

// slot is where the value of a key is kept.
type slot interface {
	get() any
	set(any)
}

type pointer[T any] struct{ at *T }

func (p pointer[T]) get() any  { return *p.at }
func (p pointer[T]) set(v any) { *p.at = v.(T) }

func in[T any](at *T) slot { return pointer[T]{at} }

// costSlot is a cost with its two ends.
type costSlot struct {
	r *CostRange
	c Cost
}

func (s costSlot) get() any {
	return [3]float64{*s.c.In(&s.r.Low), *s.c.In(&s.r.Middle), *s.c.In(&s.r.High)}
}

func (s costSlot) set(v any) {
	three := v.([3]float64)
	*s.c.In(&s.r.Low), *s.c.In(&s.r.Middle), *s.c.In(&s.r.High) = three[0], three[1], three[2]
}

// isSet says that a key has a value: of what is not given and what is empty none is kept.
func isSet(s slot) bool { return s != nil && !reflect.ValueOf(s.get()).IsZero() }

// lockedBy is the entry of the site's locked that holds for a key: the key, its table, or what a site says below
// [policy], [charges] and [partitions] at all. "" = it may be changed.
func (s *Site) lockedBy(path string) string {
	table, _ := splitPath(path)
	for _, name := range s.Locked {
		if name == path || name == table {
			return name
		}
	}
	_, said := s.origins[path]
	switch table {
	case "policy", "charges":
	case "":
		said = said && slices.Contains([]string{"name", "contact", "documentation", "locked", "partitions"}, path)
	default:
		said = false
	}
	if said {
		return path
	}
	return ""
}

// locked is the error of an attempt to change a key that the site has locked; whoever reports it names the key.
func (s *Site) locked(path string) error {
	entry, at := s.lockedBy(path), Origin{Layer: LayerSite, File: s.Path}
	if o, ok := s.origins["locked"]; ok && slices.Contains(s.Locked, entry) {
		at = o
	} else if o, ok := s.origins[path]; ok {
		at = o
	}
	value := "to no value"
	if o := s.slotOf(path); isSet(o) {
		value = "to " + shorten(valueText(o.get()))
	}
	return fmt.Errorf("is locked %s by %s (%s): take it out, or %s", value, s.Of(), strings.TrimPrefix(at.String(), LayerSite+": "), s.Ask())
}

func (s *Site) slotOf(path string) slot {
	for _, k := range s.keys() {
		if k.path == path {
			return k.slot
		}
	}
	return nil
}

// over lays a user's own file over the site's.
func (s *Site) over(user *Site) error {
	var problems Errors
	mine := s.keys()
	for i, k := range user.keys() {
		from, said := user.origins[k.path]
		switch {
		case !said:
		case s.lockedBy(k.path) != "" && !reflect.DeepEqual(k.slot.get(), mine[i].slot.get()):
			problems = append(problems, &Problem{File: from.File, Line: from.Line, Key: k.path, Text: s.locked(k.path).Error()})
		case k.path == "environment.variables":
			s.Defaults.Environment.Variables = withVariables(s.Defaults.Environment.Variables, user.Defaults.Environment.Variables)
			s.origins[k.path] = from
		default:
			mine[i].slot.set(k.slot.get())
			s.origins[k.path] = from
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// withVariables adds variables to a list; those of the same name are replaced.
func withVariables(list, more []Variable) []Variable {
	list = slices.Clone(list)
	for _, v := range more {
		if i := slices.IndexFunc(list, func(x Variable) bool { return x.Name == v.Name }); i >= 0 {
			list[i] = v
		} else {
			list = append(list, v)
		}
	}
	return list
}

// Setting is a key's value from a flag of the command line.
type Setting struct{ Flag, Key, Value string }

// Apply gives a job what the site says of the keys that the job leaves open, and then what the command line says. A
// change of what the site has locked is an error with the job's line, or the flag.
func (s *Site) Apply(job *Job, flags ...Setting) error {
	var problems Errors
	job.origins = map[string]Origin{}
	mine, theirs := (&reader{job: &s.Defaults}).shared(), (&reader{job: job}).shared()
	for i, k := range theirs {
		site, said := s.origins[k.path]
		wrote, locked := job.Wrote(k.path), s.lockedBy(k.path) != ""
		same := reflect.DeepEqual(k.slot.get(), mine[i].slot.get())
		switch {
		case wrote && locked && !same:
			problems = append(problems, &Problem{File: job.Path, Line: job.Line(k.path), Key: k.path, Text: s.locked(k.path).Error()})
		case wrote && k.path == "environment.variables":
			job.Environment.Variables = withVariables(s.Defaults.Environment.Variables, job.Environment.Variables)
			job.origins[k.path] = Origin{LayerJob, job.Path, job.Line(k.path)}
		case wrote:
			job.origins[k.path] = Origin{LayerJob, job.Path, job.Line(k.path)}
		case locked || said && !isSet(k.slot): // what the caller's shell has active goes before what is not locked
			k.slot.set(mine[i].slot.get())
			if said {
				job.origins[k.path] = site
			}
		}
	}
	slices.SortStableFunc(problems, func(a, b error) int { return cmp.Compare(a.(*Problem).Line, b.(*Problem).Line) })
	problems = append(problems, s.applyFlags(job, flags)...)
	if len(problems) > 0 {
		return problems
	}
	return nil
}

func (s *Site) applyFlags(job *Job, flags []Setting) (problems Errors) {
	keys := (&reader{job: job}).shared()
	for _, f := range flags {
		i := slices.IndexFunc(keys, func(k key) bool { return k.path == f.Key })
		before := keys[i].slot.get()
		if err := keys[i].read(&node{name: f.Key, value: f.Value}); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", f.Flag, err))
		} else if s.lockedBy(f.Key) != "" && !reflect.DeepEqual(before, keys[i].slot.get()) {
			problems = append(problems, fmt.Errorf("%s: %s %w", f.Flag, f.Key, s.locked(f.Key)))
		}
		job.origins[f.Key] = Origin{Layer: LayerFlag, File: f.Flag}
	}
	return problems
}

// TrialKeys are what short jobs that measure something ask for: what was named, else what the site says.
func (s *Site) TrialKeys(account, partition string) SlurmKeys {
	k := s.Defaults.Slurm
	k.Account = cmp.Or(account, k.Account)
	k.Partition = cmp.Or(partition, s.TrialPartition, k.Partition)
	k.QOS = cmp.Or(s.TrialQOS, k.QOS)
	return k
}

// CheckFlag refuses a value of a key of site.toml from a flag, or a variable of the environment, where the site has locked another.
func (s *Site) CheckFlag(f Setting) error {
	if k := s.slotOf(f.Key); f.Value != "" && s.lockedBy(f.Key) != "" && valueText(k.get()) != valueText(f.Value) {
		return fmt.Errorf("%s: %s %w", f.Flag, f.Key, s.locked(f.Key))
	}
	return nil
}

// RulesFor are the site's rules, with the keys that it requires and this job does not have.
func (s *Site) RulesFor(job *Job) Rules {
	r := s.Rules
	keys := (&reader{job: job}).keys()
	for _, name := range r.Policy.Require {
		i := slices.IndexFunc(keys, func(k key) bool { return k.path == name })
		if given := job.Wrote(name) && keys[i].slot == nil; !given && !isSet(keys[i].slot) {
			r.Missing = append(r.Missing, name)
		}
	}
	return r
}
