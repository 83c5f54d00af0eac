package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// TestAhead: of each reservation when it is, of what, and what it means for one's own jobs; then licences and the network.
func TestAhead(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	reservation := func(name string, flags ...string) slurm.Reservation {
		return slurm.Reservation{Name: name, Start: start, End: start.Add(26 * time.Hour), Flags: flags, Nodes: "c[1-4]", NodeCount: 4, WhyNot: "it is for account astro."}
	}
	maintenance, course, magnet, software := reservation("upkeep", "MAINT"), reservation("course"), reservation("hot", "MAGNETIC"), reservation("matlab")
	course.Usable, course.WhyNot, course.Active = true, "", true
	magnet.Usable, magnet.NodeCount, magnet.Nodes = true, 1, "c1"
	software.Nodes, software.NodeCount, software.Licenses = "", 0, "matlab:4"
	used, reserved := 3, 4
	c := &slurm.Cluster{
		Reservations: []slurm.Reservation{maintenance, course, magnet, software},
		Licenses:     []slurm.License{{Name: "matlab", Total: 10, Used: &used, Reserved: &reserved}, {Name: "ansys", Total: 1000}, {Name: "full", Total: 2, Used: &used}},
		Switches:     []slurm.Switch{{Name: "s1", Nodes: "c[1-4]"}, {Name: "s2", Nodes: "c[5-9]"}, {Name: "top", Level: 1, Nodes: "c[1-9]"}},
	}
	got := strings.Join(ahead(c), "\n")
	want := `Reservation upkeep: Mon 2 Mar 08:00 to Tue 3 Mar 10:00, 4 nodes (c[1-4]); maintenance: jobs there end before it, or start after it.
Reservation course: now, until Tue 3 Mar 10:00, 4 nodes (c[1-4]); yours: reservation = "course" in [slurm].
Reservation hot: Mon 2 Mar 08:00 to Tue 3 Mar 10:00, 1 node (c1); your jobs go there unasked.
Reservation matlab: Mon 2 Mar 08:00 to Tue 3 Mar 10:00, no nodes, licences matlab:4; not for you: it is for account astro.
Licences: matlab 3 of 10 free, ansys 1,000, full 0 of 2 free.
Network: 2 leaf switches of 4–5 nodes each.`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	c.Switches = c.Switches[:1]
	for range 5 {
		c.Reservations = append(c.Reservations, course)
	}
	lines := ahead(c)
	if len(lines) != 8 || lines[5] != "… and 4 more reservations: --json has them." || lines[7] != "Network: all nodes hang on one switch." {
		t.Errorf("got %q", lines)
	}
	if lines := ahead(&slurm.Cluster{}); len(lines) > 0 {
		t.Errorf("where nothing is known: got %q", lines)
	}
}

// TestLimitParts: each limit with its use, in the unit that a user thinks in.
func TestLimitParts(t *testing.T) {
	n, day := 10, 24*3600
	u := slurm.Use{
		MaxJobs: &n, Jobs: 4, GroupMaxWallS: &day, GroupWallS: 3600, MaxWallS: &day,
		MaxTRES: map[string]int{"mem": 2048, "cpu": 64, "gres/gpu:a100": 1, "license/matlab": 3}, TRES: map[string]int{"mem": 1024, "cpu": 1},
		GroupMaxTRESMinutes: map[string]int{"mem": 90000, "node": 60}, GroupTRESMinutes: map[string]int{"node": 7},
		MinTRESPerJob: map[string]int{"gres/gpu": 1},
	}
	want := []string{
		"4 of 10 jobs of yours running",
		"1 of 64 CPUs in use by you", "0 of 1 GPU a100 in use by you", "0 of 3 license/matlab in use by you", "1 GiB of 2 GiB in use by you",
		"0 of 90,000 MiB-minutes spent", "7 of 60 node-minutes spent",
		"60 of 1,440 minutes spent",
		"at least 1 GPU a job", "at most 1 d a job",
	}
	if got := limitParts(u, true); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := limitParts(u, false); got[0] != "at most 10 jobs of yours running" || got[4] != "at most 2 GiB in use by you" {
		t.Errorf("where the use is not told: got %q", got)
	}
}

// TestOutOfService: nodes that take no jobs are counted by state, the most first, with a reason where somebody gave one.
func TestOutOfService(t *testing.T) {
	var nodes []slurm.Node
	add := func(n int, state, reason string, flags ...string) {
		for range n {
			nodes = append(nodes, slurm.Node{Name: fmt.Sprintf("c%d", len(nodes)+1), State: state, Flags: flags, Reason: reason})
		}
	}
	add(3, "IDLE", "")
	if got := outOfService(nodes); got != "" {
		t.Errorf("all in service: got %q", got)
	}
	add(1, "IDLE", "new disk [root@2026-03-02T08:00:00]", "DRAIN")
	if got, want := outOfService(nodes), "1 node takes no jobs now: 1 IDLE+DRAIN (c4: new disk)."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	add(1200, "DOWN", "", "NOT_RESPONDING")
	add(2, "IDLE", "a reason that is much longer than anybody would want to read in this place", "MAINT")
	want := "1,203 nodes take no jobs now: 1,200 DOWN*, 2 IDLE+MAINT (c1205: a reason that is much longer than anybo…), 1 IDLE+DRAIN (c4: new disk)."
	if got := outOfService(nodes); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
