package items

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"
)

// Collection is what the records of a run say: one state for each item, whatever part of the
// files is there. Nothing that it says of a success is ever taken back by reading more. It is
// for one goroutine at a time.
type Collection struct {
	dirs    map[int]AttemptDir
	items   []outcome
	locks   [256]sync.Mutex // of items, while several files are read
	writers []*records
	known   map[Writer]int
	last    map[[2]int]int // attempt and part → the latest writer
}

// records is one file of records and how far it was read.
type records struct {
	Writer
	path     string
	offset   int64
	ends     int // end lines
	promised int // end lines by the end records
	closed   bool
	bad      int
	fate     State // of items that it began and did not end, once its Slurm job is over; "" before
	gpus     GPUUse
}

// ended says whether the file is complete: its writer said so, and all that it wrote is here.
func (r *records) ended() bool { return r.closed && r.ends >= r.promised }

// Collect reads the records of attempts of a run with so many items. Update reads on later.
func Collect(items int, attempts ...AttemptDir) (*Collection, error) {
	c := &Collection{items: make([]outcome, items), dirs: map[int]AttemptDir{}, known: map[Writer]int{}, last: map[[2]int]int{}}
	return c, c.Update(attempts...)
}

// Update reads what was written since, and the attempts that are new.
func (c *Collection) Update(attempts ...AttemptDir) error {
	for _, dir := range attempts {
		c.dirs[dir.Number()] = dir
	}
	for number, dir := range c.dirs {
		if err := c.list(number, dir); err != nil {
			return err
		}
	}
	return c.readAll()
}

// list finds the files of an attempt. Those that are new are taken in the order of their
// names, so that the outcome does not depend on the file system.
func (c *Collection) list(attempt int, dir AttemptDir) error {
	entries, err := os.ReadDir(dir.ResultsDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listing the records: %w", err)
	}
	var found []Writer
	for _, e := range entries {
		if part, restart, ok := parseResults(e.Name()); ok {
			found = append(found, Writer{attempt, part, restart})
		}
	}
	slices.SortFunc(found, Writer.compare)
	for _, w := range found {
		if _, have := c.known[w]; have {
			continue
		}
		c.known[w] = len(c.writers)
		part := [2]int{w.Attempt, w.Part}
		if latest, have := c.last[part]; !have || c.writers[latest].Restart < w.Restart {
			c.last[part] = len(c.writers)
		}
		c.writers = append(c.writers, &records{Writer: w, path: dir.Results(w.Part, w.Restart)})
	}
	return nil
}

func (w Writer) compare(v Writer) int {
	return slices.Compare([]int{w.Attempt, w.Restart, w.Part}, []int{v.Attempt, v.Restart, v.Part})
}

// readAll reads the files side by side: a million records are a matter of CPU time.
func (c *Collection) readAll() error {
	next := make(chan int)
	failed := make([]error, runtime.GOMAXPROCS(0))
	var readers sync.WaitGroup
	for n := range failed {
		readers.Go(func() {
			room := bufio.NewReaderSize(nil, maxRecord)
			for i := range next {
				if err := c.read(i, room); err != nil {
					failed[n] = err
				}
			}
		})
	}
	for i, w := range c.writers {
		if !w.ended() {
			next <- i
		}
	}
	close(next)
	readers.Wait()
	return errors.Join(failed...)
}

