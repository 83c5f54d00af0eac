package slurm

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	alice = person{name: "alice", uid: "2001", host: "login"}
	taken = time.Unix(1795384000, 0)
)

// recordedAnswers are those that Slurm gave, all of them.
func recordedAnswers(t testing.TB, version string) *answers {
	t.Helper()
	var a answers
	var errs [7]error
	a.settings, errs[0] = parseConfig(recorded(t, version, "config.txt"))
	a.nodes, errs[1] = parseNodes(recorded(t, version, "nodes.txt"))
	a.partitions, errs[2] = parsePartitions(recorded(t, version, "partitions.txt"))
	a.rights, errs[3] = parseLimits(recorded(t, version, "limits.txt"))
	a.grants, errs[4] = parseGrants(recorded(t, version, "grants.txt"))
	a.qos, errs[5] = parseQOSLimits(recorded(t, version, "qos.txt"))
	a.queue, errs[6] = parsePlanned(recorded(t, version, "planned.txt"))
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return &a
}

func TestPictureOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		c := recordedAnswers(t, version).picture(alice, taken)
		if c.Name != "lab" || !strings.HasPrefix(c.Version, version) || c.User != "alice" || len(c.Unknown) != 0 {
			t.Errorf("got %q %q %q, unknown %q", c.Name, c.Version, c.User, c.Unknown)
		}
		for _, p := range c.Partitions {
			if !p.Usable || p.WhyNot != "" {
				t.Errorf("partition %s: usable %v, %q", p.Name, p.Usable, p.WhyNot)
			}
		}
		if len(c.Limits.Associations) != 1 || len(c.Limits.QOS) != 3 || *c.Limits.MaxSubmitJobs != 12000 {
			t.Fatalf("got %+v", c.Limits)
		}
		a := c.Limits.Associations[0]
		if a.Account != "physics" || !a.Default || a.DefaultQOS != "normal" || len(a.QOS) != 3 {
			t.Errorf("got %+v", a)
		}
		fast := c.Limits.QOS[1].Use
		if *fast.MaxSubmitJobs != 50 || fast.MaxTRES["cpu"]-fast.TRES["cpu"] != 4 || *fast.MaxWallS != 600 {
			t.Errorf("got %+v", fast)
		}
	})
}

// Lists are [] in JSON and not null, which means unknown.
func TestPictureAsJSON(t *testing.T) {
	data, err := json.Marshal(recordedAnswers(t, "26.05").picture(alice, taken))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"nodes", "partitions", "queue", "unknown", "flags", "features", "gres", "allow_accounts", "deny_qos", "associations", "qos"} {
		if strings.Contains(string(data), `"`+key+`":null`) {
			t.Errorf("%s is null", key)
		}
	}
}

