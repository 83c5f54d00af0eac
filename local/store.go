package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// store is the state folder: jobs/<id>/ and one lock a machine.
type store string

// job is what Submit leaves for the supervisor, in job.json. It never changes.
type job struct {
	request
	Interpreter []string      `json:"interpreter"`
	Args        []string      `json:"args,omitempty"`
	Dir         string        `json:"dir"` // where the script starts, absolute
	Environment []string      `json:"environment"`
	Submitted   time.Time     `json:"submitted"`
	CPUs        int           `json:"cpus"` // of this machine
	MemoryMiB   int           `json:"machine_memory_mib"`
	Devices     []device      `json:"devices,omitempty"` // the GPUs that it may be given, where it asks for some
	KillWait    time.Duration `json:"kill_wait_ns"`
	Token       string        `json:"token"` // by which its processes are known, unlike any other job's
}

func (j *job) total() share { return share{cpus: j.CPUs, memoryMiB: j.MemoryMiB} }

// mark is the variable that a task's processes carry; of all tasks where none is named.
func (j *job) mark(task string) string {
	mark := markName + "=" + j.Token + ":"
	if task == "" {
		return mark
	}
	return mark + task + ";"
}

func (s store) jobs() string { return filepath.Join(string(s), "jobs") }

func (s store) folder(id int) folder { return folder(filepath.Join(s.jobs(), strconv.Itoa(id))) }

// ids lists the jobs, the oldest first. A state folder that is not there yet holds none.
func (s store) ids() ([]int, error) {
	entries, err := os.ReadDir(s.jobs())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing local jobs: %w", err)
	}
	var ids []int
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil && id > 0 && strconv.Itoa(id) == e.Name() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// create writes a job's folder under another name and renames it to the next free id: it is there
// whole or not at all, and two submissions at once cannot get the same id, since a folder cannot be
// renamed onto one that has files. That holds on NFS as well, where locks may not.
func (s store) create(j *job, script []byte) (int, error) {
	if err := os.MkdirAll(s.jobs(), 0o700); err != nil {
		return 0, s.unusable(err)
	}
	tmp, err := os.MkdirTemp(s.jobs(), unfinished)
	if err != nil {
		return 0, s.unusable(err)
	}
	id, err := s.fill(tmp, j, script)
	if err != nil {
		os.RemoveAll(tmp)
		return 0, s.unusable(err)
	}
	return id, nil
}

func (s store) fill(tmp string, j *job, script []byte) (int, error) {
	text, err := json.MarshalIndent(j, "", " ")
	if err != nil {
		return 0, err
	}
	f := folder(tmp)
	if err := writeSynced(f.path(scriptFile), script); err != nil {
		return 0, err
	}
	if err := writeSynced(f.path(jobFile), text); err != nil {
		return 0, err
	}
	for {
		id, err := s.nextID()
		if err != nil {
			return 0, err
		}
		if err := os.Rename(tmp, string(s.folder(id))); !errors.Is(err, fs.ErrExist) {
			return id, err
		}
	}
}

// nextID is one past the newest job. As in Slurm each task of an array has a number of its own
// (SLURM_JOB_ID), so an array of n tasks takes n of them.
func (s store) nextID() (int, error) {
	ids, err := s.ids()
	if err != nil || len(ids) == 0 {
		return 1, err
	}
	newest := ids[len(ids)-1]
	j, err := s.folder(newest).read()
	if err != nil {
		return 0, err
	}
	tasks, _ := j.tasks()
	return newest + len(tasks), nil
}

// unusable words an error of the state folder with the mend.
func (s store) unusable(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("writing to the state folder %q: %w; make room there, or set XDG_STATE_HOME to a folder elsewhere", string(s), err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("writing to the state folder %q: %w; set XDG_STATE_HOME to a folder that you may write to", string(s), err)
	}
	return fmt.Errorf("writing to the state folder %q: %w", string(s), err)
}

// writeSynced writes a new file and has it on the disk before it returns.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
