package runs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"hpcsub/items"
)

// The streams of an item's output.
const (
	Stdout = "out"
	Stderr = "err"
)

// Output returns a reader of what an item printed to one stream. It is empty for an item that
// printed nothing or was never started.
func (r *Run) Output(res items.Result, stream string) io.ReadCloser {
	span := res.Stdout
	if stream == Stderr {
		span = res.Stderr
	}
	if res.Writer == (items.Writer{}) || span[1] == 0 && res.State != items.Running {
		return io.NopCloser(emptyReader{})
	}
	f, err := os.Open(r.dir.Attempt(res.Writer.Attempt).Log(res.Writer, res.Slot, stream))
	if err != nil { // logs in which nothing was written are removed
		return io.NopCloser(emptyReader{})
	}
	length := span[1]
	if res.State == items.Running { // no end line yet: up to what is there
		length = 1 << 62
	}
	piece := io.NewSectionReader(f, span[0], length)
	head := make([]byte, min(length, 4096))
	if n, err := piece.ReadAt(head, 0); err == nil && items.Gone(head[:n]) {
		f.Close()
		return io.NopCloser(strings.NewReader(gone))
	}
	return struct {
		io.Reader
		io.Closer
	}{piece, f}
}

const gone = "(what it printed is lost: a later item emptied the log of its slot by > /dev/stderr or > /dev/stdout in a shell; >&2 does not)\n"

// SlurmTail is the end of the first of the SlurmLogs: what a script that could not begin had to say.
func (r *Run) SlurmTail() []string {
	logs, err := r.SlurmLogs()
	if err != nil || len(logs) == 0 {
		return nil
	}
	text, err := os.ReadFile(logs[0])
	if err != nil {
		return nil
	}
	return lastLines(text)
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, io.EOF }

// SlurmLogs are the files in which Slurm kept what the scripts themselves printed, of the
// newest attempt, those with something in them.
func (r *Run) SlurmLogs() ([]string, error) {
	attempts, err := r.Attempts()
	if err != nil || len(attempts) == 0 {
		return nil, err
	}
	folder := attempts[len(attempts)-1].dir.SlurmDir()
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Slurm's logs: %w", err)
	}
	var all []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Size() > 0 {
			all = append(all, folder+"/"+e.Name())
		}
	}
	return all, nil
}
