package items

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		name, command string
		want          []string
	}{
		{"words", "python  f.py\t{x} ", []string{"python", "f.py", "{x}"}},
		{"single quotes", `a 'b  c' 'd"$*'`, []string{"a", "b  c", `d"$*`}},
		{"double quotes", `a "b  c" "d'|*?;&<>()~"`, []string{"a", "b  c", `d'|*?;&<>()~`}},
		{"quotes within a word", `a --x="b c"'d e'f`, []string{"a", "--x=b cd ef"}},
		{"empty words", `a '' ""`, []string{"a", "", ""}},
		{"backslashes", `a b\ c \$x \* \\ \'`, []string{"a", "b c", "$x", "*", `\`, "'"}},
		{"backslashes in double quotes", `a "\$x \" \\ \n \'"`, []string{"a", `$x " \ \n \'`}},
		{"backslashes in single quotes", `a '\n\'`, []string{"a", `\n\`}},
		{"a continued line", "a \\\n  b", []string{"a", "b"}},
		{"a line continued in quotes", "a \"b\\\nc\"", []string{"a", "bc"}},
		{"new lines around", "\n  a b\n\n", []string{"a", "b"}},
		{"a new line in quotes", "a 'b\nc'", []string{"a", "b\nc"}},
		{"a hash inside a word", "a b#c", []string{"a", "b#c"}},
		{"an equals sign later", "a B=c", []string{"a", "B=c"}},
		{"an equals sign of no variable", "./a-b=c", []string{"./a-b=c"}},
		{"placeholders with parts", "cp {image} out/{image.stem}.pdf", []string{"cp", "{image}", "out/{image.stem}.pdf"}},
		{"a placeholder with a space", `cp "{my image}"`, []string{"cp", "{my image}"}},
		{"no ASCII", "größe 'ñ' 🧀", []string{"größe", "ñ", "🧀"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCommand(tt.command)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestParseCommandErrors(t *testing.T) {
	type test struct{ name, command, want string }
	tests := []test{
		{"empty", " \n ", "the command is empty"},
		{"empty program", `"" a`, "the first word, which names the program, is empty"},
		{"open single quote", "a 'b", "this single quote is never closed"},
		{"open double quote", `a "b`, "this double quote is never closed"},
		{"two commands", "cd x\npython y", "a new line begins another command: set shell = true"},
		{"a comment", "a # b", "# begins a comment in a shell: set shell = true"},
		{"a variable in double quotes", `a "$HOME"`, "also inside double quotes: set shell = true"},
		{"a command in double quotes", "a \"`b`\"", "also inside double quotes: set shell = true"},
		{"an assignment", "OMP_NUM_THREADS=4 a", `"OMP_NUM_THREADS=4" sets a variable: put it under [environment] variables, or set shell = true`},
	}
	for _, c := range "|><&;$*~?`()" {
		tests = append(tests, test{"unquoted " + string(c), "a b" + string(c) + "c", "means something to a shell only: set shell = true"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseCommand(tt.command); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, %v, want %q in the error", got, err, tt.want)
			}
		})
	}
}

func TestParseCommandShowsWhere(t *testing.T) {
	_, err := ParseCommand("python f.py | tee log")
	if want := `at "| tee log": '|' means`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %q at its beginning", err, want)
	}
}

// emptyLines are what comes before a command: it would part it from the printf that shows its words.
var emptyLines = regexp.MustCompile(`^([ \t\n]|\\\n)+`)

// FuzzParseCommand holds the splitting against a real shell's.
func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{`a 'b c' "d\"e" f\ g`, "a \\\n b", `a "\$x" ''`, "a\tb\\", "a 'b\nc' d#e", "a=b c", `x\` + "\n", "0\n\v", "\\\n\n0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, command string) {
		got, err := ParseCommand(command)
		if err != nil || strings.ContainsAny(command, "\x00{}\r") || strings.HasSuffix(strings.TrimSpace(command), `\`) {
			return // what a shell reads differently on purpose: braces are ours
		}
		// printf repeats its format, so each word comes with a NUL behind it.
		script := "printf '%s\\0' " + strings.TrimRight(emptyLines.ReplaceAllString(command, ""), " \t\n")
		out, err := exec.Command("bash", "-f", "-c", script).Output()
		if err != nil {
			t.Fatalf("%q: bash: %v", command, err)
		}
		if want := strings.Join(got, "\x00") + "\x00"; string(out) != want {
			t.Errorf("%q: got %q, bash splits %q", command, want, out)
		}
	})
}
