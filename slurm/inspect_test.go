package slurm

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestInspectOfEachVersion(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		f := newFakes(t).replay(version)
		c, err := f.client().Inspect(t.Context(), InspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if c.Name != "lab" || len(c.Nodes) != 4 || len(c.Partitions) != 3 || len(c.Queue) == 0 || c.Client != "commands" || c.Taken.IsZero() {
			t.Errorf("got %+v", c)
		}
		if n := c.Limits.JobCount; n == nil || *n == 0 {
			t.Errorf("got %v jobs that wait or run, want those of the account root", n)
		}
		if f.called() != 8 {
			t.Errorf("got %d calls, want 8: %q", f.called(), f.calls)
		}
	})
}

func TestInspectAsksLessWithACache(t *testing.T) {
	f := newFakes(t).replay("24.11")
	opt := InspectOptions{CacheDir: filepath.Join(f.dir, "cache")}
	calls := func(c *Commands) int {
		before := f.called()
		if _, err := c.Inspect(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		return f.called() - before
	}
	client := f.client()
	if cold, warm := calls(client), calls(client); cold != 8 || warm != 5 {
		t.Errorf("got %d calls cold and %d warm, want 8 and 5", cold, warm)
	}
	if other := calls(f.client("SLURM_CONF=/opt/other.conf")); other != 8 {
		t.Errorf("got %d calls for another cluster, want 8", other)
	}
	opt.Fresh = true
	if fresh := calls(client); fresh != 8 {
		t.Errorf("got %d calls with Fresh, want 8", fresh)
	}
}

func TestCacheIsBelievedForAnHour(t *testing.T) {
	write := func(t *testing.T, c *Commands, dir string, e cacheEntry) {
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.cacheName(configCommand)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Replace(read(t, "testdata/24.11/config.txt"), "= lab", "= cached", 1)
	tests := []struct {
		name  string
		entry cacheEntry
		want  string
	}{
		{"fresh", cacheEntry{Asked: time.Now().Add(-59 * time.Minute), Text: text}, "cached"},
		{"old", cacheEntry{Asked: time.Now().Add(-61 * time.Minute), Text: text}, "lab"},
		{"of the future", cacheEntry{Asked: time.Now().Add(time.Hour), Text: text}, "lab"},
		{"not understood", cacheEntry{Asked: time.Now(), Text: "nonsense\n"}, "lab"},
		{"cut", cacheEntry{Asked: time.Now(), Text: text[:len(text)/2]}, "lab"},
	}
	for _, tt := range tests {
		f := newFakes(t).replay("24.11")
		c := f.client()
		write(t, c, f.dir, tt.entry)
		s, err := c.showConfig(t.Context(), InspectOptions{CacheDir: f.dir})
		if err != nil || s.cluster != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.name, s.cluster, err, tt.want)
		}
	}
}

func TestCacheThatCannotBeWrittenIsNoError(t *testing.T) {
	f := newFakes(t).replay("24.11").add("file", "")
	if _, err := f.client().Inspect(t.Context(), InspectOptions{CacheDir: f.dir + "/file/cache"}); err != nil {
		t.Error(err)
	}
}

func TestCacheKeepsNoBrokenAnswer(t *testing.T) {
	f := newFakes(t).add("scontrol", "echo Welcome to Fir")
	c := f.client()
	if _, err := c.showConfig(t.Context(), InspectOptions{CacheDir: f.dir}); err == nil {
		t.Fatal("want an error")
	}
	if _, err := os.Stat(filepath.Join(f.dir, c.cacheName(configCommand))); err == nil {
		t.Error("the answer was kept")
	}
}

