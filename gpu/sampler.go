package gpu

import (
	"context"
	"time"
)

// Interval is how often a GPU is looked at. The driver's own figure is a mean over the last
// 0.1 to 1 s, so looking more often tells little more.
const Interval = 500 * time.Millisecond

// IdleMiB is the most memory that a GPU holds which nothing uses: what a program sets up before
// its first computation (a CUDA context) takes a hundred MiB and more.
const IdleMiB = 64

// Mark stands in the environment of the processes that this package starts, so that who looks at
// its own children can tell them from others.
const Mark = "HPCSUB_GPU_SAMPLER=1"

// Reading is what one GPU did just now.
type Reading struct {
	Place     int     // which of the names that were asked for
	Util      float64 // percent of the time in which something ran on it; -1 = not known (MIG)
	MemoryMiB float64 // in use; -1 = not known
}

// Sampler reads GPUs until it is closed.
type Sampler struct {
	cancel context.CancelFunc
	over   chan struct{}
	err    error // of run; to be read once over is closed
}

// Watch begins to read the GPUs with these names, as CUDA_VISIBLE_DEVICES has them, and reports
// each reading from a goroutine of its own. It returns at once.
func Watch(names []string, report func(Reading)) *Sampler {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sampler{cancel: cancel, over: make(chan struct{})}
	go func() {
		defer close(s.over)
		s.err = s.run(ctx, names, report)
	}()
	return s
}

// Close ends the reading, and says why there was none or why it ended before. It does not wait
// for a driver that hangs.
func (s *Sampler) Close() error {
	s.cancel()
	select {
	case <-s.over:
		return s.err
	case <-time.After(2 * time.Second):
		return nil
	}
}
