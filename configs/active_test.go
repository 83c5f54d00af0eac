package configs

import (
	"reflect"
	"testing"
)

func shell(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestActiveEnvironment(t *testing.T) {
	for _, c := range []struct {
		name  string
		shell map[string]string
		want  Environment
		hint  string
	}{
		{"nothing", nil, Environment{}, ""},
		{"venv", map[string]string{"VIRTUAL_ENV": "/home/me/.venv"}, Environment{Venv: "/home/me/.venv"},
			"[environment]\nvenv = \"/home/me/.venv\""},
		{"conda", map[string]string{"CONDA_PREFIX": "/opt/conda/envs/ml", "CONDA_DEFAULT_ENV": "ml"}, Environment{Conda: "/opt/conda/envs/ml"},
			"[environment]\nconda = \"/opt/conda/envs/ml\""},
		{"conda's base", map[string]string{"CONDA_PREFIX": "/opt/conda", "CONDA_DEFAULT_ENV": "base"}, Environment{Conda: "/opt/conda"},
			"[environment]\nconda = \"/opt/conda\""},
		{"modules", map[string]string{"LOADEDMODULES": "gcc/12:python/3.11"}, Environment{Modules: []string{"gcc/12", "python/3.11"}},
			"[environment]\nmodules = [\"gcc/12\", \"python/3.11\"]"},
		{"modules under a venv", map[string]string{"LOADEDMODULES": "python/3.11", "VIRTUAL_ENV": "/v"}, Environment{Modules: []string{"python/3.11"}, Venv: "/v"},
			"[environment]\nmodules = [\"python/3.11\"]\nvenv = \"/v\""},
		{"a venv over conda's base", map[string]string{"VIRTUAL_ENV": "/v", "CONDA_PREFIX": "/c", "PATH": "/v/bin:/c/bin:/bin"}, Environment{Venv: "/v"},
			"[environment]\nvenv = \"/v\""},
		{"conda over a venv", map[string]string{"VIRTUAL_ENV": "/v", "CONDA_PREFIX": "/c", "PATH": "/c/bin:/v/bin:/bin"}, Environment{Conda: "/c"},
			"[environment]\nconda = \"/c\""},
		{"hostile", map[string]string{"VIRTUAL_ENV": "/a\nb", "CONDA_PREFIX": "relative", "LOADEDMODULES": ":a b::x#:"}, Environment{}, ""},
		{"quotes in a path", map[string]string{"VIRTUAL_ENV": `/a "b"/c's`}, Environment{Venv: `/a "b"/c's`},
			`[environment]` + "\n" + `venv = "/a \"b\"/c's"`},
	} {
		got, hint := ActiveEnvironment(shell(c.shell))
		if !reflect.DeepEqual(got, c.want) || hint != c.hint {
			t.Errorf("%s: got %+v with hint %q, want %+v with %q", c.name, got, hint, c.want, c.hint)
		}
		if hint == "" {
			continue
		}
		// The hint must be what it says: lines of a job.toml that mean the same.
		job, err := ParseJob("job.toml", []byte("command = 'echo'\n"+hint+"\n"))
		if err != nil || !reflect.DeepEqual(job.Environment, c.want) {
			t.Errorf("%s: the hint reads back as %+v, %v", c.name, job, err)
		}
	}
}

func TestAdoptEnvironment(t *testing.T) {
	active := shell(map[string]string{"VIRTUAL_ENV": "/home/me/job/.venv", "LOADEDMODULES": "gcc/12"})
	for _, c := range []struct {
		name, text string
		want       Environment
		hint       string
	}{
		{"nothing said", "", Environment{Modules: []string{"gcc/12"}, Venv: ".venv"}, "[environment]\nmodules = [\"gcc/12\"]\nvenv = \".venv\""},
		{"setup alone", "[environment]\nsetup = 'a'", Environment{Modules: []string{"gcc/12"}, Venv: ".venv", Setup: "a"},
			"# below [environment] on line 2\nmodules = [\"gcc/12\"]\nvenv = \".venv\""},
		{"conda said", "[environment]\nconda = 'ml'", Environment{Conda: "ml"}, ""},
		{"none said", "[environment]\nmodules = []", Environment{Modules: []string{}}, ""},
		{"an empty venv said", "[environment]\nvenv = ''", Environment{}, ""},
	} {
		job, err := ParseJob("/home/me/job/job.toml", []byte("command = 'echo'\n"+c.text))
		if err != nil {
			t.Fatal(err)
		}
		if hint := job.AdoptEnvironment(active); hint != c.hint || !reflect.DeepEqual(job.Environment, c.want) {
			t.Errorf("%s: got %+v with hint %q, want %+v with %q", c.name, job.Environment, hint, c.want, c.hint)
		}
	}
}
