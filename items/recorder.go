package items

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// How soon a record is on its way, and how soon it is on the disk.
const (
	flushAfter = 200 * time.Millisecond
	syncAfter  = 4500 * time.Millisecond // after a flush, so within 5 s of the record
	bufferFull = 1 << 20
)

// Recorder writes one file of records, of which it is the only writer. It is safe to use from
// several goroutines. An error of the disk is told at the next call; what could not be
// written is kept and tried again.
type Recorder struct {
	path string
	file *os.File

	mu     sync.Mutex // guards what follows; held briefly
	buf    []byte     // whole lines
	ended  int        // end lines
	err    error      // of the last flush, nil after one that worked
	lost   error      // of a sync: what was written before it may be gone, so it stays
	armed  bool       // a flush is due
	closed bool
	flush  *time.Timer
	sync   *time.Timer

	writing sync.Mutex // held while the file is written or synced; taken before mu
	spare   []byte
	dirty   bool
}

// NewRecorder opens a file of records, at its end if it is there already.
func NewRecorder(path string) (*Recorder, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the records: %w", err)
	}
	r := &Recorder{path: path, file: f}
	if torn, err := isTorn(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("opening the records: %w", err)
	} else if torn {
		r.buf = append(r.buf, '\n')
	}
	r.flush = stopped(func() { r.Flush() })
	r.sync = stopped(func() { r.Sync() })
	return r, nil
}

// stopped is a timer that waits for its first Reset.
func stopped(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// isTorn says whether an earlier writer was stopped in the middle of a line.
func isTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return last[0] != '\n', err
}

// started is a start line: what is known before an item ends.
type started struct {
	ID    string  `json:"id"`
	Index int     `json:"index"`
	State State   `json:"state"`
	Start float64 `json:"start"`
	Node  string  `json:"node"`
	Slot  int     `json:"slot"`
}

// Write takes a start line (State is Running) or an end line. It is in the file within 200 ms
// and on the disk within 5 s. The error is one of the disk, perhaps about an earlier record.
func (r *Recorder) Write(rec *Record) error {
	var line []byte
	var err error
	if rec.State == Running {
		line, err = json.Marshal(started{rec.ID, rec.Index, rec.State, rec.Start, rec.Node, rec.Slot})
	} else {
		line, err = json.Marshal(rec)
	}
	if err != nil {
		return fmt.Errorf("recording item %d: %w", rec.Index, err)
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return fmt.Errorf("recording item %d: the records are closed", rec.Index)
	}
	if rec.State != Running {
		r.ended++
	}
	r.buf = append(append(r.buf, line...), '\n')
	full := len(r.buf) >= bufferFull
	r.arm()
	err = errors.Join(r.lost, r.err)
	r.mu.Unlock()
	if full {
		return r.Flush()
	}
	return err
}

// arm has the records flushed soon, for who holds mu.
func (r *Recorder) arm() {
	if !r.armed && !r.closed {
		r.armed = true
		r.flush.Reset(flushAfter)
	}
}

// Flush hands all records to the operating system.
func (r *Recorder) Flush() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.write()
}

// write is Flush for who holds writing.
func (r *Recorder) write() error {
	r.mu.Lock()
	out, lost := r.buf, r.lost
	r.buf = r.spare[:0]
	r.spare, r.armed = nil, false
	r.mu.Unlock()
	if len(out) == 0 {
		r.spare = out
		return lost
	}
	n, err := r.file.Write(out)
	if n > 0 && !r.dirty {
		r.dirty = true
		r.sync.Reset(syncAfter)
	}
	if err != nil {
		return r.putBack(out, n, fmt.Errorf("writing records: %w", err))
	}
	r.spare = out
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = nil
	return r.lost
}

// putBack keeps what was not written, and the error. A line that was torn is written again as a
// whole, after a new line, so that its piece spoils nothing.
func (r *Recorder) putBack(out []byte, written int, err error) error {
	whole := bytes.LastIndexByte(out[:written], '\n') + 1
	var rest []byte
	if whole < written {
		rest = append(rest, '\n')
	}
	rest = append(rest, out[whole:]...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf, r.err = append(rest, r.buf...), err
	r.arm()
	return err
}

// Sync writes all records and waits until they are on the disk.
func (r *Recorder) Sync() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.write(); err != nil || !r.dirty {
		return err
	}
	r.dirty = false
	err := r.file.Sync()
	if err != nil {
		err = fmt.Errorf("writing records: %w", err)
		r.mu.Lock()
		r.lost = err
		r.mu.Unlock()
	}
	return err
}

// Close writes the end record, which says that this writer is done and how many end lines it
// wrote, and waits until all is on the disk.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	r.buf = fmt.Appendf(r.buf, "{\"id\":\"\",\"count\":%d}\n", r.ended)
	r.mu.Unlock()
	err := r.Sync()
	r.flush.Stop()
	r.sync.Stop()
	return errors.Join(err, r.file.Close())
}
