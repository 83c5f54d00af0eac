package slurm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func reservationsOf(t testing.TB, version string) []Reservation {
	t.Helper()
	all, err := parseReservations(recorded(t, version, "reservations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReservationsOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		all := reservationsOf(t, version)
		var got []string
		for _, r := range all {
			got = append(got, fmt.Sprintf("%s %s %v %s %d cores of %d nodes, users %v, accounts %v, licences %s, partition %s, active %v, held %v",
				r.Name, r.End.Sub(r.Start), r.Flags, r.Nodes, r.Cores, r.NodeCount, r.Users, r.Accounts, r.Licenses, r.Partition, r.Active, r.CoresOf))
		}
		want := []string{
			"maint 1h0m0s [MAINT IGNORE_JOBS SPEC_NODES ALL_NODES] c[1-4] 64 cores of 4 nodes, users [root], accounts [], licences , partition , active false, held map[]",
			"course 2h0m0s [IGNORE_JOBS SPEC_NODES] c3 16 cores of 1 nodes, users [], accounts [physics], licences , partition , active true, held map[]",
			"others 20m0s [IGNORE_JOBS DAILY SPEC_NODES] c4 32 cores of 1 nodes, users [-alice], accounts [], licences , partition , active false, held map[]",
			"lic 2h0m0s [ANY_NODES]  0 cores of 0 nodes, users [alice], accounts [], licences matlab:4, partition , active false, held map[]",
			"cores 20m0s [FLEX SPEC_NODES] c1 2 cores of 1 nodes, users [bob], accounts [], licences , partition short, active true, held map[c1:2]",
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	})
}

// Alice is in physics; the reservations are those of TestReservationsOfEachVersion.
func TestWhoMayUseAReservation(t *testing.T) {
	mine := []Association{{Account: "physics", QOS: []string{"normal"}}}
	a := answers{rights: rights{associations: []association{{id: "1", account: "science"}, {id: "2", account: "physics", parent: "1"}}}}
	why := func(who person, r Reservation) string {
		all := []Reservation{r}
		a.admit(all, who, mine)
		if all[0].Usable != (all[0].WhyNot == "") {
			t.Errorf("%s: usable %v, why not %q", r.Name, all[0].Usable, all[0].WhyNot)
		}
		return all[0].WhyNot
	}
	me := person{name: "alice", uid: "2001", groups: []string{"alice", "users"}}
	all := reservationsOf(t, "26.05")
	for i, want := range []string{"it is for user root, and you are alice", "", "it is for everybody but user alice, and you are alice", "", "it is for user bob, and you are alice"} {
		if got := why(me, all[i]); got != want {
			t.Errorf("%s: got %q, want %q", all[i].Name, got, want)
		}
	}
	for _, tt := range []struct {
		name string
		r    Reservation
		want string
	}{
		{"another account", Reservation{Accounts: []string{"chem"}}, "it is for account chem, and yours are physics"},
		{"an account above mine", Reservation{Accounts: []string{"science"}}, ""},
		{"both have to fit", Reservation{Users: []string{"alice"}, Accounts: []string{"chem"}}, "it is for account chem, and yours are physics"},
		{"all but my only account", Reservation{Accounts: []string{"-physics"}}, "it is for everybody but account physics, and yours are physics"},
		{"one of my groups", Reservation{Groups: []string{"users"}}, ""},
		{"other groups", Reservation{Groups: []string{"staff"}}, "it is for group staff, and yours are alice, users"},
		{"another QOS", Reservation{QOS: []string{"gold"}}, "it is for QOS gold, and yours are normal"},
	} {
		if got := why(me, tt.r); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := why(person{name: "root", uid: "0"}, all[0]); got != "" {
		t.Errorf("root: got %q", got)
	}
	if got := why(person{name: "alice", uid: "2001"}, Reservation{Groups: []string{"staff"}}); got != "" {
		t.Errorf("groups that could not be asked: got %q", got)
	}
}

// A node that a reservation has a part of takes jobs on the rest.
func TestReservedCPUs(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		nodes, err := parseNodes(recorded(t, version, "nodes_gres.txt"))
		if err != nil {
			t.Fatal(err)
		}
		reserve(nodes, reservationsOf(t, version))
		got := []string{}
		for _, n := range nodes {
			got = append(got, fmt.Sprintf("%s %v %d free, up %v, reserved %v", n.Name, n.Flags, n.FreeCPUs(), n.Up(), n.Reserved()))
		}
		want := []string{"c1 [RESERVED] 6 free, up true, reserved false", "c2 [] 8 free, up true, reserved false",
			"c3 [RESERVED] 0 free, up true, reserved true", fmt.Sprintf("c4 [] %d free, up true, reserved false", 32-nodes[3].CPUsAllocated)}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

// A reservation that draws this user's jobs in keeps nothing from them.
func TestMagneticReservation(t *testing.T) {
	nodes := []Node{{Name: "c1", State: "IDLE", Flags: []string{"RESERVED"}, CPUs: 8, Sockets: 1, CoresPerSocket: 8}}
	all := []Reservation{{Name: "r", Active: true, Nodes: "c1", NodeCount: 1, Cores: 8, Flags: []string{"MAGNETIC"}, Users: []string{"alice"}}}
	(&answers{}).admit(all, alice, nil)
	reserve(nodes, all)
	if !nodes[0].Available() || nodes[0].FreeCPUs() != 8 {
		t.Errorf("got %+v", nodes[0])
	}
}

func TestLicensesOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		got, err := parseLicenses(recorded(t, version, "licenses.txt"))
		none, three := 0, 3
		want := []License{{"abaqus@flex", 10, &none, &none, true}, {"ansys", 5, &none, &none, false}, {"matlab", 10, &three, &none, false}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	if got, err := parseLicenses(strings.NewReader("No licenses configured in Slurm.\n")); err != nil || got == nil || len(got) != 0 {
		t.Errorf("got %v, %v; none is known to be none", got, err)
	}
	if _, err := parseLicenses(strings.NewReader("LicenseName=matlab Used=3\n")); err == nil {
		t.Error("a licence without a total was taken")
	}
}

func TestTopologyOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		got, err := parseTopology(recorded(t, version, "topology.txt"))
		want := []Switch{{"leaf1", 0, "c[1-2]", []string{}}, {"leaf2", 0, "c[3-4]", []string{}}, {"spine", 1, "c[1-4]", []string{"leaf1", "leaf2"}}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
		leaves := (&Cluster{Switches: got}).Leaves()
		if leaves["c2"] != "leaf1" || leaves["c3"] != "leaf2" || len(leaves) != 4 {
			t.Errorf("got %v", leaves)
		}
	})
	if _, err := parseTopology(strings.NewReader("Welcome to Fir!\n")); err == nil {
		t.Error("a banner was taken for a switch")
	}
}

func TestRulesOfPartitionsOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		all, err := parsePartitions(recorded(t, version, "partitions_rules.txt"))
		if err != nil || len(all) != 5 {
			t.Fatalf("got %d, %v", len(all), err)
		}
		p, staff := all[3], all[4]
		if !p.Hidden || !p.RootOnly || p.PreemptMode != "CANCEL" || p.GraceTimeS != 60 || !reflect.DeepEqual(p.AllocNodes, []string{"login"}) ||
			p.QOS != "fast" || *p.MaxNodes != 1 || !reflect.DeepEqual(p.DenyAccounts, []string{"chem"}) {
			t.Errorf("got %+v", p)
		}
		if staff.Hidden || !staff.NeedsReservation || !reflect.DeepEqual(staff.AllowGroups, []string{"staff", "adm"}) || staff.PreemptMode != "REQUEUE" {
			t.Errorf("got %+v", staff)
		}
	})
}

func TestRulesOfQOSOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		a := recordedAnswers(t, version)
		var err error
		if a.rights, err = parseLimits(recorded(t, version, "limits_rules.txt")); err != nil {
			t.Fatal(err)
		}
		if a.qos, err = parseQOSLimits(recorded(t, version, "qos_rules.txt")); err != nil {
			t.Fatal(err)
		}
		c := a.picture(alice, taken)
		fast := c.Limits.QOS[1]
		if strings.Join(fast.Flags, ",") != "DenyOnLimit,PartitionTimeLimit" || fast.PreemptMode != "REQUEUE" || len(fast.PreemptedBy) != 0 {
			t.Errorf("got %+v", fast)
		}
		want := Use{MaxTRESPerNode: map[string]int{"cpu": 4}, MaxTRESMinutesPerJob: map[string]int{"cpu": 1000}, MinTRESPerJob: map[string]int{"cpu": 2}}
		got := Use{MaxTRESPerNode: fast.Use.MaxTRESPerNode, MaxTRESMinutesPerJob: fast.Use.MaxTRESMinutesPerJob, MinTRESPerJob: fast.Use.MinTRESPerJob}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v", got)
		}
		if gpuq := c.Limits.QOS[2]; !reflect.DeepEqual(gpuq.PreemptedBy, []string{"fast"}) || gpuq.PreemptMode != "" {
			t.Errorf("got %+v", gpuq)
		}
	})
}

func TestGRESOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		nodes, err := parseNodes(recorded(t, version, "nodes_gres.txt"))
		if err != nil {
			t.Fatal(err)
		}
		shards := map[string]int{"22.05": 1, "24.11": 2, "26.05": 2}[version] // 22.05 counts the GPUs that they are of
		want := []GRES{{"gpu", "a100", 2, 1, []int{0}, ""}, {"gpu", "1g.5gb", 2, 1, []int{1}, "mig"}}
		if version != "20.11" {
			want = append(want, GRES{"shard", "a100", 4, shards, []int{0}, "shard"}, GRES{"shard", "1g.5gb", 4, 0, []int{1}, "shard"})
		}
		if got := nodes[3].GRES; !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestRESTAheadIsThatOfTheCommands(t *testing.T) {
	onEachAPI(t, func(t *testing.T, r recording) {
		want := reservationsOf(t, r.release)
		now := want[1].Start.Add(time.Minute)
		if r.version.tellsReservations() {
			got, a, err := readRESTReservations(r.open(t, "reservations"), now)
			if err != nil || len(a.errors) > 0 || len(got) != len(want) {
				t.Fatal(err, a.errors, got)
			}
			for i := range got {
				g, w := got[i], want[i]
				if g.CoresOf == nil {
					w.CoresOf = nil // before v0.0.39
				}
				if len(g.Flags) == len(w.Flags) { // in another order
					w.Flags = g.Flags
				}
				if a, b := fmt.Sprint(g), fmt.Sprint(w); a != b {
					t.Errorf("got  %s\nwant %s", a, b)
				}
			}
		}
		if r.version.tellsLicenses() {
			got, _, err := readRESTLicenses(r.open(t, "licenses"))
			want, _ := parseLicenses(recorded(t, r.release, "licenses.txt"))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		if r.version == 35 {
			return
		}
		qos, _, err := readRESTQOS(r.open(t, "db_qos_rules"))
		if err != nil {
			t.Fatal(err)
		}
		record, limits := qos[1].record(r.version)
		if fmt.Sprintf("%v %v %v", limits.flags, limits.preempts, limits.preemptMode) != "[DenyOnLimit PartitionTimeLimit] [gpuq] REQUEUE" ||
			fmt.Sprint(record.use.MaxTRESPerNode, record.use.MaxTRESMinutesPerJob, record.use.MinTRESPerJob) != "map[cpu:4] map[cpu:1000] map[cpu:2]" {
			t.Errorf("got %+v %+v", limits, record.use)
		}
	})
}

// What a limit allows is what the first of partition QOS, job QOS and association says that sets it.
func TestLimitsGoByTheFirstThatSetsThem(t *testing.T) {
	n := func(n int) *int { return &n }
	own := Use{MaxSubmitJobs: n(5), MaxJobs: n(2), MaxWallS: n(60), GroupMaxTRES: map[string]int{"cpu": 4, "gres/gpu": 1}}
	got := own.Under(Use{AccountMaxSubmit: n(12000), GroupMaxTRES: map[string]int{"cpu": 64}})
	want := Use{MaxJobs: n(2), MaxWallS: n(60), GroupMaxTRES: map[string]int{"gres/gpu": 1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %s, want %s", inJSON(got), inJSON(want))
	}
	if len(own.GroupMaxTRES) != 2 || *own.MaxSubmitJobs != 5 {
		t.Error("it changed the limits that it was asked about")
	}
}

func inJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func FuzzReservations(f *testing.F) {
	seed(f, "reservations.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseReservations(bytes.NewReader(text))
		for _, r := range all {
			if err == nil && (r.Flags == nil || r.Users == nil || r.NodeCount < 0 || r.Cores < 0) {
				t.Errorf("got %+v", r)
			}
		}
		if err == nil {
			(&answers{}).admit(all, alice, []Association{{Account: "physics"}})
			reserve([]Node{{Name: "c1", CPUs: 8, Sockets: 1, CoresPerSocket: 8}}, all)
		}
	})
}

func FuzzLicenses(f *testing.F) {
	seed(f, "licenses.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseLicenses(bytes.NewReader(text))
		for _, l := range all {
			if err == nil && (l.Name == "" || l.Total < 0) {
				t.Errorf("got %+v", l)
			}
		}
	})
}

func FuzzTopology(f *testing.F) {
	seed(f, "topology.txt")
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseTopology(bytes.NewReader(text))
		for _, s := range all {
			if err == nil && (s.Name == "" || s.Level < 0 || s.Switches == nil) {
				t.Errorf("got %+v", s)
			}
		}
		if err == nil {
			(&Cluster{Switches: all}).Leaves()
		}
	})
}

func FuzzRESTReservations(f *testing.F) {
	files, _ := filepath.Glob("testdata/*/rest/*_reservations.json")
	more, _ := filepath.Glob("testdata/*/rest/*_licenses.json")
	for _, name := range append(files, more...) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, _, err := readRESTReservations(bytes.NewReader(text), taken)
		for _, r := range all {
			if err == nil && (r.Name == "" || r.Start.IsZero() || r.NodeCount < 0) {
				t.Errorf("got %+v", r)
			}
		}
		licenses, _, err := readRESTLicenses(bytes.NewReader(text))
		for _, l := range licenses {
			if err == nil && (l.Name == "" || l.Total < 0) {
				t.Errorf("got %+v", l)
			}
		}
	})
}
