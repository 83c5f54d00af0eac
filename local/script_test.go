package local

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadScript(t *testing.T) {
	tests := []struct {
		name, text  string
		interpreter string
		options     []string
		err         string
	}{
		{"plain", "#!/bin/bash\n#SBATCH --time=1 --mem=2G\n#SBATCH -n 3\necho\n#SBATCH --late\n", "/bin/bash", []string{"--time=1", "--mem=2G", "-n", "3"}, ""},
		{"comments and empty lines between", "#!/bin/sh -e\n\n# x\n  \t\n#SBATCH -n1\n", "/bin/sh|-e", []string{"-n1"}, ""},
		{"env takes one argument", "#! /usr/bin/env  bash -x \n", "/usr/bin/env|bash -x", nil, ""},
		{"indented is a comment", "#!/bin/sh\n #SBATCH -n1\n##SBATCH -n2\n# SBATCH -n3", "/bin/sh", nil, ""},
		{"without a space", "#!/bin/sh\n#SBATCH-n1\n", "/bin/sh", []string{"-n1"}, ""},
		{"no last newline", "#!/bin/sh\n#SBATCH -n1", "/bin/sh", []string{"-n1"}, ""},
		{"quotes", "#!/bin/sh\n#SBATCH --comment=\"a 'b' c\" -J'x y'z\n", "/bin/sh", []string{"--comment=a 'b' c", "-Jx yz"}, ""},
		{"backslashes", `#!/bin/sh` + "\n" + `#SBATCH a\ b 'c\'d' "e\"f" \#g \\`, "/bin/sh", []string{"a", "b", "c'd", `e"f`, "#g", `\`}, ""}, // sbatch ends a word at a space that a backslash precedes
		{"a number sign in quotes", "#!/bin/sh\n#SBATCH '--comment=#1' b#c d\n", "/bin/sh", []string{"--comment=#1", "b"}, ""},
		{"an empty word ends the line", "#!/bin/sh\n#SBATCH a \"\" b\n#SBATCH c\n", "/bin/sh", []string{"a", "c"}, ""},
		{"non-ASCII", "#!/bin/sh\n#SBATCH --comment=größe\n", "/bin/sh", []string{"--comment=größe"}, ""},
		{"empty", "", "", nil, "this does not look like a batch script"},
		{"no interpreter", "#!\necho", "", nil, "this does not look like a batch script"},
		{"open quote", "#!/bin/sh\n\n#SBATCH \"a\n", "", nil, "line 3: unmatched `\"` in \"#SBATCH \\\"a\""},
		{"DOS", "#!/bin/sh\r\n", "", nil, "DOS line breaks"},
		{"binary", "#!/bin/sh\n\x00", "", nil, "NUL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readScript([]byte(test.text))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil || strings.Join(got.interpreter, "|") != test.interpreter || !slices.Equal(got.options, test.options) {
				t.Errorf("got %q %q, %v, want %q %q", got.interpreter, got.options, err, test.interpreter, test.options)
			}
		})
	}
}

