package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"hpcsub/runs"
)

// private are folders that each machine has for itself: a run there would not be seen by the nodes.
var private = []string{"/tmp", "/var/tmp", "/dev/shm", "/run", "/proc"}

// visible refuses a folder of runs that the nodes surely do not see.
func visible(jobDir string, p *place) error {
	if p.cluster.Client == "local" {
		return nil
	}
	if dir := privateFolder(jobDir); dir != "" {
		return &coded{exitInfeasible, fmt.Errorf("the run would be kept in %s, and every machine has a %s of its own: the nodes would not see it", runs.Root(jobDir), dir),
			[]string{"move the job's folder to a file system that the nodes share, such as your home folder"}}
	}
	return nil
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
