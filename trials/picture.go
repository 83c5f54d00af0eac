package trials

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The picture's measures, in pixels.
const (
	pictureWidth = 1000
	margin       = 20
	innerWidth   = pictureWidth - 2*margin
	frameHeight  = 20
	mostFrames   = 40 // above each other
	rows         = 20
	leastBar     = 0.001 // of the time
	rowHeight    = 22
	nameWidth    = 430
	barWidth     = innerWidth - nameWidth - 60
	letter       = 6.7 // of the labels' type, 11 pixels high and each letter as wide as any other
)

// The kinds of time, each with a colour that dark text can be read on, and a lighter one for what a function calls.
type kind struct{ name, colour, light string }

var (
	inPython  = kind{"your own Python", "#f0a04b", "#fbe3c6"}
	inLibrary = kind{"Python of libraries", "#a9cf8e", "#e4f0dc"}
	inNative  = kind{"native code", "#7db4e0", "#d9e9f6"}
	importing = kind{"importing", "#c3c3c3", "#e9e9e9"}
)

// kind is where a function's own time goes.
func (f Function) kind() kind {
	switch {
	case f.importing():
		return importing
	case f.File == "~":
		return inNative
	case f.library():
		return inLibrary
	}
	return inPython
}

// drawing is the text of a picture.
type drawing struct{ strings.Builder }

func (d *drawing) rect(x, y, width, height float64, colour string) {
	fmt.Fprintf(d, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`, x, y, width, height, colour)
}

// say writes words in the running type; style are more attributes.
func (d *drawing) say(x, y float64, style, words string) {
	fmt.Fprintf(d, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, style, html.EscapeString(words))
}

// label writes words no wider than so many pixels, or none where no three letters fit.
func (d *drawing) label(x, y, width float64, words string) {
	if n := int(width / letter); n >= 3 {
		fmt.Fprintf(d, `<text x="%.1f" y="%.1f" class="label">%s</text>`, x, y, html.EscapeString(clip(words, n)))
	}
}

// Picture draws where the time of a run went, an SVG that needs nothing else: who called what, as a flame graph from the top down, and
// the functions with the most own time as bars.
func (p *Profile) Picture(title string) string {
	deep := min(mostFrames, p.flame.depth()-1)
	bars := p.Functions[:min(rows, len(p.Functions))]
	for len(bars) > 1 && bars[len(bars)-1].Own < leastBar*p.Total {
		bars = bars[:len(bars)-1]
	}
	flameAt := 146.0
	barsAt := flameAt + float64(deep*frameHeight) + 54
	height := barsAt + float64(len(bars)*rowHeight) + margin
	var d drawing
	fmt.Fprintf(&d, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %[1]d %.0[2]f" font-family="sans-serif" font-size="13" fill="#222">`+"\n", pictureWidth, height)
	d.WriteString(`<style>.label { font: 11px "DejaVu Sans Mono", Menlo, Consolas, monospace } .head { font-weight: bold }</style>` + "\n")
	d.rect(0, 0, pictureWidth, height, "#fff")
	d.say(margin, 30, `font-size="17" class="head"`, clip(title, 90))
	d.say(margin, 52, "", fmt.Sprintf("%.3g s under Python's profiler, which makes calls of Python functions look dearer than they are.", p.Total))
	d.say(margin, 70, "", "Native code that has no name to call it by, as NumPy's operators have none, counts as the Python around it.")
	d.legend(p)
	d.say(margin, flameAt-12, `class="head"`, "Who called what, from the top down: as wide as it took, with what it called")
	x := float64(margin)
	for _, f := range p.flame.calls {
		width := innerWidth * f.seconds / p.flame.seconds
		d.flame(p, f, box{x, flameAt, width, deep}, false)
		x += width
	}
	d.say(margin, barsAt-12, `class="head"`, "The functions with the most time of their own; light: with what they called")
	for i, f := range bars {
		d.bar(p, f, barsAt+float64(i*rowHeight))
	}
	d.WriteString("</svg>\n")
	return d.String()
}

