package items

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestShellScript(t *testing.T) {
	columns := []string{"x", "image", "sample id", "a"}
	tests := []struct {
		name, script, want string
		values             int
	}{
		{"outside quotes", `echo {x} | wc`, `echo "${1}" | wc`, 1},
		{"inside double quotes", `echo "a {x} b"`, `echo "a ${1} b"`, 1},
		{"the same twice is one parameter", `echo {x} {a} {x}`, `echo "${1}" "${2}" "${1}"`, 2},
		{"parts", `cp {image} out/{image.stem}{image.ext}`, `cp "${1}" out/"${2}""${3}"`, 3},
		{"a name with a space", `echo {sample id}`, `echo "${1}"`, 1},
		{"index", `echo {index}`, `echo "${1}"`, 1},
		{"a command in double quotes", `echo "$(wc -l {x})"`, `echo "$(wc -l "${1}")"`, 1},
		{"backquotes", "echo `wc -l {x}`", "echo `wc -l \"${1}\"`", 1},
		{"process substitution", `diff <(sort {x}) {a}`, `diff <(sort "${1}") "${2}"`, 2},
		{"a here-document", "cat <<E\n{x}\nE\n", "cat <<E\n${1}\nE\n", 1},
		{"the default of a variable", `echo ${Y:-{x}}`, `echo ${Y:-"${1}"}`, 1},
		{"a redirection", `sort {x} > {x}.out`, `sort "${1}" > "${1}".out`, 1},
		{"an array", `a=({x} {a}); echo "${a[@]}"`, `a=("${1}" "${2}"); echo "${a[@]}"`, 2},
		{"an assignment", `Y={x} env`, `Y="${1}" env`, 1},
		{"a test", `[[ {x} == a* ]]`, `[[ "${1}" == a* ]]`, 1},
		{"a command inside arithmetic", `echo $(( $(wc -l < {x}) + 1 ))`, `echo $(( $(wc -l < "${1}") + 1 ))`, 1},
		{"a comment is left alone", "echo 1 # {x}", "echo 1 # {x}", 0},
		{"bash's variable", `echo ${HOME} ${x}`, `echo ${HOME} ${x}`, 0},
		{"bash's braces", `echo {a,b} {1..5} {a..e} x{,y}`, `echo {a,b} {1..5} {a..e} x{,y}`, 0},
		{"nested braces of bash", `echo {a,{b,c}}`, `echo {a,{b,c}}`, 0},
		{"find's braces", `find . -exec rm {} \;`, `find . -exec rm {} \;`, 0},
		{"a group", `{ echo {x}; }`, `{ echo "${1}"; }`, 1},
		{"escaped", `echo \{x} \{x\}`, `echo \{x} \{x\}`, 0},
		{"after an escaped backslash", `echo \\{x}`, `echo \\"${1}"`, 1},
		{"after an escaped dollar", `echo "\${x}"`, `echo "\$${1}"`, 1},
		{"doubled", `echo {{x}} "{{a}}"`, `echo {x} "{a}"`, 0},
		{"doubled around a placeholder", `echo "{{{x}}}"`, `echo "{${1}}"`, 1},
		{"awk in single quotes", `awk '{print $1}' {x}`, `awk '{print $1}' "${1}"`, 1},
		{"awk in single quotes, nested", `awk '{if($1){print}}' {x}`, `awk '{if($1){print}}' "${1}"`, 1},
		{"a word in single quotes that is no column", `awk '{print}' {x}`, `awk '{print}' "${1}"`, 1},
		{"awk, doubled", `awk '{{print $1}}' {x}`, `awk '{print $1}' "${1}"`, 1},
		{"a quoted here-document", "cat <<'E'\n{\"y\": {}}\nE\n", "cat <<'E'\n{\"y\": {}}\nE\n", 0},
		{"json in double quotes", `echo "{\"k\": 1}"`, `echo "{\"k\": 1}"`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args, _, err := shellArgs(tt.script, columns)
			if err != nil {
				t.Fatal(err)
			}
			if got := args[2][0].literal; got != tt.want {
				t.Errorf("script: got %s, want %s", got, tt.want)
			}
			if got := len(args) - 4; got != tt.values {
				t.Errorf("values: got %d, want %d", got, tt.values)
			}
		})
	}
}

