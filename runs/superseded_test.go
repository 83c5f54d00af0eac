package runs

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestFollowGoesOnWithARetry: who followed a run that somebody else retried was told that it had
// been stopped, "continued by a later attempt".
func TestFollowGoesOnWithARetry(t *testing.T) {
	r := made(t, t.TempDir(), 3, 1)
	ctx, end := context.WithTimeout(t.Context(), 20*time.Second)
	defer end()
	looks := 0
	s, err := r.Follow(ctx, nil, func(s Status) {
		looks++
		switch looks {
		case 1:
			again(t, r, 2, []int{0, 1, 2})
		case 3:
			end()
		}
	})
	if !errors.Is(err, context.Canceled) || s.Settled || s.Stopped != "" {
		t.Errorf("got %+v, %v; want the second attempt to be followed", s, err)
	}
}
