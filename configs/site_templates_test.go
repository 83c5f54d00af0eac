package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// siteFolder is a folder with a site.toml, and these files below it, each with its mode.
func siteFolder(t *testing.T, text string, files map[string]os.FileMode) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "site.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, mode := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("# "+name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
	}
	return path
}

// TestSiteTemplates: the templates are those beside the file itself, whatever link leads to it.
func TestSiteTemplates(t *testing.T) {
	path := siteFolder(t, "", map[string]os.FileMode{"templates/setup.tmpl": 0o644, "templates/packed.launch.tmpl": 0o600, "templates/README": 0o666, "templates/setup.tmpl.bak": 0o644})
	link := filepath.Join(t.TempDir(), "linked.toml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} {
		site, err := ReadSite(p)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, x := range site.Templates {
			got[x.Name] = x.Text
		}
		if len(got) != 2 || got["setup"] != "# templates/setup.tmpl" || got["packed.launch"] != "# templates/packed.launch.tmpl" {
			t.Errorf("%s: got %q", p, got)
		}
	}
	// Emacs keeps such a link while somebody writes the file.
	if err := os.Symlink("root@login.1234", filepath.Join(filepath.Dir(path), "templates", ".#setup.tmpl")); err != nil {
		t.Fatal(err)
	}
	if site, err := ReadSite(path); err != nil || len(site.Templates) != 2 {
		t.Errorf("while one is written: got %+v, %v", site, err)
	}
	if site, err := ReadSite(siteFolder(t, "", nil)); err != nil || len(site.Templates) > 0 {
		t.Errorf("without the folder: got %+v, %v", site, err)
	}
}

// TestSiteTemplatesAreRefused: they end in everybody's scripts, so that nobody else may be able to write them.
func TestSiteTemplatesAreRefused(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(dir string) error
		want  string
	}{
		{"the group may write one", func(dir string) error { return os.Chmod(dir+"/setup.tmpl", 0o664) }, "setup.tmpl: others than its owner may change the file"},
		{"everybody may add one", func(dir string) error { return os.Chmod(dir, 0o777) }, "templates: others than its owner may change"},
		{"a folder", func(dir string) error { return os.Mkdir(dir+"/launch.tmpl", 0o755) }, "launch.tmpl: is no file"},
		{"no folder", func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o644))
		}, "templates: looking for templates in it: not a directory"},
		{"a link that leads nowhere", func(dir string) error { return os.Symlink("/none", dir+"/launch.tmpl") }, "launch.tmpl: reading it: no such file or directory"},
		{"too long", func(dir string) error {
			return os.WriteFile(dir+"/launch.tmpl", []byte(strings.Repeat("x", maxTemplate+1)), 0o644)
		}, "launch.tmpl: is longer than 64 KiB"},
		{"too many", func(dir string) error {
			for i := range maxTemplates {
				if err := os.WriteFile(dir+"/"+strings.Repeat("x", i+1)+".tmpl", nil, 0o644); err != nil {
					return err
				}
			}
			return nil
		}, "there are more than 64 templates: take some out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := siteFolder(t, "", map[string]os.FileMode{"templates/setup.tmpl": 0o644})
			if err := test.spoil(filepath.Join(filepath.Dir(path), "templates")); err != nil {
				t.Fatal(err)
			}
			_, err := ReadSite(path)
			var all Errors
			if !errors.As(err, &all) || len(all) != 1 || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestUserSite: the user's own file is where other programs keep theirs.
func TestUserSite(t *testing.T) {
	for _, test := range []struct{ xdg, home, want string }{
		{"", "/home/alice", "/home/alice/.config/hpcsub/site.toml"},
		{"/conf", "/home/alice", "/conf/hpcsub/site.toml"},
		{"conf", "/home/alice", "/home/alice/.config/hpcsub/site.toml"}, // the specification has it ignored
		{"", "", ""},
	} {
		env := map[string]string{"XDG_CONFIG_HOME": test.xdg, "HOME": test.home}
		if got := UserSite(func(name string) string { return env[name] }); got != test.want {
			t.Errorf("%+v: got %q", test, got)
		}
	}
}

// TestSiteValues: what hpcsub site show prints is as the file has it, so that it can be copied there.
func TestSiteValues(t *testing.T) {
	text := `name = "Ha\"wk"
timeout = "2h"
[limits]
cpu_hours = 1.5
failures = 0
[environment]
modules = ["a/1", "b"]
variables = { A = "x y", B = "1" }
[costs]
stop_s = [1, 2.5, 3]
[partitions."de bug"]
purpose = "tests"
named_only = true
`
	site, err := ParseSite("site.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range site.Values(nil) {
		if v.Origin.Layer == LayerSite {
			got[v.Key] = v.Text
		}
	}
	for key, want := range map[string]string{
		"name": `'Ha"wk'`, "timeout": `"2h"`, "limits.cpu_hours": "1.5", "limits.failures": "0", "environment.modules": `["a/1", "b"]`,
		"environment.variables": `{ A = "x y", B = "1" }`, "costs.stop_s": "[1, 2.5, 3]", "partitions": `"de bug" = { purpose = "tests", named_only = true }`,
	} {
		if got[key] != want && got[key] != "{ "+want+" }" {
			t.Errorf("%s: got %s, want %s", key, got[key], want)
		}
	}
}
