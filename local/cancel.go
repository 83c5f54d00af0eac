package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Cancel ends jobs ("12") and tasks ("12_3"), and returns when no process of theirs is left. A job
// whose supervisor is gone, killed or by a reboot, has ended; what it left behind is ended too.
func (c *Client) Cancel(ctx context.Context, ids []string) error {
	s, err := c.store()
	if err != nil {
		return err
	}
	want, err := selection(ids)
	if err != nil {
		return err
	}
	for _, id := range want.ids() {
		if err := s.folder(id).wish(want[id]); err != nil {
			return fmt.Errorf("cancelling local job %d: %w", id, err)
		}
	}
	bound := time.Now().Add(c.opt.KillWait + 10*time.Second)
	for _, id := range want.ids() {
		if err := s.folder(id).waitEnded(ctx, want, bound); err != nil {
			return fmt.Errorf("cancelling local job %d: %w", id, err)
		}
	}
	return nil
}

// wish leaves cancel files, which a supervisor obeys within a second, on another machine too, and
// wakes one that is here. A job that has no supervisor yet will have none. No tasks named are all.
func (f folder) wish(tasks []int) error {
	if _, err := os.Stat(string(f)); err != nil {
		return nil // ended and forgotten, or never there
	}
	files, sig := []string{cancelFile}, syscall.SIGTERM
	if tasks != nil {
		files, sig = nil, syscall.SIGUSR1
		for _, t := range tasks {
			files = append(files, cancelFile+"-"+strconv.Itoa(t))
		}
	}
	var failed error
	for _, name := range files {
		file, err := os.OpenFile(f.path(name), os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		file.Close()
	}
	if tasks == nil && f.occupy(withdrawn) == nil {
		return nil
	}
	p, err := f.supervisor()
	if err != nil {
		return failed // not started yet: it looks for the files first
	}
	if err := p.signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if sig == syscall.SIGTERM && p.here() {
		return nil // the signal says it all, though the disk be full
	}
	return failed
}

// waitEnded waits for the tasks to end.
func (f folder) waitEnded(ctx context.Context, want selected, bound time.Time) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		left, err := f.notEnded(want)
		if err != nil || len(left) == 0 {
			return err
		}
		if time.Now().After(bound) {
			return fmt.Errorf("%s has not ended yet", strings.Join(left, " "))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// notEnded lists at most ten of the wanted tasks that have not ended.
func (f folder) notEnded(want selected) ([]string, error) {
	jobs, err := f.tasks()
	var left []string
	for _, j := range jobs {
		if want.has(f.id(), j.TaskID) && !j.Ended() && len(left) < 10 {
			left = append(left, j.ID)
		}
	}
	return left, err
}
