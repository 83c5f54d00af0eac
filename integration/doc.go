// Package integration asks: does it work on Slurm? It brings up a real cluster in containers and runs hpcsub on
// it, faults included. Everything but this file is built with the tag "integration" only.
package integration
