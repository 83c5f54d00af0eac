package worker

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hpcsub/items"
	"hpcsub/trials"
)

// importTable has Python print on stderr, for each module, the microseconds that importing it took.
const importTable = "PYTHONPROFILEIMPORTTIME=1"

// longestTable is more than the table of any program takes.
const longestTable = 4 << 20

// tellsStartup says whether the items are calls, or programs of Python. What a cluster of Dask around a program imports would be told,
// too, and each rank of an MPI program would tell it again.
func (t *trial) tellsStartup() bool {
	task, err := t.queue.at(0)
	if err != nil || t.around != nil || t.launcher != nil {
		return false
	}
	return task.call != nil || t.interpreter(task.argv) != ""
}

// interpreter is the Python that a command runs, "" where it runs none, or nobody can tell.
func (t *trial) interpreter(argv []string) string {
	if len(argv) == 0 {
		return ""
	}
	if strings.HasPrefix(filepath.Base(argv[0]), "python") {
		return argv[0]
	}
	line := interpreterLine(t.spawn.absolute(argv[0]))
	for _, word := range line {
		if strings.HasPrefix(filepath.Base(word), "python") {
			return word
		}
	}
	return ""
}

// profileImports asks for the table in the next item's process, and returns what takes that back.
func (t *trial) profileImports() (back func()) {
	s := t.slots[0]
	before := s.environ
	if t.work.Spec.Function == "" {
		s.environ = append([]string{importTable}, before...)
	}
	return func() { s.environ = before }
}

// startupOf is how long a program took to start and import: as long as its interpreter takes to do nothing, and what it
// imported beside that. It is nil where the program did not tell.
func (t *trial) startupOf(task task, r *items.Record) *float64 {
	own, ok := importSeconds(string(t.printed("err", r.Stderr, longestTable)))
	if !ok {
		return nil
	}
	bare, bareImports, ok := t.bareStart(t.interpreter(task.argv))
	if !ok {
		return nil
	}
	took := bare + max(0, own-bareImports)
	return &took
}

// bareStart is how long an interpreter takes to start and end, and how much of it are imports: the median of three.
func (t *trial) bareStart(python string) (took, imports float64, ok bool) {
	var lengths []float64
	for i := range 4 {
		environ := t.slots[0].environ
		if i == 0 {
			environ = append([]string{importTable}, environ...)
		}
		begin := time.Now()
		cmd := exec.Command(python, "-c", "pass")
		cmd.Env, cmd.Dir = environ, t.work.Spec.Dir
		var said bytes.Buffer
		cmd.Stderr = &said
		if cmd.Run() != nil {
			return 0, 0, false
		}
		if i == 0 {
			if imports, ok = importSeconds(said.String()); !ok {
				return 0, 0, false
			}
			continue
		}
		lengths = append(lengths, time.Since(begin).Seconds())
	}
	return trials.Median(lengths), imports, true
}

// importSeconds adds up the table of imports: each line has the time of the module itself, in microseconds.
func importSeconds(text string) (sum float64, found bool) {
	for line := range strings.Lines(text) { // of any length: the program prints among them
		rest, is := strings.CutPrefix(line, "import time:")
		self, _, _ := strings.Cut(rest, "|")
		micro, err := strconv.ParseFloat(strings.TrimSpace(self), 64)
		if is && err == nil {
			sum, found = sum+micro/1e6, true
		}
	}
	return sum, found
}
