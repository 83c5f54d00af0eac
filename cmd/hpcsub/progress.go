package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress shows how far a run is: a bar that is redrawn on a terminal, else a plain line now
// and then, so that a log stays short.
type progress struct {
	w        io.Writer
	terminal bool
	began    time.Time
	first    int // done when it began, so that the rate is of this session alone
	lastLine time.Time
	lastText string
	drawn    bool
}

func newProgress(w io.Writer) *progress {
	_, isTerminal := terminal(w)
	return &progress{w: w, terminal: isTerminal, first: -1}
}

// quiet is how long a log waits before the next line when little happens.
const quiet = 30 * time.Second

// tally is what a progress line tells.
type tally struct {
	Total, Done, Failed, Running int
	Note                         string // why it waits, "" while it runs
}

func (p *progress) show(t tally, now time.Time) {
	ended := t.Done + t.Failed
	if p.first < 0 {
		p.first, p.began = ended, now
	}
	text := p.text(t, now)
	if p.terminal {
		width, _ := terminal(p.w) // anew each time: windows change
		fmt.Fprintf(p.w, "\r\033[K%s", fit(text, t, width-1))
		p.drawn = true
		return
	}
	if text == p.lastText || now.Sub(p.lastLine) < quiet && ended < t.Total && !p.lastLine.IsZero() {
		return
	}
	p.lastLine, p.lastText = now, text
	fmt.Fprintf(p.w, "hpcsub: %s\n", text)
}

// end leaves the last bar standing.
func (p *progress) end() {
	if p.terminal && p.drawn {
		fmt.Fprintln(p.w)
		p.drawn = false
	}
}

func (p *progress) text(t tally, now time.Time) string {
	ended := t.Done + t.Failed
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s done", thousands(t.Done), count(t.Total, "item"))
	if t.Failed > 0 {
		fmt.Fprintf(&b, ", %s failed", thousands(t.Failed))
	}
	if t.Note != "" {
		return b.String() + ", " + t.Note
	}
	if t.Running > 0 {
		fmt.Fprintf(&b, ", %s running", thousands(t.Running))
	}
	elapsed := now.Sub(p.began).Seconds()
	if new := ended - p.first; new > 0 && elapsed > 1 {
		rate := float64(new) / elapsed
		fmt.Fprintf(&b, ", %s", perTime(rate))
		if left := t.Total - ended; left > 0 {
			fmt.Fprintf(&b, ", about %s left", seconds(float64(left)/rate))
		}
	}
	return b.String()
}

// The bar is as long as the words leave room for: they say more.
const (
	shortestBar = 5
	longestBar  = 20
)

// fit puts a bar before the text where the line has room for one.
func fit(text string, t tally, width int) string {
	text = one(text, width)
	room := min(longestBar, width-cells(text)-len("[] "))
	if room < shortestBar {
		return text
	}
	return bar(t.Done+t.Failed, t.Total, room) + " " + text
}

func perTime(rate float64) string {
	switch {
	case rate >= 10:
		return fmt.Sprintf("%.0f/s", rate)
	case rate >= 1:
		return fmt.Sprintf("%.1f/s", rate)
	case rate*60 >= 10:
		return fmt.Sprintf("%.0f/min", rate*60)
	case rate*60 >= 1:
		return fmt.Sprintf("%.1f/min", rate*60)
	}
	return fmt.Sprintf("%.1f/h", rate*3600)
}

func bar(done, total, width int) string {
	full := 0
	if total > 0 {
		full = done * width / total
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
}