func TestParseRequest(t *testing.T) {
	tests := []struct {
		words string // separated by |
		want  request
		err   string
	}{
		{"", request{}, ""},
		{"--job-name=a|--comment|b|--output=o|-e|f|-Dd", request{Name: "a", Comment: "b", Output: "o", Error: "f", Chdir: "d"}, ""},
		{"--array=0-3%2|--time=1:30|--mem=2G|-c4|-n|3|-N1|--open-mode=append|--exclusive", request{Array: "0-3%2", TimeLimit: 90 * time.Second, MemoryMiB: 2048, CPUsPerTask: 4, Tasks: 3, Append: true, Exclusive: true}, ""},
		{"--partition=p|--mail-type|END|-A|acct|--requeue|--export=NONE|--no-such|word|-n2", request{Tasks: 2}, ""},
		{"--name-of-nothing=--array=1", request{}, ""},
		{"-n1|-n2|--mem=5|--mem=0", request{Tasks: 2, AllMemory: true}, ""},
		{"--time=UNLIMITED|--nodes=1-3", request{}, ""},
		{"--comment=a=b", request{Comment: "a=b"}, ""},
		{"--exclusive=user", request{}, ""},
		{"--ntasks=0", request{}, `invalid --ntasks specification "0": want a number from 1`},
		{"--cpus-per-task=x", request{}, `invalid --cpus-per-task specification "x"`},
		{"--nodes=2", request{}, "is one node, 2 were asked for"},
		{"--time=soon", request{}, `invalid --time specification`},
		{"--mem=much", request{}, `invalid --mem specification`},
		{"--open-mode=w", request{}, `invalid --open-mode specification "w"`},
		{"--array=3-1", request{}, "invalid job array specification"},
		{"--output", request{}, "option --output requires an argument"},
	}
	for _, test := range tests {
		t.Run(test.words, func(t *testing.T) {
			got, err := parseRequest(strings.FieldsFunc(test.words, func(r rune) bool { return r == '|' }))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestParseIndices(t *testing.T) {
	tests := []struct {
		text     string
		want     string
		throttle int
		ok       bool
	}{
		{"0-3", "[0 1 2 3]", 0, true},
		{"7", "[7]", 0, true},
		{"1,3,7%2", "[1 3 7]", 2, true},
		{"0-10:4", "[0 4 8]", 0, true},
		{"5,1-3,2", "[1 2 3 5]", 0, true},
		{"0-3,8", "[0 1 2 3 8]", 0, true},
		{"0-1%0", "[0 1]", 0, true},
		{fmt.Sprint(maxArraySize - 1), fmt.Sprint([]int{maxArraySize - 1}), 0, true},
		{fmt.Sprint(maxArraySize), "", 0, false},
		{"", "", 0, false},
		{"3-1", "", 0, false},
		{"1-", "", 0, false},
		{"-1", "", 0, false},
		{"1:2", "", 0, false},
		{"0-4:0", "", 0, false},
		{"1,,2", "", 0, false},
		{"0-3%", "", 0, false},
		{"0-3%-1", "", 0, false},
		{"+1", "", 0, false},
	}
	for _, test := range tests {
		got, throttle, err := parseIndices(test.text)
		if (err == nil) != test.ok || test.ok && (fmt.Sprint(got) != test.want || throttle != test.throttle) {
			t.Errorf("%q: got %v %d, %v, want %s %d", test.text, got, throttle, err, test.want, test.throttle)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("%q", test.text)) {
			t.Errorf("%q: the error does not name it: %v", test.text, err)
		}
	}
}

func TestExpandOutput(t *testing.T) {
	array := names{id: 12, raw: 15, task: 3, job: "fourier", user: "ann", host: "n1", dir: "/work"}
	plain := array
	plain.task, plain.raw = -1, 12
	tests := []struct {
		pattern string
		names   names
		want    string
	}{
		{"%A_%a.log", array, "/work/12_3.log"},
		{"/logs/%x-%j-%u@%N", array, "/logs/fourier-15-ann@n1"},
		{"%4a %02A %1A", array, "/work/0003 12 12"},
		{"%%a %q % %", array, "/work/%a %q % %"},
		{"%a.%t", plain, "/work/4294967294.0"},
		{`a\%j`, array, "/work/a%j"},
		{"../x", array, "/x"},
		{"%", array, "/work/%"},
		{"%9", array, "/work/%9"},
	}
	for _, test := range tests {
		if got := test.names.expand(test.pattern); got != test.want {
			t.Errorf("%q: got %q, want %q", test.pattern, got, test.want)
		}
	}
	r := request{}
	if out, _ := r.files(array); out != "/work/slurm-12_3.out" {
		t.Errorf("default of an array: %s", out)
	}
	if out, err := r.files(plain); out != "/work/slurm-12.out" || err != out {
		t.Errorf("default: %s %s", out, err)
	}
}

// FuzzReadScript looks for a script that makes the reader fail in another way than by an error, or
// that asks for what cannot be given.
func FuzzReadScript(f *testing.F) {
	f.Add("#!/bin/bash\n#SBATCH --array=0-99%5 --time=1-0:0 --mem=2G\n#SBATCH -c 4 -n2 --comment='a b'\ntrue\n")
	f.Add("#!/bin/sh\n#SBATCH --time=999999:0:0 --mem=99999999T --ntasks=99999 --cpus-per-task=99999\n")
	f.Add("#!/bin/sh\n#SBATCH \\")
	f.Add("#!/bin/sh\n#SBATCH --gres=gpu:a100:2,shard:1 -G2 --gpus-per-node=h100\n")
	total := share{cpus: 4, memoryMiB: 1000}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return // long lists of long spans are slow, not wrong
		}
		s, err := readScript([]byte(text))
		if err != nil {
			return
		}
		if len(s.interpreter) == 0 || s.interpreter[0] == "" || slices.Contains(s.options, "") {
			t.Errorf("%q: %+v", text, s)
		}
		r, err := parseRequest(s.options)
		if err != nil {
			return
		}
		if n := r.need(total); n.cpus < 1 || n.cpus > total.cpus || n.memoryMiB < 0 || n.memoryMiB > total.memoryMiB {
			t.Errorf("%q: a task needs %+v of %+v", text, n, total)
		}
		tasks, throttle := r.tasks()
		if len(tasks) == 0 || !slices.IsSorted(tasks) || throttle < 0 || r.TimeLimit < 0 || r.GPUs < 0 {
			t.Errorf("%q: %d tasks, throttle %d, limit %v", text, len(tasks), throttle, r.TimeLimit)
		}
	})
}