func TestShellErrors(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"single quotes", `echo '{x}'`, `{x} stands inside single quotes, where bash sees no values; use double quotes`},
		{"ANSI quotes", `echo $'{x}'`, "single quotes"},
		{"a quoted here-document", "cat <<'E'\n{x}\nE\n", "single quotes"},
		{"arithmetic", `echo $(( {x} + 1 ))`, "run a command hidden in the value"},
		{"quoted arithmetic", `echo $(( "{x}" + 1 ))`, "run a command hidden in the value"},
		{"an arithmetic command", `(( {x} > 1 ))`, "run a command hidden in the value"},
		{"let", `let y={x}`, "run a command hidden in the value"},
		{"an index", `echo ${a[{x}]}`, "run a command hidden in the value"},
		{"an index on the left", `a[{x}]=1`, "run a command hidden in the value"},
		{"an index of a list", `a=([{x}]=1)`, "run a command hidden in the value"},
		{"a slice", `echo ${a:{x}}`, "run a command hidden in the value"},
		{"a numeric test", `[[ {x} -gt 3 ]]`, "run a command hidden in the value"},
		{"a function", `f() { echo {x}; }; f`, "the function's own argument"},
		{"a typing slip", `echo {imge}`, `{imge} is no column; did you mean "image"?`},
		{"a part that there is not", `echo {x.stm}`, "there are .stem, .name, .dir and .ext"},
		{"bad bash", `echo "{x}`, "bash would not understand it"},
		{"a name where bash wants one of its own", `for {x} in 1 2; do :; done`, "bash would not understand"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args, _, err := shellArgs(tt.script, []string{"x", "image"})
			if err == nil {
				t.Fatalf("got %+v, want an error", args)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// hostile are values that a careless quoting would split, expand or execute.
var hostile = []string{
	"two words", "  spaces  ", `it's`, `say "hi"`, "`touch pwned`", "$(touch pwned)", "; touch pwned", "&& touch pwned",
	"a\nb", "a\r\nb", "-n", "--help", "*", "~", "{x}", "${x}", "}}", "{{", "\\", "Käse 🧀", "\xff\xfe", "", "a[$(touch pwned)]",
	strings.Repeat("x", 10000), strings.Repeat("x", maxArgument),
}

func TestShellValuesArriveAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	tmpl, err := NewTemplate(Spec{Shell: `printf '%s\0' {x}; printf '%s\0' "{x}"; cat <<E
{x}
E`}, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range hostile {
		inv, err := tmpl.Invocation(Item{Values: []Value{TextValue(value)}})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(inv.Argv[0], inv.Argv[1:]...)
		cmd.Dir = dir
		got, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if want := value + "\x00" + value + "\x00" + value + "\n"; string(got) != want {
			t.Errorf("got %.80q, want %.80q", got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("a value was executed")
	}
}

func TestShellArgv(t *testing.T) {
	tmpl, err := NewTemplate(Spec{Shell: `echo {b} {a}`}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	inv, err := tmpl.Invocation(Item{Values: []Value{IntValue(1), TextValue("x y")}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"bash", "-c", `echo "${1}" "${2}"`, "hpcsub", "x y", "1"}; !slices.Equal(inv.Argv, want) {
		t.Errorf("got %q, want %q", inv.Argv, want)
	}
}

func TestNestedShells(t *testing.T) {
	tests := []struct {
		name string
		spec Spec
		want string // of the warning, "" for none
	}{
		{"a script with a value", Spec{Command: []string{"bash", "-c", "f {x} | g"}}, "bash -c reads a value as a piece of its script"},
		{"a path and an option more", Spec{Command: []string{"/bin/sh", "-e", "-lc", "f {x}"}}, "sh -c reads"},
		{"a value behind the script", Spec{Command: []string{"bash", "-c", `f "$1"`, "bash", "{x}"}}, ""},
		{"another program's -c", Spec{Command: []string{"python", "-c", "print({x})"}}, ""},
		{"over ssh", Spec{Command: []string{"ssh", "host", "f", "{x}"}}, "ssh reads"},
		{"a script in a shell line", Spec{Shell: `cd a && bash -c "f {x}"`}, "bash -c reads"},
		{"eval in a shell line", Spec{Shell: `eval "f {x}"`}, "eval reads"},
		{"behind the script in a shell line", Spec{Shell: `bash -c 'f "$1"' bash {x}`}, ""},
		{"inside a substitution", Spec{Shell: `echo "$(sh -c "f {x}")"`}, "sh -c reads"},
		{"a plain shell line", Spec{Shell: `f {x} | g`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Sweep = []Column{column("x", "1")}
			s, err := survey(t, tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" && s.Warnings != nil {
				t.Errorf("got %v, want no warning", s.Warnings)
			}
			if tt.want != "" && (len(s.Warnings) != 1 || s.Warnings[0].Rule != "nested-shell" || !strings.HasPrefix(s.Warnings[0].Text, tt.want)) {
				t.Errorf("got %v, want %q", s.Warnings, tt.want)
			}
		})
	}
}

// FuzzShell checks that whatever script is accepted, bash runs nothing that a value says.
func FuzzShell(f *testing.F) {
	for _, s := range []string{`echo {x}`, `echo "{x}" '{{x}}' ${x}`, "cat <<E\n{x}\nE\n", `{ echo {x.stem}; }`, `a=({x}); [[ {x} == 1 ]]`, "`{x}`", `$(( {x} ))`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		args, _, err := shellArgs(script, []string{"x"})
		if err != nil {
			return
		}
		line := args[2][0].literal
		if _, err := parseBash(line); err != nil {
			t.Errorf("%q became %q: %v", script, line, err)
		}
		for _, p := range args[4:] {
			if p[0].column == noColumn {
				t.Errorf("%q: a parameter without a value", script)
			}
		}
	})
}
