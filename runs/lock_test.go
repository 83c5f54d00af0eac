package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLockKeepsASecondOut(t *testing.T) {
	root := t.TempDir()
	release, err := lock(root)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := lock(root); !errors.As(err, &locked) {
		t.Errorf("a second lock: got %v, want a LockedError", err)
	}
	release()
	again, err := lock(root)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	again()
}

func TestLockLeftBehind(t *testing.T) {
	host, _ := os.Hostname()
	old := time.Now().Add(-2 * lockAge)
	tests := []struct {
		name  string
		owner string
		age   time.Time
		taken bool
	}{
		{"a process that is gone, here", fmt.Sprintf("%s %d 1", host, 1<<22+7), time.Now(), true},
		{"a process that lives, here, however old", fmt.Sprintf("%s %d 1", host, os.Getpid()), old, false},
		{"another host, just now", "login2 17 1", time.Now(), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Symlink(test.owner, filepath.Join(root, "lock")); err != nil {
				t.Fatal(err)
			}
			release, err := lock(root)
			if (err == nil) != test.taken {
				t.Fatalf("got %v, want taken %v", err, test.taken)
			}
			if release != nil {
				release()
			}
		})
	}
}

// Of many that find a dead lock at once, never two hold it together.
func TestLockBrokenByOne(t *testing.T) {
	root := t.TempDir()
	host, _ := os.Hostname()
	os.Symlink(fmt.Sprintf("%s %d 1", host, 1<<22+7), filepath.Join(root, "lock"))
	var holding, most atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			release, err := lock(root)
			if err != nil {
				return
			}
			if n := holding.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Millisecond)
			holding.Add(-1)
			release()
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held the lock together, want 1", most.Load())
	}
}
