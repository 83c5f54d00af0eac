//go:build integration

package regret

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hpcsub/integration"
)

// enter brings the cluster into a state; what it returns ends that.
func (b *Bench) enter(t testing.TB, s State) (leave func()) {
	t.Helper()
	root := func(line string) string {
		return b.Lab.Must(t, integration.Command{Host: "ctl", User: "root", Line: line})
	}
	if s.Whole {
		root("scontrol update partitionname=long oversubscribe=exclusive")
	}
	var lines []string
	for _, h := range s.Held {
		seconds, minutes := h.Seconds, h.Minutes
		if seconds == 0 {
			seconds = 86000
		}
		if minutes == 0 {
			minutes = 1440
		}
		lines = append(lines, fmt.Sprintf("sbatch -p long -J held -o /dev/null -w %s -n1 -c%d --mem=10 -t %d --wrap 'exec sleep %d'", h.Node, h.CPUs, minutes, seconds))
	}
	if len(lines) > 0 {
		root(strings.Join(lines, "\n"))
		b.await(t, "the others' jobs to run", func() bool {
			return root("squeue -h -n held -t R | wc -l") == fmt.Sprint(len(s.Held))
		})
	}
	if s.Hole {
		root("sbatch -p long -J waits -o /dev/null -N4 --exclusive --mem=0 -t 5 --priority=1000000 --wrap 'exec sleep 2'")
		b.await(t, "a planned start of the waiting job", func() bool {
			return !strings.Contains(root("squeue -h -n waits -o '%S %Y'"), "N/A")
		})
	}
	return func() {
		root("scancel -u root")
		if s.Whole {
			root("scontrol update partitionname=long oversubscribe=no")
		}
		b.Lab.WaitIdle(t)
	}
}

func (b *Bench) await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	integration.WaitFor(t, what, 90*time.Second, holds)
}
