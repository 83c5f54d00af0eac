package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	"golang.org/x/term"
)

// output is where things go: results to stdout; everything else to stderr, as
// "hpcsub: error|warning|hint: …", one line each.
type output struct {
	stdout, stderr io.Writer
}

func (o *output) print(text string)          { io.WriteString(o.stdout, text) }
func (o *output) printf(f string, a ...any)  { fmt.Fprintf(o.stdout, f, a...) }
func (o *output) say(f string, a ...any)     { fmt.Fprintf(o.stderr, "hpcsub: "+f+"\n", a...) }
func (o *output) warning(f string, a ...any) { o.say("warning: "+f, a...) }
func (o *output) hint(f string, a ...any)    { o.say("hint: "+f, a...) }

// mostErrors is how many lines of errors are printed at most; what is left is counted.
const mostErrors = 10

// fieldLists are arguments that tell squeue and sacct what to print: nobody needs to read them.
var fieldLists = regexp.MustCompile(`"[^"]*\\x1f[^"]*"`)

// error prints each line of an error as an error of its own.
func (o *output) error(err error) {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for i, line := range lines {
		if i == mostErrors-1 && len(lines) > mostErrors {
			o.say("error: … and %d more; mend these first", len(lines)-i)
			return
		}
		o.say("error: %s", fieldLists.ReplaceAllString(line, "…"))
	}
}

// json prints a value as indented JSON, with fractions rounded.
func (o *output) json(v any) error {
	enc := json.NewEncoder(o.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(rounded(reflect.ValueOf(v)).Interface())
}

// terminal says whether w is one, and how wide.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 80, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}
