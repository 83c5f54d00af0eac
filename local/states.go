package local

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// record is one line of the states file: what became of a task.
type record struct {
	at     time.Time
	task   int    // -1 for a job without an array
	state  string // as Slurm spells it
	exit   int
	signal int
	words  string // why, where exit code and signal do not say it
}

// append writes the record as "1700000000.123 3 FAILED 1:0 words".
func (r record) append(b []byte) []byte {
	b = fmt.Appendf(b, "%d.%03d %d %s %d:%d", r.at.Unix(), r.at.Nanosecond()/1e6, r.task, r.state, r.exit, r.signal)
	if words := strings.Join(strings.Fields(r.words), " "); words != "" {
		b = append(append(b, ' '), words...)
	}
	return append(b, '\n')
}

// parseRecord reads a line without its newline.
func parseRecord(line string) (record, bool) {
	at, line, _ := strings.Cut(line, " ")
	task, line, _ := strings.Cut(line, " ")
	state, line, _ := strings.Cut(line, " ")
	codes, words, _ := strings.Cut(line, " ")
	seconds, millis, _ := strings.Cut(at, ".")
	exit, signal, _ := strings.Cut(codes, ":")
	r := record{state: state, words: words}
	var numbers [5]int
	for i, text := range []string{seconds, millis, task, exit, signal} {
		n, err := strconv.Atoi(text)
		if err != nil {
			return record{}, false
		}
		numbers[i] = n
	}
	r.at = time.UnixMilli(int64(numbers[0])*1000 + int64(numbers[1]))
	r.task, r.exit, r.signal = numbers[2], numbers[3], numbers[4]
	return r, state != "" && r.task >= -1
}

// outcome is what the states file says of one task.
type outcome struct {
	start, end   time.Time
	state        string
	exit, signal int
	words        string
}

// parseStates reads any prefix of a states file: a last line without its newline is not written yet.
func parseStates(text string) map[int]outcome {
	tasks := map[int]outcome{}
	for line := range strings.Lines(text) {
		line, whole := strings.CutSuffix(line, "\n")
		r, ok := parseRecord(line)
		if !whole || !ok {
			continue
		}
		o := tasks[r.task]
		o.state, o.exit, o.signal, o.words = r.state, r.exit, r.signal, r.words
		if r.state == "RUNNING" {
			o.start = r.at
		} else {
			o.end = r.at
		}
		tasks[r.task] = o
	}
	return tasks
}

// stateLog is the writer of the states file. Lines that do not fit on a full disk are kept and
// written, from the byte where it ended, as soon as there is room.
type stateLog struct {
	file    *os.File
	pending []byte
}

func (f folder) openStates() (*stateLog, error) {
	file, err := os.OpenFile(f.path(statesFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &stateLog{file: file}, nil
}

func (l *stateLog) add(r record) { l.pending = r.append(l.pending) }

func (l *stateLog) flush() error {
	if len(l.pending) == 0 {
		return nil
	}
	n, err := l.file.Write(l.pending)
	l.pending = append(l.pending[:0], l.pending[n:]...)
	return err
}

// close has what was written on the disk: from now on nobody else can tell how the job ended.
func (l *stateLog) close() error {
	err := l.file.Sync()
	if e := l.file.Close(); err == nil {
		err = e
	}
	return err
}
