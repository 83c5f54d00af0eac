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
	real, err := filepath.EvalSymlinks(jobDir)
	if err != nil {
		real = jobDir
	}
	for _, dir := range private {
		if real == dir || strings.HasPrefix(real, dir+"/") {
			return &coded{exitInfeasible, fmt.Errorf("the run would be kept in %s, and every machine has a %s of its own: the nodes would not see it", runs.Root(jobDir), dir),
				[]string{"move the job's folder to a file system that the nodes share, such as your home folder"}}
		}
	}
	return nil
}
