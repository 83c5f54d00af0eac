package trials

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

// text is a flame graph in words: each function with its seconds and what it calls.
func (f *frame) text(functions []Function) string {
	var calls []string
	for _, c := range f.calls {
		calls = append(calls, c.text(functions))
	}
	text := strings.Join(calls, " ")
	if f.function >= 0 {
		text = fmt.Sprintf("%s %.3g", functions[f.function].Name, f.seconds) + map[bool]string{true: " (" + text + ")"}[text != ""]
	}
	return text
}

// calling makes the functions of a profile; their callers are told by name in edges: "caller callee seconds".
func calling(functions []Function, edges ...string) []Function {
	place := map[string]int{}
	for i, f := range functions {
		place[f.Name] = i
	}
	for _, e := range edges {
		var caller, callee string
		var seconds float64
		fmt.Sscan(e, &caller, &callee, &seconds)
		f := &functions[place[callee]]
		f.Callers = append(f.Callers, Edge{place[caller], seconds})
	}
	return functions
}

func function(name string, own, total float64) Function {
	return Function{Name: name, File: "/job/fit.py", Line: 1, Calls: 1, Own: own, Total: total}
}

func TestFlame(t *testing.T) {
	native, module, importer := function("exec", 0, 10), function("script", 1, 10), function("find_and_load", 1, 2)
	native.Name, native.File, importer.File = execution, "~", "<frozen importlib._bootstrap>"
	script := calling([]Function{native, module, function("numpy", 1, 1), importer, function("work", 7, 7)})
	for i, callers := range [][]Edge{{{3, 1}}, {{0, 10}}, {{0, 1}}, {{1, 2}}, {{1, 7}}} {
		script[i].Callers = callers
	}
	tests := []struct {
		name      string
		functions []Function
		want      string
	}{
		{"one after another", calling([]Function{function("main", 1, 10), function("a", 3, 3), function("b", 6, 6)}, "main a 3", "main b 6"), "main 10 (b 6 a 3)"},
		{"what two call is dealt between them", calling([]Function{function("main", 0, 9), function("a", 1, 4), function("b", 1, 5), function("both", 5, 7), function("deep", 2, 2)},
			"main a 4", "main b 5", "a both 3", "b both 4", "both deep 2"), "main 9 (b 5 (both 4 (deep 1.14)) a 4 (both 3 (deep 0.857)))"},
		{"a function that calls itself is one frame", calling([]Function{function("main", 1, 10), function("fib", 9, 9)}, "main fib 9", "fib fib 8"), "main 10 (fib 9)"},
		{"two that call each other", calling([]Function{function("main", 1, 10), function("even", 5, 9), function("odd", 4, 8)}, "main even 9", "even odd 8", "odd even 7"), "main 10 (even 9 (odd 8))"},
		{"what is too short to see is left out", calling([]Function{function("main", 10, 10), function("a", 0.001, 0.001)}, "main a 0.001"), "main 10"},
		{"a script: imports are not looked into, though they run modules as well", script, "script 9 (work 6.3 find_and_load 1.8)"},
	}
	for _, tt := range tests {
		if got := flame(tt.functions).text(tt.functions); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// tangled is a profile in which every function calls many, itself among them, with names that no label holds.
func tangled() []Function {
	var all []Function
	for i := range 60 {
		f := Function{Name: fmt.Sprintf("f%d_%s", i, strings.Repeat("W<&>", i)), File: "/job/" + strings.Repeat("ü", 60) + ".py", Line: i, Calls: 1 + i, Own: 1, Total: float64(60 - i)}
		if i%7 == 3 {
			f.File = "~"
		}
		for caller := range i + 1 {
			f.Callers = append(f.Callers, Edge{caller, f.Total / float64(1+caller)})
		}
		all = append(all, f)
	}
	return all
}

// TestFlameFits: nothing that is called is wider than who called it, and however tangled a profile is, it is drawn in no time.
func TestFlameFits(t *testing.T) {
	var check func(f *frame)
	check = func(f *frame) {
		sum := 0.0
		for _, c := range f.calls {
			sum += c.seconds
			check(c)
		}
		if sum > f.seconds+1e-9 {
			t.Errorf("what function %d called took %v s, it itself %v", f.function, sum, f.seconds)
		}
	}
	check(flame(tangled()))
}

// shape is what the picture has of a rectangle or a text.
type shape struct {
	XMLName                xml.Name
	X, Y, Width, Height    float64
	Class, Anchor, Content string
}

// shapesOf reads a picture; it is an error where that is no well-formed XML.
func shapesOf(t *testing.T, text string) (all []shape) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		switch e := token.(type) {
		case xml.StartElement:
			s := shape{XMLName: e.Name}
			for _, a := range e.Attr {
				for name, to := range map[string]*float64{"x": &s.X, "y": &s.Y, "width": &s.Width, "height": &s.Height} {
					if a.Name.Local == name {
						fmt.Sscan(a.Value, to)
					}
				}
				switch a.Name.Local {
				case "class":
					s.Class = a.Value
				case "text-anchor":
					s.Anchor = a.Value
				}
			}
			all = append(all, s)
		case xml.CharData:
			if len(all) > 0 {
				all[len(all)-1].Content += string(e)
			}
		}
	}
}

// TestPicture: it is well-formed whatever functions are called, refers to nothing outside, says what its colours mean, and no label
// runs over the edge or into the next one.
func TestPicture(t *testing.T) {
	for name, functions := range map[string][]Function{"few": profiled(), "tangled": tangled()} {
		text := ProfileOf(functions).Picture("fit <item> & more " + strings.Repeat("long ", 40))
		if strings.Count(text, "http") != 1 || strings.Contains(text, "script>") {
			t.Errorf("%s: it refers to something outside:\n%s", name, text)
		}
		for _, want := range []string{"fit &lt;item&gt; &amp; more", "your own Python: ", "Python of libraries: ", "native code: ", "importing: ", "Who called what"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in it", name, want)
			}
		}
		var labels []shape
		shapes := shapesOf(t, text)
		for _, s := range shapes {
			wide := float64(len([]rune(strings.TrimRight(s.Content, "\n")))) * letter
			switch {
			case s.XMLName.Local == "text" && s.Class == "label":
				s.Width = wide
				labels = append(labels, s)
				fallthrough
			case s.XMLName.Local == "rect":
				if s.X < 0 || s.X+s.Width > pictureWidth || s.Y > shapes[0].Height {
					t.Errorf("%s: %+v is not in the picture", name, s)
				}
			}
		}
		for i, a := range labels {
			for _, b := range labels[:i] {
				if math.Abs(a.Y-b.Y) < 11 && a.X < b.X+b.Width && b.X < a.X+a.Width {
					t.Errorf("%s: %q and %q are written over each other", name, a.Content, b.Content)
				}
			}
		}
	}
}
