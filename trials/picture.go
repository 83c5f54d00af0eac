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
	rows      = 25
	rowHeight = 22
	nameWidth = 400
	barWidth  = 420
)

// Picture draws the functions with the most own time as bars, an SVG that needs nothing else: dark is a function's own
// time, light what it calls.
func (p *Profile) Picture(title string) string {
	shown := p.Functions[:min(rows, len(p.Functions))]
	height := (len(shown) + 3) * rowHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n",
		nameWidth+barWidth+90, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	fmt.Fprintf(&b, `<text x="8" y="16" font-weight="bold">%s</text>`+"\n", html.EscapeString(title))
	fmt.Fprintf(&b, `<text x="8" y="34" fill="#555">%.3g s under the profiler: %.0f %% in Python, %.0f %% in native code, %.0f %% importing. Dark: own time; light: with what it calls.</text>`+"\n",
		p.Total, 100*p.Python, 100*p.Native, 100*p.Imports)
	for i, f := range shown {
		y := (i+2)*rowHeight + 6
		own, total := f.Own/p.Total, min(1, f.Total/p.Total)
		name := html.EscapeString(clip(f.Name, 30))
		fmt.Fprintf(&b, `<g><title>%s, %s: %d calls, %.3g s own, %.3g s with what it calls</title>`, html.EscapeString(f.Name), html.EscapeString(f.File+":"+itoa(f.Line)), f.Calls, f.Own, f.Total)
		fmt.Fprintf(&b, `<text x="8" y="%d">%s <tspan fill="#777">%s</tspan></text>`, y+14, name, html.EscapeString(clip(f.Place(), 26)))
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="16" fill="#f6c98f"/>`, nameWidth, y, total*barWidth)
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="16" fill="#c8501e"/>`, nameWidth, y, own*barWidth)
		fmt.Fprintf(&b, `<text x="%d" y="%d">%.1f %%</text></g>`+"\n", nameWidth+barWidth+8, y+13, 100*own)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func clip(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return s
}
