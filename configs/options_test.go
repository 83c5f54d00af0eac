package configs

import (
	"strings"
	"testing"
)

// Every option that hpcsub sets is refused, in whatever way sbatch would take it.
func TestTakenOptions(t *testing.T) {
	for _, o := range takenOptions {
		forms := []string{"--" + o.long, "--" + o.long + "=5", "--" + o.long + " 5", "--" + o.long + "=gpu"}
		if o.short != 0 {
			forms = append(forms, "-"+string(o.short), "-"+string(o.short)+"5", "-"+string(o.short)+" 5", "-H"+string(o.short)+"5")
		}
		for _, form := range forms {
			if err := checkOption(form); err == nil {
				t.Errorf("%q is taken, and was let through", form)
			}
		}
		if o.use == "" && o.key == "" {
			t.Errorf("--%s: says nothing that serves instead", o.long)
		}
	}
}

func TestOptionsLetThrough(t *testing.T) {
	for _, option := range []string{
		"--mail-type=END", "--mail-user=me@example.org", "--nice=5", "--nice", "-H", "--hold", "-wnode1", "--nodelist=node[1-4]", "--exclude=node5", "-x", "-xnode5",
		"--dependency=afterok:123", "-dafterok:123", "--begin=now+1hour", "--licenses=matlab:1", "-Lmatlab", "--gres=scratch:10", "--hint=nomultithread",
		"--wckey=x", "--mem-bind=local", "--wait-all-nodes=1", "--gpu-bind=none", "--tmp=10G", "--switches=1", "--profile=all", "-k", "--threads-per-core=1",
	} {
		if err := checkOption(option); err != nil {
			t.Errorf("%q: %v", option, err)
		}
	}
}

// The sample of names in DESIGN and in sbatch's own manual that must never reach a script twice.
func TestOptionPrefixes(t *testing.T) {
	for option, named := range map[string]string{
		"--arr=1": "--array", "--jo=x": "--job-name", "--open=append": "--open-mode", "--req": "--requeue", "--part=x": "--partition",
		"--cpus-per-t=4": "--cpus-per-task", "--mem-per=1": "--mem-per-cpu", "--gres=gpu:2": "--gres=gpu", "--gres shard:gpu": "--gres=gpu",
	} {
		err := checkOption(option)
		if err == nil || !strings.HasPrefix(err.Error(), named+" ") {
			t.Errorf("%q: got %v, want a refusal of %s", option, err, named)
		}
	}
}

func TestUnfitForDirective(t *testing.T) {
	for text, fit := range map[string]bool{
		"compute": true, "[rack1|rack2]*2&x": true, "a,b": true, "é": true, "a b": false, "a\tb": false, "a#b": false, `a"b`: false, "a'b": false, `a\b`: false,
		"a\nb": false, "a\x01": false, "a\u2028b": false, "a\u202eb": false,
	} {
		if got := unfitForDirective(text) == ""; got != fit {
			t.Errorf("%q: fit %v, want %v", text, got, fit)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"time", "memory", "cpus", "gpus", "parallel", "timeout", "outputs"}
	for name, want := range map[string]string{
		"tiem": "time", "mem": "memory", "cpu": "cpus", "timeuot": "timeout", "paralel": "parallel", "x": "", "": "", "colour": "", "time_out": "timeout",
	} {
		if got := nearest(name, words); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"form", "from", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// An alias that names no key, or a key itself, would be a wrong hint.
func TestAliases(t *testing.T) {
	r := &reader{job: &Job{}}
	v, site := newVocabulary(r.keys()), newVocabulary((&Site{}).keys())
	for name, path := range aliases {
		if !v.has(path) && !site.has(path) {
			t.Errorf("%s stands for %s, which is no key", name, path)
		}
		if v.names[name] != nil || name != normal(name) {
			t.Errorf("%s is a key itself, or not written as keys are", name)
		}
	}
	for name, path := range tableAliases {
		if _, isKey := v.byPath[path]; path != "" && !v.isTable(path) && !isKey {
			t.Errorf("[%s] stands for [%s], which is no table", name, path)
		}
	}
}
