package main

import (
	"strings"
	"testing"

	"hpcsub/slurm"
)

func TestDoctorWarnsOfLimitsThatAreNear(t *testing.T) {
	tres := func(n int) map[string]int { return map[string]int{"cpu": n} }
	for _, tt := range []struct {
		name string
		use  slurm.Use
		want string
	}{
		{"far", slurm.Use{MaxTRES: tres(16), TRES: tres(12), GroupMaxWallS: most(600), GroupWallS: 60}, ""},
		{"none at all", slurm.Use{MaxTRES: tres(0), TRES: tres(0)}, ""},
		{"submitted", slurm.Use{MaxSubmitJobs: most(10), SubmittedJobs: 9}, "QOS q: 9 of 10 jobs submitted by you (MaxSubmitJobs)"},
		{"CPUs of the user", slurm.Use{MaxTRES: tres(16), TRES: tres(15)}, "QOS q: 15 of 16 CPUs in use by you (MaxTRES)"},
		{"CPUs of everybody", slurm.Use{GroupMaxTRES: tres(16), GroupTRES: tres(16)}, "QOS q: 16 of 16 CPUs in use by everybody (GrpTRES)"},
		{"ahead", slurm.Use{GroupMaxTRESRunMinutes: tres(1000), GroupTRESRunMinutes: tres(950)}, "QOS q: 950 of 1,000 CPU-minutes ahead of what runs (GrpTRESRunMins)"},
		{"a budget", slurm.Use{GroupMaxTRESMinutes: tres(1000), GroupTRESMinutes: tres(1200)}, "QOS q: 1,200 of 1,000 CPU-minutes are spent (GrpTRESMins)"},
		{"time", slurm.Use{GroupMaxWallS: most(3600), GroupWallS: 3540}, "QOS q: 59 min of 1 h are spent (GrpWall)"},
	} {
		var d doctor
		d.near("limits", "QOS q", tt.use)
		var got []string
		for _, f := range d.findings {
			if got = append(got, f.Text); f.State != warning || f.Do == "" {
				t.Errorf("%s: got %+v, want a warning that says what to do", tt.name, f)
			}
		}
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDoctorSaysWhatToDoAboutTheUnknown(t *testing.T) {
	for what, want := range map[string]string{
		"planned starts of other users' jobs: hidden by PrivateData=jobs":               "the administrators have hidden it",
		"planned starts of waiting jobs: slurmrestd does not tell":                      "--client commands",
		"limits of QOS fast: the controller does not show it; --fresh asks again":       "tell the administrators",
		"accounts, QOS and their limits: this Slurm keeps no accounting":                "nothing",
		"licences: reading the output of scontrol -o show licenses: it printed nothing": "--fresh asks again",
	} {
		if got := mendUnknown(what); !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", what, got, want)
		}
	}
}

func TestDoctorSaysOnceWhatMendsSeveral(t *testing.T) {
	var d doctor
	d.warn("Slurm", "ask the commands", "not known: one")
	d.warn("Slurm", "ask the commands", "not known: two")
	d.warn("Slurm", "wait", "busy")
	d.warn("folder", "wait", "full")
	want := "Slurm\n  warning  not known: one\n  warning  not known: two\n           → ask the commands\n  warning  busy\n           → wait\n\n" +
		"folder\n  warning  full\n           → wait\n"
	if got := d.text(100); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
