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

// association is a record of the controller: of a user in an account, or of the account itself.
type association struct {
	id, parent      string
	account, user   string // user is "" for the account's own record
	partition       string
	isDefault       bool
	use             Use
	jobs, submitted int // of whoever the record is for, whether limited or not
}

// qosRecord is a QOS with the limits that the controller knows, and each user's and account's use.
type qosRecord struct {
	name           string
	priority       int
	use            Use // group limits, and those of one job
	users          map[string]share
	accounts       map[string]share
	usersKnown     bool // some user's record shows what the limits of one user are
	accountsKnown  bool
	userLimits     share // the limits alone, from any user's record
	accountsLimits share
}

// share is what one user or account may have under a QOS, and has.
type share struct {
	maxJobs, maxSubmit        *int
	jobs, submitted           int
	maxTRES, tres             map[string]int
	maxRunMinutes, runMinutes map[string]int // from 24.11 on
}

// rights are the limits of associations and QOS with their use now.
type rights struct {
	associations []association
	qos          []qosRecord
}

// jobsOfAll is how many jobs everybody has submitted that are not over: the use of the account above all others.
func (r *rights) jobsOfAll() *int {
	i := slices.IndexFunc(r.associations, func(a association) bool { return a.account == "root" && a.user == "" && a.partition == "" })
	if i < 0 {
		return nil
	}
	return &r.associations[i].submitted
}

// What every record has, on every release. A limit that is not set is printed too, as nothing.
var (
	associationKeys = []string{"Account", "UserName", "Partition", "ID", "ParentAccount", "DefAssoc", "MaxJobs", "MaxSubmitJobs",
		"GrpJobs", "GrpSubmitJobs", "GrpTRES", "GrpTRESMins", "GrpTRESRunMins", "GrpWall", "MaxTRESPJ", "MaxWallPJ"}
	qosKeys = []string{"QOS", "Priority", "GrpJobs", "GrpSubmitJobs", "GrpTRES", "GrpTRESMins", "GrpTRESRunMins", "GrpWall", "MaxTRESPJ",
		"MaxWallPJ"}
)

// showLimits asks the controller, not the accounting database, for limits and their use.
func (c *Commands) showLimits(ctx context.Context, user string) (limits rights, err error) {
	argv := []string{"scontrol", "-o", "show", "assoc_mgr", "users=" + user, "flags=assoc,qos"}
	err = c.parsed(ctx, argv, func(text []byte) error {
		limits, err = parseLimits(bytes.NewReader(text))
		return err
	})
	return limits, err
}

// parseLimits reads scontrol -o show assoc_mgr.
func parseLimits(r io.Reader) (rights, error) {
	all := rights{associations: []association{}, qos: []qosRecord{}}
	headings := map[string]bool{}
	err := readLines(r, func(line []byte) error {
		switch {
		case bytes.HasPrefix(line, []byte("ClusterName=")):
			a, err := parseAssociation(line)
			if err == nil && all.byID(a.id) != nil {
				err = fmt.Errorf("the record with ID %s is there twice", a.id)
			}
			all.associations = append(all.associations, a)
			return err
		case bytes.HasPrefix(line, []byte("QOS=")):
			q, err := parseQOS(string(line))
			if err == nil && slices.ContainsFunc(all.qos, func(other qosRecord) bool { return other.name == q.name }) {
				err = fmt.Errorf("QOS %s is there twice", q.name)
			}
			all.qos = append(all.qos, q)
			return err
		case bytes.HasSuffix(line, []byte(" Records")), bytes.HasPrefix(line, []byte("No ")):
			headings[string(line)] = true
			return nil
		case bytes.HasPrefix(line, []byte("Current Association")), bytes.HasPrefix(line, []byte("UserName=")):
			return nil
		}
		return fmt.Errorf("want ClusterName= or QOS=, got %q", head(line))
	})
	if err == nil {
		err = lacking(headings, "Association Records|No associations currently cached in Slurm.", "QOS Records|No QOS currently cached in Slurm.")
	}
	return all, err
}

func parseAssociation(line []byte) (association, error) {
	var a association
	err := eachOnce(line, associationKeys, a.field)
	if err == nil && (a.account == "" || a.id == "") {
		err = fmt.Errorf("no Account and ID in %q", head(line))
	}
	return a, err
}

func (a *association) field(key, value string) (err error) {
	switch key {
	case "Account":
		a.account = value
	case "UserName":
		a.user, _, _ = strings.Cut(value, "(")
	case "Partition":
		a.partition = value
	case "ID":
		a.id = value
	case "ParentAccount": // "root(1)": its name and the ID of its record
		_, id, _ := strings.Cut(value, "(")
		a.parent = strings.TrimSuffix(id, ")")
	case "DefAssoc":
		if a.isDefault = value == "Yes"; !a.isDefault && value != "No" {
			err = fmt.Errorf("want Yes or No, got %q", value)
		}
	case "MaxJobs":
		a.use.MaxJobs, a.use.Jobs, err = parseUse(value)
	case "MaxSubmitJobs":
		a.use.MaxSubmitJobs, a.use.SubmittedJobs, err = parseUse(value)
	case "GrpJobs":
		_, a.jobs, err = parseUse(value)
		a.use.GroupMaxJobs, a.use.GroupJobs, _ = parseUse(value)
	case "GrpSubmitJobs":
		_, a.submitted, err = parseUse(value)
		a.use.GroupMaxSubmit, a.use.GroupSubmitted, _ = parseUse(value)
	default:
		err = a.use.field(key, value)
	}
	return err
}

