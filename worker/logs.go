package worker

import (
	"fmt"
	"math"
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
	tail [8]byte // the last bytes of it
	stat syscall.Stat_t
}

// open makes the file when its slot is first used. Items append, so that a program which
// opens its output a second time does not write over the first part.
func (l *logFile) open() error {
	if l.fd >= 0 {
		return nil
	}
	fd, err := syscall.Open(l.path, syscall.O_RDWR|syscall.O_CREAT|syscall.O_APPEND|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("opening a log: %w", &os.PathError{Op: "open", Path: l.path, Err: err})
	}
	l.fd = fd
	if syscall.Fstat(fd, &l.stat) == nil {
		l.size = l.stat.Size
		l.tail = l.before(l.size)
	}
	return nil
}

// span is what an item wrote since the last call. The file may be longer than it was when the item ended, by what the
// next one has written already.
func (l *logFile) span(size int64) items.Span {
	last := l.stat.Mtim
	if l.fd < 0 || syscall.Fstat(l.fd, &l.stat) != nil || l.stat.Size == l.size && l.stat.Mtim == last {
		return items.Span{l.size, 0}
	}
	from := l.size
	if l.stat.Size < from || l.before(from) != l.tail {
		from, size = l.truncated(), math.MaxInt64
	}
	l.size = max(from, min(l.stat.Size, size))
	l.tail = l.before(l.size)
	return items.Span{from, l.size - from}
}

// fresh is the end of what was written since span was last called.
func (l *logFile) fresh() string {
	const most = 16 << 10
	var now syscall.Stat_t
	if l.fd < 0 || syscall.Fstat(l.fd, &now) != nil || now.Size <= l.size {
		return ""
	}
	text := make([]byte, min(now.Size-l.size, most))
	n, _ := syscall.Pread(l.fd, text, now.Size-int64(len(text))) // what cannot be read says nothing
	return string(text[:max(0, n)])
}

// before reads the bytes before a place in the file.
func (l *logFile) before(at int64) (tail [8]byte) {
	n := min(at, int64(len(tail)))
	syscall.Pread(l.fd, tail[:n], at-n) // what cannot be read is taken for zeros, each time
	return tail
}

// truncated deals with an item that did `> /dev/stderr` in a shell, which empties the file: what is in it now is that
// item's alone. It is moved to where the file ended, and what the items before it wrote becomes zeros, so that nobody
// takes the one for the other (items.Gone). It returns where the item's output lies.
func (l *logFile) truncated() int64 {
	file, err := os.OpenFile(l.path, os.O_RDWR, 0)
	if err != nil {
		return 0
	}
	defer file.Close()
	length := l.stat.Size
	piece := make([]byte, 64<<10)
	for end := length; end > 0; { // from the end, since the two places may overlap
		n := min(end, int64(len(piece)))
		end -= n
		if _, err := file.ReadAt(piece[:n], end); err != nil {
			return 0
		}
		if _, err := file.WriteAt(piece[:n], l.size+end); err != nil {
			return 0
		}
	}
	clear(piece)
	for at := int64(0); at < min(l.size, length); at += int64(len(piece)) {
		if _, err := file.WriteAt(piece[:min(int64(len(piece)), min(l.size, length)-at)], at); err != nil {
			return 0
		}
	}
	if syscall.Fstat(l.fd, &l.stat) != nil {
		return 0
	}
	return l.size
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
