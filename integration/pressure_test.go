//go:build integration

package integration

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// pressure follows how long processes waited for a real CPU, as the kernel counts it (/proc/pressure/cpu, "some"). The lab's nodes
// have more CPUs than the machine below them: what 16 CPUs do at once, such as starting 16 programs, two of them do in turns.
type pressure struct {
	mu      sync.Mutex
	samples []stalled
}

type stalled struct{ at, seconds float64 } // Unix time; since the machine started

// watchPressure follows it until the test ends. On a kernel that does not count it nothing is ever waited for.
func watchPressure(t testing.TB) *pressure {
	t.Helper()
	p := &pressure{}
	p.look()
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				p.look()
			}
		}
	}()
	return p
}

func (p *pressure) look() {
	text, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return
	}
	var total float64
	if _, err := fmt.Sscanf(string(text), "some avg10=%f avg60=%f avg300=%f total=%f", new(float64), new(float64), new(float64), &total); err != nil {
		return
	}
	p.mu.Lock()
	p.samples = append(p.samples, stalled{float64(time.Now().UnixMicro()) / 1e6, total / 1e6})
	p.mu.Unlock()
}

// between is how many seconds something waited for a CPU from one Unix time to another.
func (p *pressure) between(from, to float64) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := func(unix float64) float64 {
		i, _ := slices.BinarySearchFunc(p.samples, unix, func(s stalled, unix float64) int {
			if s.at < unix {
				return -1
			}
			return 1
		})
		return p.samples[min(i, len(p.samples)-1)].seconds
	}
	if len(p.samples) == 0 {
		return 0
	}
	return at(to) - at(from)
}