// field reads what associations and QOS have alike.
func (u *Use) field(key, value string) (err error) {
	switch key {
	case "GrpTRES":
		u.GroupMaxTRES, u.GroupTRES, err = parseTRESUse(value)
	case "GrpTRESMins":
		u.GroupMaxTRESMinutes, u.GroupTRESMinutes, err = parseTRESUse(value)
	case "GrpTRESRunMins":
		u.GroupMaxTRESRunMinutes, u.GroupTRESRunMinutes, err = parseTRESUse(value)
	case "GrpWall":
		u.GroupMaxWallS, u.GroupWallS, err = parseWallUse(value)
	case "MaxTRESPJ":
		u.MaxTRESPerJob, _, err = parseTRESUse(value)
	case "MinTRESPJ":
		u.MinTRESPerJob, _, err = parseTRESUse(value)
	case "MaxTRESPN":
		u.MaxTRESPerNode, _, err = parseTRESUse(value)
	case "MaxTRESMinsPJ":
		u.MaxTRESMinutesPerJob, _, err = parseTRESUse(value)
	case "MaxWallPJ": // minutes
		var minutes *int
		if minutes, err = parseCountLimit(value); minutes != nil {
			seconds := *minutes * 60
			u.MaxWallS = &seconds
		}
	}
	return err
}

// parseQOS reads a line of three parts: the QOS, " Account Limits= physics={…} …", and
// " User Limits= alice(2001)={…} …", or No Accounts and No Users.
func parseQOS(line string) (qosRecord, error) {
	q := qosRecord{users: map[string]share{}, accounts: map[string]share{}}
	line, users, hasUsers := strings.Cut(line, " User Limits=")
	line, accounts, hasAccounts := strings.Cut(line, " Account Limits=")
	err := eachOnce([]byte(line), qosKeys, q.field)
	if err == nil && !(hasUsers && hasAccounts) {
		err = errors.New("there are no limits of accounts and users in it")
	}
	if err == nil {
		err = eachShare(users, func(name string, s share) {
			q.users[name], q.userLimits, q.usersKnown = s, s.limits(), true
		})
	}
	if err == nil {
		err = eachShare(accounts, func(name string, s share) {
			q.accounts[name], q.accountsLimits, q.accountsKnown = s, s.limits(), true
		})
	}
	if err != nil {
		return q, fmt.Errorf("QOS %q: %w", q.name, err)
	}
	return q, nil
}

func (q *qosRecord) field(key, value string) (err error) {
	switch key {
	case "QOS":
		q.name, _, _ = strings.Cut(value, "(")
	case "Priority":
		q.priority, err = parseCount(value)
	case "GrpJobs":
		q.use.GroupMaxJobs, q.use.GroupJobs, err = parseUse(value)
	case "GrpSubmitJobs":
		q.use.GroupMaxSubmit, q.use.GroupSubmitted, err = parseUse(value)
	default:
		err = q.use.field(key, value)
	}
	return err
}

// eachShare reads "alice(2001)={MaxJobsPU=N(5) …} …". 20.11 and 22.05 print the user id alone.
func eachShare(text string, each func(name string, s share)) error {
	for text = strings.TrimSpace(text); strings.Contains(text, "={"); text = strings.TrimSpace(text) {
		name, rest, _ := strings.Cut(text, "={")
		fields, after, closed := strings.Cut(rest, "}")
		if !closed || strings.TrimFunc(name, isUser) != "" {
			return fmt.Errorf("want limits like alice(2001)={…}, got %q", head([]byte(text)))
		}
		var s share
		err := eachOnce([]byte(fields), []string{"MaxJobsPU|MaxJobsPA", "MaxSubmitJobsPU|MaxSubmitJobsPA", "MaxTRESPU|MaxTRESPA"}, s.field)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		each(name, s)
		text = after
	}
	if text != "" && text != "No Users" && text != "No Accounts" {
		return fmt.Errorf("want limits like alice={…}, got %q", head([]byte(text)))
	}
	return nil
}

// isUser says whether a rune may stand in a user's name, as in "FIR\alice$(2001)", or an account's.
func isUser(r rune) bool { return isName(r) || strings.ContainsRune(`()$\ `, r) }

func (s *share) field(key, value string) (err error) {
	switch strings.TrimSuffix(strings.TrimSuffix(key, "PU"), "PA") {
	case "MaxJobs":
		s.maxJobs, s.jobs, err = parseUse(value)
	case "MaxSubmitJobs":
		s.maxSubmit, s.submitted, err = parseUse(value)
	case "MaxTRES":
		s.maxTRES, s.tres, err = parseTRESUse(value)
	case "MaxTRESRunMins":
		s.maxRunMinutes, s.runMinutes, err = parseTRESUse(value)
	}
	return err
}

// limits are the same for everybody under a QOS; the use is not.
func (s share) limits() share {
	return share{maxJobs: s.maxJobs, maxSubmit: s.maxSubmit, maxTRES: s.maxTRES, maxRunMinutes: s.maxRunMinutes}
}

// of returns a user's share; uid is what old versions print in place of the name.
func (q qosRecord) of(user, uid string) share {
	for _, name := range []string{user + "(" + uid + ")", uid, user} {
		if s, ok := q.users[name]; ok {
			return s
		}
	}
	return q.userLimits
}