func TestHiddenAndMissingAreSaid(t *testing.T) {
	a := recordedAnswers(t, "24.11")
	a.settings.private = []string{"jobs", "usage", "accounts"}
	a.nodes = a.nodes[1:]
	got := strings.Join(a.picture(alice, taken).Unknown, "\n")
	for _, want := range []string{"PrivateData=jobs", "PrivateData=usage", "showed 1 of the 2 in partition short", "showed 3 of the 4 in partition long"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}

// A QOS that nobody has used since the controller started shows no limits of one user there.
func TestLimitsOfAnUnusedQOS(t *testing.T) {
	unused := func(t *testing.T) *answers {
		a := recordedAnswers(t, "24.11")
		r, err := parseLimits(limitsOf("ClusterName=lab Account=physics UserName=alice(2001) Partition= ID=5 DefAssoc=Yes GrpJobs=N(0)",
			"QOS=fast(2) GrpJobs=N(0) GrpSubmitJobs= GrpTRES= GrpTRESMins= GrpTRESRunMins= GrpWall= MaxTRESPJ= MaxWallPJ=10 Priority=1000 Account Limits=No Accounts User Limits=No Users"))
		if err != nil {
			t.Fatal(err)
		}
		a.rights = r
		return a
	}
	c := unused(t).picture(alice, taken)
	if use := c.Limits.QOS[0].Use; *use.MaxSubmitJobs != 50 || use.MaxTRES["cpu"] != 16 || !has(use.TRES, "cpu") || *use.MaxWallS != 600 || len(c.Unknown) != 0 {
		t.Errorf("got %+v, unknown %q; want the database's limits", use, c.Unknown)
	}
	a := unused(t)
	a.qos = nil
	if got := a.picture(alice, taken).Unknown; len(got) != 1 || !strings.Contains(got[0], "QOS fast") {
		t.Errorf("got %q, want what is not known of QOS fast", got)
	}
}

// limitsOf are associations as the controller prints them; what a test leaves out is not set.
func limitsOf(associations string, qos ...string) io.Reader {
	text := "Current Association Manager state\nAssociation Records\n"
	for line := range strings.Lines(associations + "\n") {
		text += withKeys(strings.TrimSpace(line), associationKeys) + "\n"
	}
	return strings.NewReader(text + strings.Join(append([]string{"QOS Records"}, qos...), "\n") + "\n")
}

// withKeys adds to a line the keys that it lacks.
func withKeys(line string, keys []string) string {
	for _, key := range keys {
		if !strings.Contains(" "+line, " "+key+"=") {
			line += " " + key + "="
		}
	}
	return line
}

func TestGroupLimitsAreThoseWithLeastLeft(t *testing.T) {
	r, err := parseLimits(limitsOf(`ClusterName=lab Account=root UserName= Partition= ID=1 ParentAccount= DefAssoc=No GrpJobs=100(90) GrpSubmitJobs=N(95) GrpTRES=cpu=1000(990),mem=N(5),gres/gpu=8(0) GrpTRESMins=cpu=600(500) GrpTRESRunMins=cpu=900(850),gres/gpu=N(7) GrpWall=90(61.25)
ClusterName=lab Account=physics UserName= Partition= ID=3 ParentAccount=root(1) DefAssoc=No GrpJobs=20(5) GrpSubmitJobs=40(7) GrpTRES=cpu=64(60),gres/gpu=4(1) GrpTRESMins=cpu=N(100) GrpTRESRunMins=cpu=300(10),gres/gpu=240(60) GrpWall=N(61.25)
ClusterName=lab Account=physics UserName=alice(2001) Partition= ID=5 ParentAccount= DefAssoc=Yes GrpJobs=N(3) GrpSubmitJobs=N(4) GrpTRES=cpu=N(9) MaxJobs=12(3) MaxSubmitJobs=30(4) MaxWallPJ=120 MaxTRESPJ=cpu=32,mem=64000
ClusterName=lab Account=physics UserName=bob(2002) Partition= ID=6 ParentAccount= DefAssoc=Yes GrpJobs=N(1)`))
	if err != nil {
		t.Fatal(err)
	}
	a := answers{rights: r}
	var l Limits
	a.fillLimits(&l, alice)
	n := func(n int) *int { return &n }
	want := Association{Account: "physics", Default: true, QOS: []string{}, Use: Use{
		MaxJobs: n(12), Jobs: 3, MaxSubmitJobs: n(30), SubmittedJobs: 4, MaxWallS: n(7200),
		MaxTRESPerJob: map[string]int{"cpu": 32, "mem": 64000},
		GroupMaxTRES:  map[string]int{"cpu": 64, "gres/gpu": 4}, GroupTRES: map[string]int{"cpu": 60, "gres/gpu": 1},
		GroupMaxTRESMinutes: map[string]int{"cpu": 600}, GroupTRESMinutes: map[string]int{"cpu": 500},
		GroupMaxTRESRunMinutes: map[string]int{"cpu": 900, "gres/gpu": 240}, GroupTRESRunMinutes: map[string]int{"cpu": 850, "gres/gpu": 60},
		GroupMaxWallS: n(5400), GroupWallS: 3660,
		GroupMaxJobs: n(100), GroupJobs: 90, GroupMaxSubmit: n(40), GroupSubmitted: 7,
	}}
	if len(l.Associations) != 1 || !reflect.DeepEqual(l.Associations[0], want) {
		t.Errorf("got  %+v\nwant %+v", l.Associations, want)
	}
	if *l.MaxSubmitJobs != 30 {
		t.Errorf("got %d submitted jobs at most, want 30", *l.MaxSubmitJobs)
	}
}

func TestMinutesOfOneUserAndOneAccount(t *testing.T) {
	text := strings.NewReplacer("MaxTRESRunMinsPU=cpu=N(60)", "MaxTRESRunMinsPU=cpu=100(60)", "MaxTRESRunMinsPA=cpu=N(60)", "MaxTRESRunMinsPA=cpu=200(70)").Replace(read(t, "testdata/24.11/limits.txt"))
	r, err := parseLimits(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	a := recordedAnswers(t, "24.11")
	a.rights = r
	u := a.picture(alice, taken).Limits.QOS[1].Use
	if u.MaxTRESRunMinutes["cpu"] != 100 || u.TRESRunMinutes["cpu"] != 60 || u.AccountMaxTRESRunMinutes["cpu"] != 200 || u.AccountTRESRunMinutes["cpu"] != 70 {
		t.Errorf("got %+v", u)
	}
	if left := u.Under(Use{MaxTRESRunMinutes: map[string]int{"cpu": 1}}); len(left.MaxTRESRunMinutes) != 0 || left.AccountMaxTRESRunMinutes["cpu"] != 200 {
		t.Errorf("below a limit of the same: got %+v", left)
	}
}

func TestAccountsThatAreTheirOwnParents(t *testing.T) {
	r, err := parseLimits(limitsOf("ClusterName=lab Account=a UserName= Partition= DefAssoc=No ID=1 ParentAccount=b(2)\n" +
		"ClusterName=lab Account=b UserName= Partition= DefAssoc=No ID=2 ParentAccount=a(1) GrpJobs=5(1)\n" +
		"ClusterName=lab Account=a UserName=alice(2001) Partition= DefAssoc=Yes ID=3"))
	if err != nil {
		t.Fatal(err)
	}
	a := answers{rights: r}
	var l Limits
	a.fillLimits(&l, alice) // ends
	if *l.Associations[0].Use.GroupMaxJobs != 5 {
		t.Errorf("got %+v", l.Associations[0])
	}
}

// Where the controller hides limits (PrivateData), the database's are known, and no use.
func TestLimitsWithoutTheController(t *testing.T) {
	a := recordedAnswers(t, "24.11")
	a.rights = rights{}
	l := a.picture(alice, taken).Limits
	if len(l.Associations) != 1 || l.Associations[0].DefaultQOS != "normal" || len(l.QOS) != 3 || *l.MaxSubmitJobs != 12000 {
		t.Fatalf("got %+v", l)
	}
	if fast := l.QOS[0]; fast.Name != "fast" || fast.Use.MaxTRES["cpu"] != 16 || fast.Use.SubmittedJobs != 0 {
		t.Errorf("got %+v", fast)
	}
}

// What the system keeps for itself is not handed out.
func TestReservedCPUsAndMemory(t *testing.T) {
	const base = "NodeName=n1 CoresPerSocket=4 CPUAlloc=0 CPUTot=8 RealMemory=16000 AllocMem=0 Sockets=2 State=IDLE ThreadsPerCore=1 Gres=(null) ActiveFeatures=(null) Weight=1 "
	tests := []struct {
		fields       string
		cpus, memory int
	}{
		{"", 8, 16000},
		{"CPUEfctv=6 CoreSpecCount=2 CPUSpecList=0,4", 6, 16000},
		{"CoreSpecCount=2 CPUSpecList=0,4-5 MemSpecLimit=2000", 5, 14000},
		{"CPUSpecList=(null)", 8, 16000},
	}
	for _, tt := range tests {
		nodes, err := parseNodes(strings.NewReader(base + tt.fields + "\n"))
		if err != nil || nodes[0].CPUs != tt.cpus || nodes[0].MemoryMiB != tt.memory {
			t.Errorf("%q: got %+v, %v; want %d CPUs, %d MiB", tt.fields, nodes, err, tt.cpus, tt.memory)
		}
	}
}

func TestReasonsDoNotMislead(t *testing.T) {
	nodes, err := parseNodes(strings.NewReader("NodeName=n1 CoresPerSocket=4 CPUAlloc=0 CPUTot=8 RealMemory=16000 AllocMem=0 Sockets=2" +
		" State=DOWN ThreadsPerCore=1 Gres=(null) ActiveFeatures=(null) Weight=1 Partitions=p  Reason=was State=IDLE CPUTot=99 [root@1795384000] Comment=x\n"))
	if err != nil || nodes[0].State != "DOWN" || nodes[0].CPUs != 8 || nodes[0].Reason != "was State=IDLE CPUTot=99 [root@1795384000]" {
		t.Errorf("got %+v, %v", nodes, err)
	}
}
