package slurm

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPing(t *testing.T) {
	f := newFakes(t).add("scontrol", "echo 'Slurmctld(primary) at ctl1 is DOWN'; echo 'Slurmctld(backup) at ctl2 is UP'").
		add("sacctmgr", `printf 'Cluster\nlab\nother\n'`)
	all := f.client().Ping(t.Context(), true)
	if len(all) != 2 || all[0].Err != nil || !strings.Contains(all[0].Words, "ctl2 is UP") || all[0].Took <= 0 {
		t.Errorf("got %+v", all)
	}
	if all[1].Err != nil || all[1].Words != "it knows lab, other" {
		t.Errorf("got %+v", all[1])
	}
	for body, want := range map[string]string{
		"echo 'Slurmctld(primary) at ctl is DOWN'": "no controller is up: Slurmctld(primary) at ctl is DOWN",
		"echo 'Welcome to fir'":                    `reading the output of scontrol ping: line 1: want Slurmctld(primary) at HOST is UP, got "Welcome to fir"`,
		":":                                        "it printed nothing",
		"echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1": "connect failure",
	} {
		h := newFakes(t).add("scontrol", body).client().Ping(t.Context(), false)[0]
		if h.Err == nil || !strings.Contains(h.Err.Error(), want) {
			t.Errorf("%s: got %v, want %q", body, h.Err, want)
		}
		var unreadable *UnreadableError
		if got, want := errors.As(h.Err, &unreadable), strings.Contains(want, "printed nothing") || strings.Contains(want, "reading the output"); got != want {
			t.Errorf("%s: that it cannot be read is %v, want %v", body, got, want)
		}
	}
	f = newFakes(t).add("scontrol", "exec sleep 60")
	h := f.clientWith(CommandsOptions{Timeout: 300 * time.Millisecond}).Ping(t.Context(), false)[0]
	var absent *AbsentError
	if !errors.As(h.Err, &absent) || h.Took < 300*time.Millisecond {
		t.Errorf("a controller that hangs: got %+v", h)
	}
}

func TestMPITypes(t *testing.T) {
	for body, want := range map[string][]string{
		`printf 'MPI plugin types are...\n\tnone\n\tpmix\n\tpmi2\nspecific pmix plugin versions available: pmix_v5\n'`: {"none", "pmix", "pmi2"},
		`printf 'srun: MPI types are...\nsrun: none\nsrun: openmpi\n' >&2`:                                             {"none", "openmpi"},
		`echo 'Welcome to fir'`: nil,
	} {
		got, err := newFakes(t).add("srun", body).client().MPITypes(t.Context())
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%s: got %q, %v; want %q", body, got, err, want)
		}
	}
}

func TestCoordinator(t *testing.T) {
	f := newFakes(t).add("sacctmgr", `printf 'User|Admin|Coord Accounts\nalice|Operator|chem,physics\n'`)
	level, accounts, err := f.client().Coordinator(t.Context())
	if err != nil || level != "Operator" || !slices.Equal(accounts, []string{"chem", "physics"}) {
		t.Errorf("got %q, %q, %v", level, accounts, err)
	}
}

func TestPrograms(t *testing.T) {
	f := newFakes(t).add("sbatch", "").add("srun", "")
	c := NewCommands(CommandsOptions{Environment: []string{"PATH=" + f.dir}})
	if got := c.Programs(); got["sbatch"] != f.dir+"/sbatch" || got["srun"] == "" || got["sacct"] != "" {
		t.Errorf("got %q", got)
	}
}

func FuzzHealth(f *testing.F) {
	for _, text := range []string{"Slurmctld(primary) at ctl is UP\n", "Cluster\nlab\n", "User|Admin|Coord Accounts\nalice|None|\n",
		"MPI plugin types are...\n\tnone\n", "srun: MPI types are...\nsrun: none\n"} {
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	f.Fuzz(func(t *testing.T, text string) {
		if words, err := parsePing(strings.NewReader(text)); err == nil && !strings.HasPrefix(words, "Slurmctld(") {
			t.Errorf("got %q, which is no controller's", words)
		}
		parseClusters(strings.NewReader(text))
		parseCoordinator(strings.NewReader(text))
		types, err := parseMPI(text)
		if err == nil && slices.Contains(types, "") {
			t.Errorf("got %q", types)
		}
	})
}
