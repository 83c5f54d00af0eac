package configs

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"hpcsub/items"
)

// FuzzReadJob: whatever a file holds, it is a job or problems of one line each.
func FuzzReadJob(f *testing.F) {
	files, _ := filepath.Glob("testdata/errors/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range archive.Files {
			text, _, _ := strings.Cut(string(c.Data), "==\n")
			f.Add([]byte(text))
		}
	}
	full, err := os.ReadFile("testdata/full.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(Init()))
	f.Add([]byte(strings.Repeat("a.", 1<<12) + "b = 1")) // took ten seconds
	f.Fuzz(func(t *testing.T, text []byte) {
		job, err := ParseJob("job.toml", text)
		if err == nil {
			checkJob(t, job)
			return
		}
		var list Errors
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("%T %v is no list of problems", err, err)
		}
		for _, one := range list {
			if line := one.Error(); strings.ContainsAny(line, "\n\r") || !strings.HasPrefix(line, "job.toml: ") {
				t.Errorf("not one line that begins with the file: %q", line)
			}
		}
		if lines := strings.Count(err.Error(), "\n") + 1; lines > maxShown {
			t.Errorf("%d lines", lines)
		}
	})
}

// checkJob holds what later steps rely on.
func checkJob(t *testing.T, job *Job) {
	ways := 0
	for _, given := range []bool{len(job.Work.Command) > 0, job.Work.Shell != "", job.Work.Function != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		t.Errorf("want one of command %q, shell %q and function %q", job.Work.Command, job.Work.Shell, job.Work.Function)
	}
	if !safeName.MatchString(job.Name) {
		t.Errorf("unsafe name %q", job.Name)
	}
	for _, option := range append(job.Slurm.Options, job.Slurm.Account, job.Slurm.Partition, job.Slurm.QOS, job.Slurm.Reservation, job.Slurm.Constraint) {
		if strings.ContainsAny(option, " \n\r\"'\\#\x00") {
			t.Errorf("%q would break a #SBATCH line", option)
		}
	}
	if job.Each.Time < 0 || job.Each.MemoryMiB < 0 || job.Each.CPUs < 0 || job.Limits.CPUHours < 0 {
		t.Errorf("below nothing: %+v %+v", job.Each, job.Limits)
	}
}

// FuzzInitLines: a command that can be written reads back to the same argument list.
func FuzzInitLines(f *testing.F) {
	for _, word := range hostile {
		f.Add("run "+word, "n="+word)
		f.Add("run "+shellQuote(word), word+"=1:2")
	}
	f.Fuzz(func(t *testing.T, command, over string) {
		if _, err := items.ParseCommand(command); err == nil && utf8.ValidString(command) && !strings.ContainsRune(command, 0) {
			checkRoundTrip(t, command)
		}
		text, err := InitLines("run", []string{over})
		if err != nil {
			return
		}
		job, err := ParseJob("job.toml", []byte(text))
		if err != nil {
			t.Fatalf("--over %q writes\n%s\nwhich is refused: %v", over, text, err)
		}
		if !reflect.DeepEqual(job.Work.Command, []string{"run"}) || len(job.Work.Sweep)+len(job.Work.File) == 0 {
			t.Errorf("--over %q: got %+v", over, job.Work)
		}
	})
}

// FuzzParseDuration: what is read is within bounds, and what a message suggests is read.
func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{"42s", "10m", "2h30m", "1-12:00:00", "10:00", "1:30:00", "2d", "90 min", "1e9h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err == nil && (d <= 0 || d > maxDuration) {
			t.Errorf("%q: %v", text, d)
		}
		if mib, err := ParseMiB(text); err == nil && (mib <= 0 || mib > maxMiB) {
			t.Errorf("%q: %d MiB", text, mib)
		}
	})
}
