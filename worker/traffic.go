package worker

import (
	"bytes"
)

// traffic is what a process, and those of its children that it has waited for, read and wrote by calls (proc(5), io).
type traffic struct {
	known                 bool
	read, written, writes int64
}

func (a traffic) less(b traffic) traffic {
	return traffic{a.known && (b.known || b == traffic{}), a.read - b.read, a.written - b.written, a.writes - b.writes}
}

// traffic asks the kernel about a process, also about one that has ended and was not reaped. A kernel may be built without it.
func (e *engine) traffic(pid int) traffic {
	var r procReader
	return parseTraffic(r.read(r.file(pid, "io")))
}

// trafficOf is that of a process that makes calls; nothing where there is none yet.
func (e *engine) trafficOf(c *caller) traffic {
	if c == nil {
		return traffic{}
	}
	return e.traffic(c.pid)
}

// parseTraffic reads /proc/PID/io.
func parseTraffic(text []byte) (t traffic) {
	for line := range bytes.Lines(text) {
		name, rest, _ := bytes.Cut(line, []byte(":"))
		word, _ := nextWord(&rest)
		switch string(name) {
		case "rchar":
			t.read, t.known = number(word), true
		case "wchar":
			t.written = number(word)
		case "syscw":
			t.writes = number(word)
		}
	}
	return t
}
