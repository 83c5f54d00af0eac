package slurm

import "time"

// Reservation is a part of the cluster that is kept for somebody, or for maintenance, for a time.
type Reservation struct {
	Name      string    `json:"name"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Active    bool      `json:"active"`     // it has begun and not ended
	Flags     []string  `json:"flags"`      // MAINT, IGNORE_JOBS, FLEX, DAILY …
	Nodes     string    `json:"nodes"`      // a host list; "" = none
	NodeCount int       `json:"node_count"` //
	Cores     int       `json:"cores"`      // that it holds on its nodes, perhaps not all of them
	Partition string    `json:"partition"`  // whose limits hold in it; "" = any
	Users     []string  `json:"users"`      // that may use it; "-name" may not
	Accounts  []string  `json:"accounts"`
	Groups    []string  `json:"groups"`
	Licenses  string    `json:"licenses"` // that it keeps: "matlab:4"
	Usable    bool      `json:"usable"`   // a job of this user may name it
	WhyNot    string    `json:"why_not"`  // one sentence; "" when usable
}