// read goes on in a file where it stopped the last time.
func (c *Collection) read(i int, room *bufio.Reader) error {
	w := c.writers[i]
	f, err := os.Open(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a network file system lists late and forgets late
	}
	if err != nil {
		return fmt.Errorf("reading records: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(w.offset, io.SeekStart); err != nil {
		return fmt.Errorf("reading records: %w", err)
	}
	from := w.offset
	room.Reset(f)
	var line recordLine
	end, err := readLines(room, func(offset int64, text []byte) error {
		if !line.parse(text) {
			w.bad++
			return nil
		}
		c.count(w, &line)
		c.merge(&line, line.outcome(i, from+offset, len(text)))
		return nil
	})
	w.offset = from + end.offset
	if err != nil {
		return fmt.Errorf("reading records of %s: %w", w.path, err)
	}
	if line.parse(end.rest) { // whole, but for its new line: read again the next time
		c.merge(&line, line.outcome(i, w.offset, len(end.rest)))
	}
	return nil
}

// count notes how many end lines there are, and how many the end records promise.
func (c *Collection) count(w *records, l *recordLine) {
	w.closed = len(l.id) == 0
	switch {
	case w.closed:
		w.promised += l.count
	case stateCode(l.state) != runningCode:
		w.ends++
		w.gpus.addLine(l)
	}
}

func (c *Collection) merge(l *recordLine, o outcome) {
	if len(l.id) == 0 || l.index >= len(c.items) {
		return
	}
	lock := &c.locks[l.index%len(c.locks)]
	lock.Lock()
	if o.after(c.items[l.index], c.writers) {
		c.items[l.index] = o
	}
	lock.Unlock()
}

// MarkOver says what became of the items that a writer began and did not end: its Slurm job is over, and any grace for
// late records too. They are Lost, or what Slurm says of the job; "" while it is not over.
func (c *Collection) MarkOver(fate func(Writer) State) {
	for _, w := range c.writers {
		w.fate = fate(w.Writer)
	}
}

// Len is how many items there are.
func (c *Collection) Len() int { return len(c.items) }

// State is what became of an item.
func (c *Collection) State(i int) State {
	o := c.items[i]
	switch o.state {
	case unknownCode:
		return Pending
	case runningCode:
		return c.running(o)
	}
	return states[o.state]
}

// running tells what an item without an end line is. A later life of its worker will take it
// again, unless that one is over too.
func (c *Collection) running(o outcome) State {
	w := c.writers[o.writer]
	latest := c.writers[c.last[[2]int{w.Attempt, w.Part}]]
	switch {
	case latest.fate != "":
		return latest.fate
	case latest.ended():
		return Lost
	case latest != w:
		return Pending
	}
	return Running
}

// Writer is who wrote what is known of an item; false for one of which nothing is.
func (c *Collection) Writer(i int) (Writer, bool) {
	o := c.items[i]
	if o.state == unknownCode {
		return Writer{}, false
	}
	return c.writers[o.writer].Writer, true
}

// ElapsedS is how long an item's last run took, 0 when it is not known.
func (c *Collection) ElapsedS(i int) float64 { return c.items[i].elapsed }

// PeakMiB is the most memory that an item's last run had, 0 when it is not known.
func (c *Collection) PeakMiB(i int) float64 { return float64(c.items[i].peak) }

// Tally counts the items and sums what they used.
func (c *Collection) Tally() Tally {
	t := Tally{Total: len(c.items)}
	for i, o := range c.items {
		t.add(c.State(i), o)
	}
	return t
}

// GPUs says what the items had of GPUs and did with them, in all attempts.
func (c *Collection) GPUs() GPUUse {
	var u GPUUse
	for _, w := range c.writers {
		u.add(w.gpus)
	}
	return u
}

// Started is how many parts of an attempt have begun to write records.
func (c *Collection) Started(attempt int) int {
	n := 0
	for part := range c.last {
		if part[0] == attempt {
			n++
		}
	}
	return n
}

// WritersEnded is how many parts of an attempt are complete: the last worker of each wrote
// its end record, and all that it wrote is here.
func (c *Collection) WritersEnded(attempt int) int {
	n := 0
	for part, i := range c.last {
		if part[0] == attempt && c.writers[i].ended() {
			n++
		}
	}
	return n
}

// Ended says whether the last worker of a part is this one and has written its end record, and all that it wrote is here.
func (c *Collection) Ended(w Writer) bool {
	i, known := c.last[[2]int{w.Attempt, w.Part}]
	return known && c.writers[i].Writer == w && c.writers[i].ended()
}

// Bad is how many lines were no records.
func (c *Collection) Bad() int {
	n := 0
	for _, w := range c.writers {
		n += w.bad
	}
	return n
}
