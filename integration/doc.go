// Package integration asks: does it work on Slurm? It brings up a real cluster in containers and runs hpcsub on
// it, faults included. Everything but this file is built with the tag "integration" only.
//
// A test gets the cluster from Start; test.sh runs all tests on one version of Slurm, and lab.sh brings a cluster up
// to be used by hand. With HPCSUB_LAB_KEEP=1 the cluster stays up after the tests, and the next run uses it again.
package integration
