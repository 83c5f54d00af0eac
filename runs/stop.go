package runs

import (
	"fmt"
	"io"
	"os"
	"strings"

	"hpcsub/items"
)

// How the reasons begin that are not a worker's.
const (
	cancelledBy = "cancelled by "
	continuedBy = "continued by a later attempt"
)

// stop keeps the attempt's workers from taking another item, for good: also those of a job
// that Slurm had lost and starts later. The first reason stands.
func (a *Attempt) stop(reason string) error {
	return items.WriteStop(a.dir, reason)
}

// replaceStop is stop for an attempt that may have one already.
func (a *Attempt) replaceStop(reason string) error {
	return items.WriteFile(a.dir.Stop(), func(w io.Writer) error {
		_, err := io.WriteString(w, reason+"\n")
		return err
	})
}

// stopped is why the attempt takes no more items, "" while it does.
func (a *Attempt) stopped() string {
	text, err := os.ReadFile(a.dir.Stop())
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// continued says whether a retry has taken the attempt's place.
func (a *Attempt) continued() bool { return a.stopped() == continuedBy }

// badNodes are the nodes that workers named, each with its cause: "c3: …".
func (v *view) badNodes() []string {
	var all []string
	for _, a := range v.attempts {
		for node, cause := range a.badNodes() {
			all = append(all, fmt.Sprintf("%s: %s", node, cause))
		}
	}
	return all
}

func (a *Attempt) badNodes() map[string]string {
	entries, _ := os.ReadDir(a.dir.BadNodesDir())
	bad := map[string]string{}
	for _, e := range entries {
		cause, _ := os.ReadFile(a.dir.BadNode(e.Name()))
		bad[e.Name()] = strings.TrimSpace(string(cause))
	}
	return bad
}
