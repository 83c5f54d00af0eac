//go:build lostnode

// At times a call of a lost node stays undone until retry, or is made twice: docs/guide.md. `make lostnode` runs this.

package worker

import (
	"testing"
	"time"
)

// TestCallsOfALostNode: they are made by the others.
func TestCallsOfALostNode(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := calls(t, noted+"time.sleep(0.2)\nreturn n", 60, 2)
		n := r.overNodes(driver, "2")
		other := r.start(n.options(1, 2))
		l := r.start(n.options(0, 2))
		awaits(t, "the other node has calls", func() bool { return len(r.endsOn("node1")) > 1 })
		must(t, other.cmd.Process.Kill())
		if got := l.wait(3 * time.Minute); got != ExitDone {
			t.Errorf("exit code %d: %s", got, &l.stderr)
		}
		n.checkAllDone(60)
	})
}
