package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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
	argv := []string{"sacctmgr", "-P", "show", "assoc", "where", "user=" + user, "cluster=" + cluster,
		"format=Account,Partition,DefaultQOS,QOS"}
	err = c.cached(ctx, opt, argv, func(text []byte) error {
		grants, err = parseGrants(bytes.NewReader(text))
		return err
	})
	return grants, err
}

const grantsHeader = "Account|Partition|Def QOS|QOS"

func parseGrants(r io.Reader) ([]grant, error) {
	grants := []grant{}
	err := readRows(r, grantsHeader, func(f []string) error {
		if f[0] == "" {
			return errors.New("an association without an account")
		}
		if slices.ContainsFunc(grants, func(g grant) bool { return g.account == f[0] && g.partition == f[1] }) {
			return fmt.Errorf("account %s is there twice", f[0])
		}
		grants = append(grants, grant{f[0], f[1], f[2], splitList(f[3])})
		return nil
	})
	return grants, err
}

// qosLimits are the limits of a QOS on one user and on one account, and its rules.
type qosLimits struct {
	priority       int
	user, accounts share
	flags          []string
	preempts       []string // QOS whose jobs make room for its jobs
	preemptMode    string   // of its own jobs; "" = the site's
}

func (c *Commands) showQOS(ctx context.Context, opt InspectOptions) (qos map[string]qosLimits, err error) {
	argv := []string{"sacctmgr", "-P", "show", "qos",
		"format=" + strings.ReplaceAll(qosHeader, "|", ",")}
	err = c.cached(ctx, opt, argv, func(text []byte) error {
		qos, err = parseQOSLimits(bytes.NewReader(text))
		return err
	})
	return qos, err
}

const qosHeader = "Name|Priority|MaxTRESPU|MaxJobsPU|MaxSubmitPU|MaxTRESPA|MaxJobsPA|MaxSubmitPA|Flags|Preempt|PreemptMode"

func parseQOSLimits(r io.Reader) (map[string]qosLimits, error) {
	all := map[string]qosLimits{}
	err := readRows(r, qosHeader, func(f []string) error {
		if f[0] == "" {
			return errors.New("a QOS without a name")
		}
		if _, ok := all[f[0]]; ok {
			return fmt.Errorf("QOS %s is there twice", f[0])
		}
		priority, err := parseCountLimit(f[1])
		if err != nil {
			return err
		}
		q := qosLimits{flags: splitList(f[8]), preempts: splitList(f[9]), preemptMode: ownMode(f[10])}
		slices.Sort(q.flags)
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

// ownMode is a QOS's PreemptMode; "" where it is that of the cluster.
func ownMode(mode string) string {
	if mode = strings.ToUpper(mode); mode == "CLUSTER" || mode == "DISABLED" || mode == "OFF" || isNothing(mode) {
		return ""
	}
	return mode
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
