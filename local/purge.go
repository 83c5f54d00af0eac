package local

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// keepFor is how long a job can be asked for after its end.
const keepFor = 14 * 24 * time.Hour

// purge removes the folders of jobs that ended long ago, and what interrupted submissions left. What
// cannot be removed is tried again by the next submission, so errors do not matter here. The newest
// job stays whatever its age: the next id is one past it, and no id is ever given out twice.
func (s store) purge(now time.Time) {
	ids, err := s.ids()
	if err != nil || len(ids) == 0 {
		return
	}
	for _, id := range ids[:len(ids)-1] {
		if f := s.folder(id); f.old(now) {
			grave := filepath.Join(s.jobs(), unfinished+filepath.Base(string(f))+"-old")
			if os.Rename(string(f), grave) == nil { // gone at once, not file by file
				os.RemoveAll(grave)
			}
		}
	}
	s.purgeUnfinished(now)
}

// old says whether the job ended long ago: a supervisor touches its file to the end.
func (f folder) old(now time.Time) bool {
	info, err := os.Stat(string(f))
	if err != nil || now.Sub(info.ModTime()) < keepFor || now.Sub(f.lastSign()) < keepFor {
		return false
	}
	j, err := f.read()
	return err != nil || f.life(j.Submitted, now) == gone
}

func (s store) purgeUnfinished(now time.Time) {
	entries, _ := os.ReadDir(s.jobs())
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), unfinished) && now.Sub(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(filepath.Join(s.jobs(), e.Name()))
		}
	}
}
