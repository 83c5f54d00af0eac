package slurm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
)

// What only the accounting database tells: which QOS an association may use and which is its
// default, and the limits of a QOS that nobody has used since the controller started.

// grant is an association as the database has it.
type grant struct {
	account, partition, defaultQOS string
	qos                            []string
}

func (c *Commands) showGrants(ctx context.Context, opt InspectOptions, user, cluster string) (grants []grant, err error) {
	argv := []string{"sacctmgr", "-n", "-P", "show", "assoc", "where", "user=" + user, "cluster=" + cluster,
		"format=Account,Partition,DefaultQOS,QOS"}
	err = c.cached(ctx, opt, argv, func(text []byte) error {
		grants, err = parseGrants(bytes.NewReader(text))
		return err
	})
	return grants, err
}

func parseGrants(r io.Reader) ([]grant, error) {
	var grants []grant
	err := readLines(r, func(line []byte) error {
		f := strings.Split(string(line), "|")
		if len(f) != 4 || f[0] == "" {
			return fmt.Errorf("want 4 fields, got %q", head(line))
		}
		grants = append(grants, grant{f[0], f[1], f[2], splitList(f[3])})
		return nil
	})
	return grants, err
}

// qosLimits are the limits of a QOS on one user and on one account.
type qosLimits struct {
	priority       int
	user, accounts share
}

func (c *Commands) showQOS(ctx context.Context, opt InspectOptions) (qos map[string]qosLimits, err error) {
	argv := []string{"sacctmgr", "-n", "-P", "show", "qos",
		"format=Name,Priority,MaxTRESPU,MaxJobsPU,MaxSubmitPU,MaxTRESPA,MaxJobsPA,MaxSubmitPA"}
	err = c.cached(ctx, opt, argv, func(text []byte) error {
		qos, err = parseQOSLimits(bytes.NewReader(text))
		return err
	})
	return qos, err
}

func parseQOSLimits(r io.Reader) (map[string]qosLimits, error) {
	all := map[string]qosLimits{}
	err := readLines(r, func(line []byte) error {
		f := strings.Split(string(line), "|")
		if len(f) != 8 || f[0] == "" {
			return fmt.Errorf("want 8 fields, got %q", head(line))
		}
		priority, err := parseCountLimit(f[1])
		if err != nil {
			return err
		}
		var q qosLimits
		if priority != nil {
			q.priority = *priority
		}
		if q.user, err = parseShareLimits(f[2:5]); err == nil {
			q.accounts, err = parseShareLimits(f[5:8])
		}
		all[f[0]] = q
		return err
	})
	return all, err
}

// parseShareLimits reads MaxTRES, MaxJobs, MaxSubmit.
func parseShareLimits(f []string) (s share, err error) {
	if s.maxTRES, err = parseTRES(f[0]); err != nil {
		return s, err
	}
	if s.maxJobs, err = parseCountLimit(f[1]); err != nil {
		return s, err
	}
	s.maxSubmit, err = parseCountLimit(f[2])
	return s, err
}
