package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// restReservation is a reservation as all versions that have them write it.
type restReservation struct {
	Name      string     `json:"name"`
	Start     restNumber `json:"start_time"`
	End       restNumber `json:"end_time"`
	Flags     restWords  `json:"flags"`
	Nodes     restText   `json:"node_list"`
	NodeCount restNumber `json:"node_count"`
	Cores     restNumber `json:"core_count"`
	Partition restText   `json:"partition"`
	Users     restWords  `json:"users"`
	Accounts  restWords  `json:"accounts"`
	Groups    restWords  `json:"groups"`
	Licenses  restText   `json:"licenses"`
	Held      []struct { // from v0.0.39; where it holds only some cores of a node
		Node restText `json:"node"`
		Core restText `json:"core"`
	} `json:"core_specializations"`
}

// readRESTReservations reads the answer of /reservations.
func readRESTReservations(r io.Reader, now time.Time) ([]Reservation, restAnswer, error) {
	all := []Reservation{}
	a, err := readAnswer(r, "reservations", eachReservation(now, &all))
	return all, a, err
}

func eachReservation(now time.Time, all *[]Reservation) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		var raw restReservation
		err := d.Decode(&raw)
		if err != nil {
			return err
		}
		r, err := raw.reservation(now)
		if err != nil {
			return fmt.Errorf("reservation %q: %w", raw.Name, err)
		}
		*all = append(*all, r)
		return nil
	}
}

func (raw restReservation) reservation(now time.Time) (Reservation, error) {
	r := Reservation{
		Name: raw.Name, Start: raw.Start.moment(), End: raw.End.moment(), Flags: raw.Flags.list(), Nodes: string(raw.Nodes),
		Partition: string(raw.Partition), Users: raw.Users.list(), Accounts: raw.Accounts.list(), Groups: raw.Groups.list(), QOS: []string{},
		Licenses: string(raw.Licenses),
	}
	if r.Name == "" || r.Start.IsZero() || r.End.IsZero() {
		return r, errors.New("a part of it is missing")
	}
	r.Active = !now.Before(r.Start) && now.Before(r.End)
	var errs [3]error
	r.NodeCount, errs[0] = raw.NodeCount.count()
	r.Cores, errs[1] = raw.Cores.count()
	errs[2] = eachHost(r.Nodes, func([]byte) error { return nil })
	p := reservationParser{Reservation: r}
	for _, h := range raw.Held {
		p.coreOf = string(h.Node)
		errs[2] = errors.Join(errs[2], p.holdsCores(string(h.Core)))
	}
	return p.Reservation, errors.Join(errs[:]...)
}

// restLicense is a licence; its keys differ from all others of the API in having upper case, but
// encoding/json takes either.
type restLicense struct {
	Name     restText   `json:"LicenseName"`
	Total    restNumber `json:"Total"`
	Used     restNumber `json:"Used"`
	Reserved restNumber `json:"Reserved"`
	Remote   restNumber `json:"Remote"`
}

// readRESTLicenses reads the answer of /licenses.
func readRESTLicenses(r io.Reader) ([]License, restAnswer, error) {
	all := []License{}
	a, err := readAnswer(r, "licenses", eachLicense(&all))
	slices.SortFunc(all, License.byName)
	return all, a, err
}

func eachLicense(all *[]License) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		var raw restLicense
		if err := d.Decode(&raw); err != nil {
			return err
		}
		l := License{Name: string(raw.Name), Remote: raw.Remote.n == 1, Used: raw.Used.limit(), Reserved: raw.Reserved.limit()}
		total, err := raw.Total.count()
		if l.Total = total; l.Name == "" || !raw.Total.set {
			err = errors.New("a part of it is missing")
		}
		if err != nil {
			return fmt.Errorf("licence %q: %w", l.Name, err)
		}
		*all = append(*all, l)
		return nil
	}
}