// What Slurm prints in place of an answer is named, with the first text that was not understood.
func TestBrokenOutputIsNamed(t *testing.T) {
	node := "NodeName=n1 CoresPerSocket=4 CPUAlloc=0 CPUTot=8 RealMemory=16000 AllocMem=0 Sockets=2 State=IDLE ThreadsPerCore=1 Gres=(null) ActiveFeatures=(null) Weight=1 Partitions=p"
	tests := []struct {
		name, nodes string
		want        []string
	}{
		{"banner", "Welcome to Fir!\n" + node + "\n", []string{"scontrol -a -o -d show nodes", `line 1`, `"Welcome to Fir!"`}},
		{"cut", node + "\nNodeName=n2 CoresPerSocket=4 CPUAlloc=0 CPUTot=8 RealMemory=160", []string{"scontrol -a -o -d show nodes", `cut off after "`, `RealMemory=160"`}},
		{"a field is missing", strings.Replace(node, "CPUTot=8 ", "", 1) + "\n", []string{`node "n1"`, "a part of it is missing"}},
		{"garbled", strings.Replace(node, "CPUTot=8", "CPUTot=eight", 1) + "\n", []string{`node "n1"`, `CPUTot=eight`, `"eight"`}},
		{"garbled GRES", strings.Replace(node, "Gres=(null)", "Gres=gpu:a:b:c GresUsed=gpu:0", 1) + "\n", []string{`node "n1"`, `"gpu:a:b:c"`}},
		{"a state", strings.Replace(node, "State=IDLE", "State=IDLE+DR!!N", 1) + "\n", []string{`node "n1"`, `"IDLE+DR!!N"`}},
		{"a node twice", node + "\n" + node + "\n", []string{`line 2: node "n1": it is there twice`}},
		{"nothing", "", []string{"scontrol -a -o -d show nodes", "it printed nothing"}},
		{"binary", node + "\n\x01\x02\n", []string{"scontrol -a -o -d show nodes", `"\x01\x02"`}},
		{"more kept than there is", strings.Replace(node, "State=IDLE", "State=IDLE MemSpecLimit=99999", 1) + "\n", []string{`node "n1"`, "more is kept"}},
	}
	for _, tt := range tests {
		f := newFakes(t).replay("24.11")
		f.add("real", strings.TrimPrefix(read(t, f.dir+"/scontrol"), "#!/bin/sh\n"))
		if err := os.WriteFile(f.dir+"/text", []byte(tt.nodes), 0o600); err != nil {
			t.Fatal(err)
		}
		f.add("scontrol", `case "$*" in *'show nodes') exec cat `+f.dir+`/text ;; esac; exec `+f.dir+`/real "$@"`)
		_, err := f.client().Inspect(t.Context(), InspectOptions{})
		if err == nil {
			t.Errorf("%s: want an error", tt.name)
			continue
		}
		for _, w := range tt.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: got %q, want %q in it", tt.name, err, w)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Without accounting, its limits or the queue there still is a picture, which says what it lacks.
func TestInspectSaysWhatItCouldNotAsk(t *testing.T) {
	tests := []struct {
		name    string
		command string
		body    string
		want    string
	}{
		{"no sacctmgr", "sacctmgr", "", "the QOS that you may use: sacctmgr"},
		{"database silent", "sacctmgr", "echo 'sacctmgr: error: Sending PersistInit msg: Connection refused' >&2; exit 1", "limits of QOS that nobody uses now: sacctmgr"},
		{"database garbled", "sacctmgr", "echo '|||'", `want the header Account|Partition|Def QOS|QOS, got "|||"`},
		{"squeue garbled", "squeue", "echo 'START_TIME|SCHEDNODES'; echo 'soon|c1'",
			`planned starts of waiting jobs: reading the output of squeue -a -t PENDING -o "%S|%Y": line 2: want a time, got "soon"`},
		{"squeue without its header", "squeue", "echo 'N/A|(null)'", `want the header START_TIME|SCHEDNODES, got "N/A|(null)"`},
		{"an empty squeue", "squeue", ":", "it printed nothing"},
		{"squeue refused", "squeue", "echo 'slurm_load_jobs error: Access denied' >&2; exit 1", "Access denied"},
	}
	for _, tt := range tests {
		f := newFakes(t).replay("24.11")
		if tt.body == "" {
			os.Remove(filepath.Join(f.dir, tt.command))
		} else {
			f.add(tt.command, tt.body)
		}
		c, err := f.client().Inspect(t.Context(), InspectOptions{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := strings.Join(c.Unknown, "\n"); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q in it", tt.name, got, tt.want)
		}
		if len(c.Nodes) != 4 {
			t.Errorf("%s: got %d nodes", tt.name, len(c.Nodes))
		}
	}
}

func TestInspectWithoutAccounting(t *testing.T) {
	f := newFakes(t).replay("24.11")
	f.add("real", strings.TrimPrefix(read(t, f.dir+"/scontrol"), "#!/bin/sh\n"))
	f.add("scontrol", `[ "$*" = 'show config' ] || exec `+f.dir+`/real "$@"
`+f.dir+`/real show config | sed 's/accounting_storage.slurmdbd/(null)/; s/^AccountingStorageEnforce.*/AccountingStorageEnforce = none/'`)
	c, err := f.client().Inspect(t.Context(), InspectOptions{})
	if err != nil || f.called() != 5 {
		t.Fatalf("got %v after %d calls, want 5: %q", err, f.called(), f.calls)
	}
	if len(c.Unknown) != 1 || !strings.Contains(c.Unknown[0], "no accounting") || c.Scheduler.Accounting || c.Scheduler.EnforceLimits {
		t.Errorf("got %q, %+v", c.Unknown, c.Scheduler)
	}
	if p := c.Partition("short"); !p.Usable {
		t.Errorf("got %q", p.WhyNot)
	}
}

func TestInspectWithoutSlurm(t *testing.T) {
	tests := []struct {
		name string
		f    *fakes
		want string
	}{
		{"no Slurm", newFakes(t), "there is no scontrol on PATH"},
		{"silent controller", newFakes(t).add("scontrol", "echo 'slurm_load_ctl_conf error: Unable to contact slurm controller (connect failure)' >&2; exit 1"), "connect failure"},
	}
	for _, tt := range tests {
		_, err := tt.f.client().Inspect(t.Context(), InspectOptions{})
		var absent *AbsentError
		if !errors.As(err, &absent) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

// The first failure ends the other lane: nobody waits for two time-outs.
func TestInspectGivesUpTogether(t *testing.T) {
	f := newFakes(t).add("scontrol", `case "$*" in *config) echo 'Access denied' >&2; exit 1 ;; esac; exec sleep 60`)
	start := time.Now()
	_, err := f.client().Inspect(t.Context(), InspectOptions{})
	var refused *RefusedError
	if !errors.As(err, &refused) || time.Since(start) > 8*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.client().Inspect(ctx, InspectOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAtMostTwoCallsAtATime(t *testing.T) {
	f := newFakes(t).replay("24.11")
	for _, name := range []string{"scontrol", "squeue", "sacctmgr"} {
		f.add("real-"+name, strings.TrimPrefix(read(t, filepath.Join(f.dir, name)), "#!/bin/sh\n"))
		f.add(name, "cd "+f.dir+"; mkdir -p running; touch running/$$; ls running | wc -l >> most; sleep 0.05; rm running/$$; exec ./real-"+name+` "$@"`)
	}
	if _, err := f.client().Inspect(t.Context(), InspectOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, n := range strings.Fields(read(t, f.dir+"/most")) {
		if n != "1" && n != "2" {
			t.Errorf("%s commands ran at a time", n)
		}
	}
}

// Groups are asked for only where a partition goes by them.
func TestGroups(t *testing.T) {
	f := newFakes(t)
	got, err := f.client().groups(t.Context())
	if err != nil || len(got) == 0 || got[0] == "" {
		t.Errorf("got %q, %v", got, err)
	}
	who := f.client("USER=somebody").whoami(t.Context())
	if who.name == "" || who.uid == "" || who.host == "" {
		t.Errorf("got %+v", who)
	}
}

// Of an answer that is cut off nothing is believed: the network of one switch that a cut topology showed was none.
func TestInspectBelievesNoHalfAnswer(t *testing.T) {
	f := newFakes(t).replay("24.11")
	for _, name := range []string{"scontrol", "squeue", "sacctmgr"} {
		if err := os.Rename(filepath.Join(f.dir, name), filepath.Join(f.dir, "whole-"+name)); err != nil {
			t.Fatal(err)
		}
		f.add(name, `case "$*" in *nodes*|*partitions*|*config*) exec whole-`+name+` "$@" ;; esac
text=$(whole-`+name+` "$@"); printf %s "${text%?????}"`)
	}
	c, err := f.client().Inspect(t.Context(), InspectOptions{Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	if c.Switches != nil || c.Licenses != nil || c.Reservations != nil || c.Queue != nil || len(c.Limits.Associations)+len(c.Limits.QOS) > 0 {
		t.Errorf("got switches %v, licences %v, reservations %v, queue %v, limits %+v; want nothing of what was cut off", c.Switches, c.Licenses,
			c.Reservations, c.Queue, c.Limits)
	}
	if len(c.Unknown) != 7 {
		t.Errorf("got %d things that are not known, want 7, one an answer: %q", len(c.Unknown), c.Unknown)
	}
}
