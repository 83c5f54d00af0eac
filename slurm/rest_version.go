package slurm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

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
