package runs

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"hpcsub/items"
)

// Failure is the items that failed alike.
type Failure struct {
	What    string   // "exited 3", "killed by SIGKILL" …, to stand behind "12 items"
	Count   int      //
	First   int      // index of the first of them
	Detail  string   // what What leaves out of the first one's cause: the name of an output, figures
	Command string   // that it ran
	Tail    []string // the last lines that it wrote to stderr, or, if none, to stdout
}

// tailLines and tailBytes are how much of an item's output stands for its group.
const (
	tailLines = 5
	tailBytes = 4096
)

// Failures groups what ended and is not done by its cause, the largest group first.
func (r *Run) Failures(results *Results) ([]Failure, error) {
	template, err := items.NewTemplate(r.Work, r.Columns)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	var groups []Failure
	for res, err := range results.All() {
		if err != nil {
			return nil, err
		}
		switch res.State {
		case items.Done, items.Pending, items.Running:
			continue
		}
		what := whatHappened(res.Record)
		i, seen := at[what]
		if !seen {
			i = len(groups)
			at[what] = i
			groups = append(groups, r.newFailure(what, res, template))
		}
		groups[i].Count++
	}
	sort.SliceStable(groups, func(i, j int) bool { return groups[i].Count > groups[j].Count })
	return groups, nil
}

func (r *Run) newFailure(what string, res items.Result, template *items.Template) Failure {
	f := Failure{What: what, First: res.Index, Tail: r.tail(res, Stderr)}
	if res.State != items.Timeout && res.Cause != general(res.Cause, res.State) {
		f.Detail = res.Cause
	}
	if len(f.Tail) == 0 {
		f.Tail = r.tail(res, Stdout)
	}
	item := items.Item{ID: res.ID, Index: res.Index, Values: res.Values}
	if inv, err := template.Invocation(item); err == nil {
		f.Command = inv.String()
	}
	return f
}

// whatHappened words the end of an item so that those that failed alike read alike.
func whatHappened(rec items.Record) string {
	how := ""
	switch rec.State {
	case items.Timeout:
		how = "ran out of time"
	case items.OutOfMemory:
		how = "ran out of memory"
	case items.Cancelled:
		how = "cancelled"
	case items.Lost:
		return "lost: the worker ended without a word (a node that failed, or a job that was killed)"
	default:
		how = howEnded(rec)
	}
	cause := general(rec.Cause, rec.State)
	switch {
	case strings.HasSuffix(how, ", but"): // an output is missing
		return how + " made " + cause
	case cause != "":
		return how + ": " + cause
	}
	return how
}

func howEnded(rec items.Record) string {
	switch {
	case rec.Signal != nil:
		return "killed by SIG" + *rec.Signal
	case rec.ExitCode != nil && *rec.ExitCode != 0:
		return fmt.Sprintf("exited %d", *rec.ExitCode)
	case rec.ExitCode != nil:
		return "exited 0, but"
	}
	return "failed"
}

// general leaves out of a cause what differs from item to item: figures of memory and time,
// and names in quotes.
func general(cause string, state items.State) string {
	if state == items.OutOfMemory || state == items.Timeout {
		if i := strings.IndexAny(cause, "0123456789"); i >= 0 {
			return strings.TrimRight(cause[:i], " :(,=")
		}
	}
	if before, _, found := strings.Cut(cause, ` "`); found {
		return before
	}
	return cause
}

// tail is the end of what an item wrote to a stream.
func (r *Run) tail(res items.Result, stream string) []string {
	out := r.Output(res, stream)
	defer out.Close()
	if s, ok := out.(io.Seeker); ok {
		s.Seek(-tailBytes, io.SeekEnd)
	}
	text, err := io.ReadAll(io.LimitReader(out, 1<<20))
	if err != nil {
		return nil
	}
	return lastLines(text)
}

// lastLines is the end of a text, of which more than enough is given.
func lastLines(text []byte) []string {
	if len(text) > tailBytes {
		text = text[len(text)-tailBytes:]
	}
	trimmed := strings.TrimRight(string(text), "\n")
	if trimmed == "" {
		return nil
	}
	lines := strings.Split(trimmed, "\n")
	return lines[max(0, len(lines)-tailLines):]
}