// legend says what the colours mean, and how much there is of each.
func (d *drawing) legend(p *Profile) {
	x := float64(margin)
	for _, l := range []struct {
		kind  kind
		share float64
		note  string
	}{{inPython, p.Python - p.Libraries, ""}, {inLibrary, p.Libraries, ""}, {inNative, p.Native, ""}, {importing, p.Imports, " (of all three)"}} {
		d.rect(x, 88, 14, 14, l.kind.colour)
		words := fmt.Sprintf("%s: %.0f %%%s", l.kind.name, 100*l.share, l.note)
		d.say(x+20, 100, "", words)
		x += 60 + 7.5*float64(len(words))
	}
}

// box is where a frame is drawn, and how many rows are left for it and what it calls.
type box struct {
	x, y, width float64
	rows        int
}

// flame draws a frame and below it what it called; all below an import is importing.
func (d *drawing) flame(p *Profile, f *frame, at box, imports bool) {
	if at.rows == 0 || at.width < 1 {
		return
	}
	fn := p.all[f.function]
	colour := fn.kind()
	if imports = imports || fn.importing(); imports {
		colour = importing
	}
	share := 100 * f.seconds / p.flame.seconds
	words := fn.Label()
	if place := fn.Place(); float64(len(words+place)+3)*letter < at.width && fn.File != "~" && !fn.importing() {
		words += " (" + place + ")"
	}
	fmt.Fprintf(d, `<g><title>%s: %.3g s, %.1f %%</title>`, html.EscapeString(fn.Name+", "+fn.File+":"+itoa(fn.Line)), f.seconds, share)
	d.rect(at.x, at.y, max(at.width-1, 0.5), frameHeight-1, colour.colour)
	d.label(at.x+4, at.y+14, at.width-9, words)
	d.WriteString("</g>\n")
	x := at.x
	for _, c := range f.calls {
		width := innerWidth * c.seconds / p.flame.seconds
		d.flame(p, c, box{x, at.y + frameHeight, width, at.rows - 1}, imports)
		x += width
	}
}

// bar draws a function with its own time, and behind it that with what it called.
func (d *drawing) bar(p *Profile, f Function, y float64) {
	own, total := f.Own/p.Total, min(1, f.Total/p.Total)
	fmt.Fprintf(d, `<g><title>%s: %d calls, %.3g s of its own, %.3g s with what it called</title>`, html.EscapeString(f.Name+", "+f.File+":"+itoa(f.Line)), f.Calls, f.Own, f.Total)
	d.label(margin, y+13, nameWidth-190, f.Label())
	d.label(margin+nameWidth-180, y+13, 175, f.Place())
	d.rect(margin+nameWidth, y, max(total, own)*barWidth, 17, f.kind().light)
	d.rect(margin+nameWidth, y, own*barWidth, 17, f.kind().colour)
	d.say(pictureWidth-margin, y+13, `text-anchor="end"`, fmt.Sprintf("%.1f %%", 100*own))
	d.WriteString("</g>\n")
}

// Label is the function's name as one would say it.
func (f Function) Label() string {
	name := strings.TrimSuffix(strings.TrimPrefix(f.Name, "<"), ">")
	method, class, is := strings.Cut(strings.TrimPrefix(name, "method "), " of ")
	switch {
	case f.importing():
		return "import"
	case f.Name == "<module>":
		return "module " + module(f.File)
	case is: // method 'sub' of 're.Pattern' objects
		return strings.Trim(strings.TrimSuffix(class, " objects"), "'") + "." + strings.Trim(method, "'")
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, "built-in method "), "builtins.")
}

// module is what a file of Python is imported as, in its last two parts.
func module(file string) string {
	parts := strings.Split(strings.TrimSuffix(file, ".py"), "/")
	if last := len(parts) - 1; last > 0 && parts[last] == "__init__" {
		return parts[last-1]
	}
	return parts[len(parts)-1]
}

func clip(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return s
}
