package templates

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/configs"
	"hpcsub/strategies"
)

// withTemplates is an example script of a site with templates: name, text, name, text …
func withTemplates(strategy string, pairs ...string) Script {
	s := example(strategy, "24.11.5")
	s.Site.Name = "Hawk"
	for i := 0; i+1 < len(pairs); i += 2 {
		s.Site.Templates = append(s.Site.Templates, configs.Template{Name: pairs[i], Text: pairs[i+1]})
	}
	return s
}

func TestSiteBlocks(t *testing.T) {
	const more = "{{template \"default.setup\" .}}export SITE={{quote .Site.Name}}\n"
	s := withTemplates("packed", "setup", more, "packed.directives", "{{template \"default.directives\" .}}#SBATCH --licenses=x\n")
	got := render(t, s)
	for _, want := range []string{"export OMP_NUM_THREADS=1", "\nexport SITE=Hawk\n", "\n#SBATCH --licenses=x\n", "Of Hawk: packed.directives.tmpl", " setup.tmpl (version "} {
		if !strings.Contains(strings.ReplaceAll(got, "\n# ", " "), want) && !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	// The strategy's own goes before the one for all; another strategy has only that.
	s = withTemplates("array", "setup", more, "packed.setup", "false\n")
	if got := render(t, s); !strings.Contains(got, "SITE=Hawk") || strings.Contains(got, "\nfalse\n") {
		t.Errorf("array: got\n%s", got)
	}
	s.Strategy, s.Request.ArrayTasks = "packed", 1
	if got := render(t, s); strings.Contains(got, "SITE=Hawk") || !strings.Contains(got, "\nfalse\n") {
		t.Errorf("packed: got\n%s", got)
	}
	a, b := render(t, withTemplates("single", "setup", "true\n")), render(t, withTemplates("single", "setup", "false\n"))
	if versionOf(a) == versionOf(b) || versionOf(a) == "" {
		t.Errorf("two texts have version %q and %q", versionOf(a), versionOf(b))
	}
}

func versionOf(script string) string {
	_, rest, _ := strings.Cut(script, "(version ")
	version, _, _ := strings.Cut(rest, ")")
	return version
}

func TestSiteWholeTemplate(t *testing.T) {
	const whole = "#!/bin/bash\n{{template \"default.directives\" .}}\nhpcsub={{quote .Hpcsub}}\nattempt={{quote .Attempt}}\n{{template \"launch\" .}}\n"
	for _, strategy := range strategies.Names() {
		got := render(t, withTemplates(strategy, "job.sh", whole))
		if strings.Contains(got, "OMP_NUM_THREADS") || !strings.Contains(got, " worker run ") {
			t.Errorf("%s: got\n%s", strategy, got)
		}
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	for _, tt := range []struct{ name, block, text, want string }{
		{"no template language", "setup", "{{if}}", "setup.tmpl: line 1: missing value for if"},
		{"an unknown function", "setup", "{{exec \"id\"}}", `function "exec" not defined`},
		{"an unknown field", "setup", "{{.Nothing}}", "the site's template setup.tmpl: line 1: there is no field Nothing here; docs/admin.md lists them"},
		{"no files", "setup", "{{readFile \"/etc/passwd\"}}", `function "readFile" not defined`},
		{"no calls", "setup", "{{call .Site}}", "the site's template setup.tmpl: line 1: call is no function of hpcsub's templates"},
		{"a definition", "setup", "{{define \"x\"}}{{template \"x\" .}}{{end}}{{template \"x\" .}}", "defines templates of its own"},
		{"itself", "setup", "{{template \"setup\" .}}", `hpcsub's own block is "default.setup"`},
		{"each other", "setup", "{{template \"epilogue\" .}}", `there is no template "epilogue" to call here`},
		{"a range over a number", "setup", "{{range 1000000000}}{{end}}", "range goes over one of .Slurm.Options"},
		{"a range over a field that is one", "setup", "{{range .Items}}{{end}}", "range goes over one of .Slurm.Options"},
		{"ranges in ranges", "setup", "{{range .Exclude}}{{range $.Exclude}}{{range $.Exclude}}x{{end}}{{end}}{{end}}", "more than 2 ranges"},
		{"much out of little", "setup", "{{printf \"%999999d\" 1}}", "too long for a script"},
		{"doubling", "setup", "{{$x := \"0123456789\"}}" + strings.Repeat("{{$x = print $x $x}}", 40), "too long for a script"},
		{"doubling by another name", "setup", "{{$x := \"\\\\\"}}" + strings.Repeat("{{$x = js $x}}", 40), "js is no function"},
		{"much", "setup", strings.Repeat("{{printf \"%60000d\" 1}}", 20), "longer than 1024 KiB"},
		{"open quotes", "setup", "echo 'it\n", "bash cannot read the script"},
		{"no names", "directives", "#SBATCH --ntasks=1\n", "there is no line #SBATCH --job-name=fourier"},
		{"a verb that does not fit", "setup", "{{printf \"%d\" .Run}}", "does not fit its values"},
		{"a width that no text has", "setup", "{{printf \"%1000000000d\" 1}}", "does not fit its values"},
		{"a name of its own", "directives", "{{template \"default.directives\" .}}\n#SBATCH --licenses=x --job-na=mine\n", "#SBATCH --licenses=x --job-na=mine goes before what hpcsub knows its jobs by: take it out"},
		{"another log", "setup", "#SBATCH -o /tmp/log\n{{template \"default.setup\" .}}", ""},
		{"another log among the directives", "directives", "#SBATCH -o /tmp/log\n{{template \"default.directives\" .}}", "#SBATCH -o /tmp/log goes before"},
		{"no worker", "launch", "python fit.py\n", "nothing runs the items"},
		{"another shell", "job.sh", "#!/bin/sh\n", `the script begins with "#!/bin/sh"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			_, err := Render(withTemplates("packed", tt.block, tt.text))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	for name, ok := range map[string]bool{"setup": true, "gnu-parallel.launch": true, "job.sh": true, "dask.job.sh": true, "start": false, "fast.setup": false, "packed.": false, "packed": false} {
		err := CheckName(name)
		var of *SiteError
		if (err == nil) != ok || err != nil && !errors.As(err, &of) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What is wrong with a template is told with its file, the line, whom to ask, and all of it in one line; of several that may be the
// cause each is named.
func TestTemplatesThatAreRefusedAreLocated(t *testing.T) {
	s := withTemplates("packed", "setup", "{{template \"default.setup\" .}}\n{{range .Items}}{{end}}\n")
	s.Site.File, s.Site.Contact = "/etc/hpcsub/site.toml", "help@hawk"
	_, err := Render(s)
	var e *SiteError
	if !errors.As(err, &e) || e.Ask != "ask help@hawk" || strings.Contains(err.Error(), "\n") ||
		!strings.HasPrefix(err.Error(), "the site's template /etc/hpcsub/templates/setup.tmpl: line 2: range goes over one of ") ||
		!strings.HasSuffix(err.Error(), "not over .Items; the line reads: {{range .Items}}{{end}}") {
		t.Errorf("got %v", err)
	}
	s.Site.Templates[0].Text = "{{if .Run}}{{range .Items}}{{end}}{{else}}{{range .Run}}{{end}}{{end}}"
	if _, err := Render(s); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "not over .Items; line 1: range") {
		t.Errorf("two faults: got %v", err)
	}
	for range 5 { // a map has no order
		_, err := Render(withTemplates("packed", "epilogue", "true\n", "setup", "{{template \"default.setup\" .}}\nif true; then\n"))
		if err == nil || !strings.Contains(err.Error(), "template setup.tmpl: bash cannot read the script with it, epilogue.tmpl: `if` statement must end with `fi`, where line ") ||
			!strings.HasSuffix(err.Error(), " of the script reads: if true; then") {
			t.Fatalf("got %v", err)
		}
	}
	_, err = RenderStandalone(Standalone{Script: withTemplates("packed", "setup", "if true; then\n"), List: "/j/list"})
	if err == nil || !strings.Contains(err.Error(), "bash cannot read the script with it") {
		t.Errorf("a script that runs without hpcsub: got %v", err)
	}
}

// An epilogue runs after the work, keeps its exit code, and a signal reaches the work first.
func TestEpilogueRuns(t *testing.T) {
	for _, tt := range []struct {
		name, worker string
		signal       bool
		want         string
		code         int
	}{
		{"done", "exit 0", false, "after\n", 0},
		{"failed", "exit 3", false, "after\n", 3},
		{"ended", "trap 'echo told; exit 5' TERM; echo up; sleep 30 >/dev/null & wait", true, "up\ntold\nafter\n", 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := withTemplates("single", "epilogue", "echo after\n")
			s.Hpcsub, s.Dir, s.Attempt = filepath.Join(dir, "hpcsub"), dir, dir
			script := filepath.Join(dir, "job.sh")
			for path, text := range map[string]string{s.Hpcsub: "#!/bin/bash\n" + tt.worker + "\n", script: render(t, s)} {
				if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("bash", script)
			var out strings.Builder
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 100)
			for {
				n, err := pipe.Read(buf)
				out.Write(buf[:n])
				if tt.signal && out.String() == "up\n" {
					cmd.Process.Signal(syscall.SIGTERM)
				}
				if err != nil {
					break
				}
			}
			cmd.Wait()
			if out.String() != tt.want || cmd.ProcessState.ExitCode() != tt.code {
				t.Errorf("got %q and exit code %d, want %q and %d", out.String(), cmd.ProcessState.ExitCode(), tt.want, tt.code)
			}
		})
	}
}

// FuzzTemplate: whatever a site's template holds, there is an error or a script that bash can read.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"export A={{quote .Dir}}\n", "{{template \"default.setup\" .}}", "{{range .Exclude}}{{.}}{{end}}", "{{$x := 1}}{{printf \"%d\" $x}}", "{{define \"a\"}}{{end}}", "echo '"} {
		f.Add(text)
	}
	s := withTemplates("packed", "setup", "")
	f.Fuzz(func(t *testing.T, text string) {
		s.Site.Templates[0].Text = text
		script, err := Render(s)
		if err == nil && (len(script) > maxScript+1 || !strings.Contains(script, " worker run ")) {
			t.Errorf("%q gives a script of %d bytes", text, len(script))
		}
	})
}

// Every field that a template sees, and every function, is in the administrator's guide.
func TestTemplatesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(text)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[view]()) {
		if f.Name != "Script" && !strings.Contains(guide, "`."+f.Name+"`") {
			t.Errorf(".%s is not documented", f.Name)
		}
	}
	for _, of := range []reflect.Type{reflect.TypeFor[strategies.Request](), reflect.TypeFor[strategies.Layout](), reflect.TypeFor[configs.SlurmKeys](), reflect.TypeFor[configs.Environment](), reflect.TypeFor[configs.Rules]()} {
		for _, f := range reflect.VisibleFields(of) {
			if !strings.Contains(guide, "."+f.Name) {
				t.Errorf("%s.%s is not documented", of.Name(), f.Name)
			}
		}
		if of.NumMethod() > 0 && of != reflect.TypeFor[configs.Rules]() {
			t.Errorf("templates can call methods of %s", of.Name())
		}
	}
	for name := range functions() {
		if !strings.Contains(guide, "`"+name+" ") {
			t.Errorf("the function %s is not documented", name)
		}
	}
}
