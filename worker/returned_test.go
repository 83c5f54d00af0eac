package worker

import (
	"testing"
	"time"
)

// TestCallBegunBeforeItWasHeard: a call is timed from when its process says that it began, within what the worker saw.
func TestCallBegunBeforeItWasHeard(t *testing.T) {
	t.Parallel()
	asked := time.Now()
	heard := asked.Add(time.Second)
	tests := []struct {
		name string
		told time.Duration // after it was asked for
		want time.Duration
	}{
		{"at once", time.Second, time.Second},
		{"heard late", 400 * time.Millisecond, 400 * time.Millisecond},
		{"a clock that was set back", -time.Hour, 0},
		{"a clock that was set on", time.Hour, time.Second},
	}
	for _, tt := range tests {
		s := &slot{started: asked}
		s.begun(unixSeconds(asked.Add(tt.told)), heard)
		if got := s.started.Sub(asked); (got - tt.want).Abs() > time.Millisecond {
			t.Errorf("%s: it began %v after it was asked for, want %v", tt.name, got, tt.want)
		}
	}
}
