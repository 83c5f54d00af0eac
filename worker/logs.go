package worker

import (
	"fmt"
	"os"
	"syscall"

	"hpcsub/items"
)

// logFile takes what the items of one slot write, one after another. The items get the file
// itself, not a pipe: nothing is copied, and a full pipe can hold nobody up.
type logFile struct {
	path string
	fd   int // -1 while it is not open
	size int64
	stat syscall.Stat_t
}

// open makes the file when its slot is first used. Items append, so that a program which
// opens its output a second time does not write over the first part.
func (l *logFile) open() error {
	if l.fd >= 0 {
		return nil
	}
	fd, err := syscall.Open(l.path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("opening a log: %w", &os.PathError{Op: "open", Path: l.path, Err: err})
	}
	l.fd = fd
	if syscall.Fstat(fd, &l.stat) == nil {
		l.size = l.stat.Size
	}
	return nil
}

// span is what was written since the last call. An item that does `> /dev/stderr` in a shell
// truncates the file: then all of it is that item's.
func (l *logFile) span() items.Span {
	if l.fd < 0 || syscall.Fstat(l.fd, &l.stat) != nil {
		return items.Span{l.size, 0}
	}
	from := l.size
	if l.stat.Size < from {
		from = 0
	}
	l.size = l.stat.Size
	return items.Span{from, l.size - from}
}

// close ends the file and removes it when nothing was written: most programs are silent, and
// a folder of empty files is no help.
func (l *logFile) close() {
	if l.fd < 0 {
		return
	}
	empty := syscall.Fstat(l.fd, &l.stat) == nil && l.stat.Size == 0
	syscall.Close(l.fd)
	l.fd = -1
	if empty {
		os.Remove(l.path) // what stays is only an empty file
	}
}
