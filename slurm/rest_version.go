package slurm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// restVersion is a version of slurmrestd's API: 42 is v0.0.42.
type restVersion int

func (v restVersion) String() string { return fmt.Sprintf("v0.0.%d", int(v)) }

// restVersions are those that are known, the newest first. Each was recorded from a real
// slurmrestd: 36 from Slurm 20.11, 38 from 22.05, 42 from 24.11, 45 from 26.05, those between from
// the same. A server that has others has one of these too: each release keeps three or four.
var restVersions = []restVersion{45, 44, 43, 42, 41, 40, 38, 37, 36}

// What differs between the versions and is not told by the answers themselves.

// parsed: requests and answers are typed by Slurm's data parser. Before, a request's values
// are the texts of sbatch's options.
func (v restVersion) parsed() bool { return v >= 40 }

// tellsConfig: the server hands out slurm.conf.
func (v restVersion) tellsConfig() bool { return v >= 45 }

// tellsFlags: which partition is the default, and which take everybody's jobs.
func (v restVersion) tellsFlags() bool { return v < 40 || v >= 45 }

// tellsUse: how much of a node is allocated, and the flags of its state.
func (v restVersion) tellsUse() bool { return v >= 37 }

// tellsDefaultTime: before, the partitions' default time limit is their default memory.
func (v restVersion) tellsDefaultTime() bool { return v >= 38 }

// tellsSharing: OverSubscribe of partitions.
func (v restVersion) tellsSharing() bool { return v >= 40 }

// tellsReserved: the CPUs and the memory that nodes keep for the system.
func (v restVersion) tellsReserved() bool { return v >= 40 }

// showAll is the query for partitions that are hidden too. Before v0.0.40 all are shown, and of nodes
// all are: a query there would take the place of the details that are told unasked.
func (v restVersion) showAll() string {
	if v.parsed() {
		return "?flags=ALL"
	}
	return ""
}

// tellsPreemption: what happens to a partition's jobs that make room for others.
func (v restVersion) tellsPreemption() bool { return v >= 45 }

// tellsReservations: reservations, and maintenance ahead.
func (v restVersion) tellsReservations() bool { return v >= 37 }

// tellsLicenses: which licences there are, and are taken.
func (v restVersion) tellsLicenses() bool { return v >= 38 }

// tellsCounts: the numbers of jobs that associations and QOS allow.
func (v restVersion) tellsCounts() bool { return v >= 37 }

// tellsBudgets: the TRES-minutes that everybody under a QOS may use (GrpTRESMins).
func (v restVersion) tellsBudgets() bool { return v >= 42 }

// tellsAbsence: "unknown job" is said of a job that is unknown, not of whatever went wrong.
func (v restVersion) tellsAbsence() bool { return v >= 37 }

// cancelsArrays: the number of an array stands for all of its tasks.
func (v restVersion) cancelsArrays() bool { return v >= 37 }

// filtersNames: accounting finds jobs by name. Before, it finds none.
func (v restVersion) filtersNames() bool { return v >= 37 }

// restServer is what was found at the address.
type restServer struct {
	version restVersion
	release string // of Slurm: "24.11.5"
	cluster string // its name; "" before v0.0.40
}

// server asks, once, which versions there are: for each that is known, until one is there. The
// server's own list (/openapi) is two megabytes.
func (r *REST) server(ctx context.Context) (restServer, error) {
	r.mutex.Lock()
	found := r.found
	r.mutex.Unlock()
	if found != nil {
		return *found, nil
	}
	order := restVersions
	if slices.Contains(order, r.first) {
		order = append([]restVersion{r.first}, order...)
	}
	for _, v := range order {
		reply, err := r.ping(ctx, v)
		if err != nil {
			return restServer{}, err
		}
		if reply.status == http.StatusNotFound {
			continue
		}
		s := restServer{v, reply.answer.release, reply.answer.cluster}
		r.mutex.Lock()
		r.found = &s
		r.mutex.Unlock()
		return s, nil
	}
	return restServer{}, &AbsentError{"slurmrestd at " + r.opt.Address, fmt.Sprintf(
		"it offers none of the versions from %s to %s of its API: is it slurmrestd, and does it load openapi/slurmctld?",
		restVersions[len(restVersions)-1], restVersions[0])}
}

// ping asks whether a version is there; HTTP 404 is no error. That the controller is down is one.
func (r *REST) ping(ctx context.Context, v restVersion) (restReply, error) {
	var pings []restPing
	k := restCall{path: r.slurm(v, "ping"), key: "pings", each: collect(&pings)}
	reply, err := r.get(ctx, k)
	if reply.status == http.StatusNotFound {
		return reply, nil
	}
	if err != nil {
		return reply, err
	}
	for _, p := range pings {
		if p.up() {
			return reply, nil
		}
	}
	return reply, &AbsentError{r.line(k), "slurmctld does not answer slurmrestd, or the token is not taken"}
}

// restPing says "UP" in one of three ways.
type restPing struct {
	Ping       string `json:"ping"`
	Pinged     string `json:"pinged"`
	Responding *bool  `json:"responding"`
}

func (p restPing) up() bool {
	return cmp.Or(p.Pinged, p.Ping) == "UP" || p.Responding != nil && *p.Responding
}

// missingPart says whether a part of the API is not there: a slurmrestd without that plugin.
func missingPart(err error) bool {
	var no *RefusedError
	return errors.As(err, &no) && notThere.MatchString(no.Words)
}
