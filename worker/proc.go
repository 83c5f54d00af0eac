package worker

import (
	"bytes"
	"strconv"
	"syscall"
)

// procStat is what the worker wants to know of a process, from /proc/PID/stat (proc(5)).
type procStat struct {
	PID     int
	Parent  int
	Group   int
	Threads int
	Pages   int64 // resident
}

// parseStat reads a line of /proc/PID/stat. The program's name stands in parentheses and may
// hold spaces and parentheses itself, so the fields are counted from the last ")".
func parseStat(line []byte) (procStat, bool) {
	var s procStat
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return s, false
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(line[:open])))
	if err != nil {
		return s, false
	}
	s.PID = pid
	rest := line[end+1:]
	for field := 3; field <= 24; field++ {
		word, more := nextWord(&rest)
		if !more {
			return s, false
		}
		switch field {
		case 4:
			s.Parent = int(number(word))
		case 5:
			s.Group = int(number(word))
		case 20:
			s.Threads = int(number(word))
		case 24:
			s.Pages = number(word)
		}
	}
	return s, true
}

// nextWord cuts the next blank-separated word off the front of text.
func nextWord(text *[]byte) ([]byte, bool) {
	b := bytes.TrimLeft(*text, " \n\x00")
	end := bytes.IndexAny(b, " \n")
	if end < 0 {
		end = len(b)
	}
	*text = b[end:]
	return b[:end], end > 0
}

// number reads a decimal number and gives 0 for anything else: the kernel writes no other.
func number(word []byte) int64 {
	n, negative := int64(0), false
	for i, c := range word {
		switch {
		case c == '-' && i == 0:
			negative = true
		case c < '0' || c > '9':
			return 0
		default:
			n = n*10 + int64(c-'0')
		}
	}
	if negative {
		return -n
	}
	return n
}

// parsePss reads the proportional set size in KiB from /proc/PID/smaps_rollup.
func parsePss(text []byte) (int64, bool) {
	for len(text) > 0 {
		line := text
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			line, text = text[:end], text[end+1:]
		} else {
			text = nil
		}
		if rest, found := bytes.CutPrefix(line, []byte("Pss:")); found {
			word, _ := nextWord(&rest)
			return number(word), len(word) > 0
		}
	}
	return 0, false
}

// procReader reads small files of /proc. It keeps its buffers, because the worker reads many
// of them a second beside programs that need the CPU.
type procReader struct {
	path []byte
	buf  []byte
}

// file joins the parts of a path below /proc.
func (r *procReader) file(pid int, parts ...string) []byte {
	r.path = strconv.AppendInt(append(r.path[:0], "/proc/"...), int64(pid), 10)
	for _, p := range parts {
		r.path = append(append(r.path, '/'), p...)
	}
	return r.path
}

// read returns a file's text, valid until the next read; nil when it is gone or not ours to read.
func (r *procReader) read(path []byte) []byte {
	fd, err := syscall.Open(string(path), syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	if r.buf == nil {
		r.buf = make([]byte, 4096)
	}
	for n := 0; ; {
		if n == len(r.buf) {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		got, err := syscall.Read(fd, r.buf[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return r.buf[:n]
		}
		n += got
	}
}

func (r *procReader) stat(pid int) (procStat, bool) {
	return parseStat(r.read(r.file(pid, "stat")))
}

// pss is the process's share of the memory that it has resident, in KiB: what is shared by n
// processes counts a nth in each. The kernel walks the page tables for it, so it is asked rarely.
func (r *procReader) pss(pid int) (int64, bool) {
	return parsePss(r.read(r.file(pid, "smaps_rollup")))
}

// hasVariable says whether the process was started with this NAME=VALUE in its environment.
func (r *procReader) hasVariable(pid int, variable string) bool {
	for entry := range bytes.SplitSeq(r.read(r.file(pid, "environ")), []byte{0}) {
		if string(entry) == variable {
			return true
		}
	}
	return false
}
