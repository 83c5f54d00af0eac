package slurm

// License is a licence that Slurm counts, with what is taken of it.
type License struct {
	Name     string `json:"name"` // as a job asks for it; of a remote one "name@server"
	Total    int    `json:"total"`
	Used     int    `json:"used"`
	Reserved int    `json:"reserved"` // kept for reservations
	Remote   bool   `json:"remote"`   // counted by accounting, for several clusters
}

// Free is how many a job can have now.
func (l License) Free() int { return max(0, l.Total-l.Used-l.Reserved) }
