package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"hpcsub/runs"
)

// private are folders that each machine has for itself: a run there would not be seen by the nodes.
var private = []string{"/tmp", "/var/tmp", "/dev/shm", "/run", "/proc"}

// visible refuses a folder of runs that the nodes surely do not see, and one that nobody could use as it is.
func visible(jobDir string, p *place) error {
	if strings.ContainsFunc(jobDir, unicode.IsControl) {
		return usageErrorf("the job's folder is %q: a line break or another control character in its name has no place in a batch script; rename it", jobDir)
	}
	if err := writable(jobDir); err != nil {
		return err
	}
	if p.cluster.Client == "local" {
		return nil
	}
	if dir := privateFolder(jobDir); dir != "" {
		return &coded{exitInfeasible, fmt.Errorf("the run would be kept in %s, and every machine has a %s of its own: the nodes would not see it", runs.Root(jobDir), dir),
			[]string{"move the job's folder to a file system that the nodes share, such as your home folder"}}
	}
	return nil
}

// writable refuses a job whose runs could not be kept. What is not told by asking is left to the submission.
func writable(jobDir string) error {
	dir := runs.Root(jobDir)
	if info, err := os.Stat(dir); err != nil {
		dir = jobDir // where it will be made
	} else if !info.IsDir() {
		return nil
	}
	err := unix.Access(dir, unix.W_OK|unix.X_OK)
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EROFS) {
		return nil
	}
	return &coded{exitInternal, fmt.Errorf("the run would be kept in %s: writing to %s: %w", runs.Root(jobDir), dir, err),
		[]string{"copy the job's folder to a place where you may write"}}
}

// privateFolder is the one of private that a folder is in; "" where it is in none.
func privateFolder(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		real = dir
	}
	for _, p := range private {
		if real == p || strings.HasPrefix(real, p+"/") {
			return p
		}
	}
	return ""
}
