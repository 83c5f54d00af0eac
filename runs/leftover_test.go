package runs

import (
	"os"
	"slices"
	"testing"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/slurm"
)

// A job that Slurm shows as running is left over only where the life that it shows has told its end, long ago.
func TestLeftOver(t *testing.T) {
	const hour = time.Hour
	two := []slurm.Job{{ID: "7_0", TaskID: 0, State: "RUNNING"}, {ID: "7_1", TaskID: 1, State: "RUNNING"}}
	for _, c := range []struct {
		name  string
		ended [2]bool          // the workers of the two parts wrote their end records
		ago   [2]time.Duration // when they last wrote
		jobs  []slurm.Job
		want  []string
	}{
		{"both tasks", [2]bool{true, true}, [2]time.Duration{hour, hour}, two, []string{"7_0", "7_1"}},
		{"that task alone whose worker has ended", [2]bool{true, false}, [2]time.Duration{hour, hour}, two, []string{"7_0"}},
		{"a moment ago", [2]bool{true, true}, [2]time.Duration{time.Minute, hour}, two, []string{"7_1"}},
		{"requeued: the later life has told nothing", [2]bool{true, true}, [2]time.Duration{hour, hour},
			[]slurm.Job{{ID: "7_0", TaskID: 0, State: "RUNNING", Restarts: 1}}, nil},
		{"waiting, or about to end", [2]bool{true, true}, [2]time.Duration{hour, hour},
			[]slurm.Job{{ID: "7_0", TaskID: 0, State: "PENDING"}, {ID: "7_1", TaskID: 1, State: "COMPLETING"}}, nil},
		{"a task that Slurm does not name", [2]bool{true, true}, [2]time.Duration{hour, hour}, []slurm.Job{{ID: "7", TaskID: -1, State: "RUNNING"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := made(t, t.TempDir(), 2, 2)
			v, a := leftView(t, r, c.ended, c.ago)
			for _, j := range c.jobs {
				j.ArrayID, j.Name = "7", a.Submissions[0].Name
				v.jobs = append(v.jobs, j)
			}
			if got := v.leftOver(time.Now()); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// A job over nodes has ended when the workers of all its nodes have.
func TestLeftOverOfNodes(t *testing.T) {
	for _, second := range []bool{true, false} {
		v, a := leftView(t, made(t, t.TempDir(), 2, 2), [2]bool{true, second}, [2]time.Duration{time.Hour, time.Hour})
		a.Request.ArrayTasks = 0
		v.jobs = []slurm.Job{{ID: "7", ArrayID: "7", TaskID: -1, Name: a.Submissions[0].Name, State: "RUNNING"}}
		if got := v.leftOver(time.Now()); (len(got) == 1) != second {
			t.Errorf("the second node's worker has ended: %v; got %v", second, got)
		}
	}
}

// What a site's epilogue does after the work leaves no record.
func TestLeftOverWithEpilogue(t *testing.T) {
	for name, want := range map[string]int{"packed.setup": 1, "packed.epilogue": 0, "job.sh": 0} {
		v, a := leftView(t, made(t, t.TempDir(), 2, 2), [2]bool{true, true}, [2]time.Duration{time.Hour, time.Hour})
		in, err := a.Planned()
		if err != nil {
			t.Fatal(err)
		}
		in.Site.Templates = []configs.Template{{Name: name}}
		if err := writeJSON(a.dir.Plan(), map[string]any{"input": in}); err != nil {
			t.Fatal(err)
		}
		v.jobs = []slurm.Job{{ID: "7_0", ArrayID: "7", Name: a.Submissions[0].Name, State: "RUNNING"}}
		if got := v.leftOver(time.Now()); len(got) != want {
			t.Errorf("with %s: got %v, want %d", name, got, want)
		}
	}
}

// leftView is a look at a run of two parts with an item each.
func leftView(t *testing.T, r *Run, ended [2]bool, ago [2]time.Duration) (*view, *Attempt) {
	t.Helper()
	for part := range ended {
		path := r.dir.Attempt(1).Results(part, 0)
		write(t, path, ended[part], record(part, items.Done, 1000))
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-ago[part])); err != nil {
			t.Fatal(err)
		}
	}
	v, err := r.look(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v, v.active[0]
}
