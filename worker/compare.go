package worker

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"hpcsub/items"
	"hpcsub/trials"
)

// longestCompared bounds what is compared number by number: it is read as a whole.
const longestCompared = 64 << 20

// compare adds to what an item made what it printed, or what a function returned, where no outputs are named, and says of
// each thing that is not the same as the program's own, whether it is within the tolerance.
func (t *trial) compare(m *trials.Measurement, task task, folder string) error {
	if len(task.outputs) == 0 {
		name, text := trials.Printed, t.printed("out", t.ended.Stdout, longestCompared)
		if task.call != nil {
			name, text = trials.Returned, t.ended.Value
		}
		if err := t.keepText(m, folder, name, text); err != nil {
			return err
		}
	}
	for i := range m.Outputs {
		o := &m.Outputs[i]
		if before, some := t.before(*o); some { // it was not kept again
			o.Close = before.Close
			continue
		}
		first := t.firstOf(m.Place, o.Name)
		if t.work.Tolerance > 0 && first != "" && o.Size <= longestCompared {
			a, errA := os.ReadFile(first)
			b, errB := os.ReadFile(filepath.Join(folder, insideOf(o.Name)))
			o.Close = errA == nil && errB == nil && trials.SameText(a, b, t.work.Tolerance)
		}
	}
	return nil
}

// before is the same output of an earlier run.
func (t *trial) before(o trials.Output) (trials.Output, bool) {
	for _, m := range t.done {
		for _, b := range m.Outputs {
			if b.Name == o.Name && b.Hash == o.Hash {
				return b, true
			}
		}
	}
	return o, false
}

// keepText puts a text beside the outputs, but for one that was there before.
func (t *trial) keepText(m *trials.Measurement, folder, name string, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	sum := sha256.Sum256(text)
	o := trials.Output{Name: name, Size: int64(len(text)), Hash: hex.EncodeToString(sum[:])}
	if !t.kept(o) {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("keeping what an item printed: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return fmt.Errorf("keeping what an item printed: %w", err)
		}
	}
	m.Outputs = append(m.Outputs, o)
	return nil
}

// firstOf is the file that the program's own first run of an item made; "" where it made none.
func (t *trial) firstOf(place int, name string) string {
	for _, m := range t.done {
		for _, o := range m.Outputs {
			if m.Place != place || m.Variant > 0 || o.Name != name {
				continue
			}
			for n, k := range t.done { // who made the same first kept it
				for _, other := range k.Outputs {
					if path := filepath.Join(t.dir.Made(n+1), insideOf(name)); other.Name == name && other.Hash == o.Hash && isFile(path) {
						return path
					}
				}
			}
		}
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// printed is the beginning of what an item wrote to a stream of the first slot, of at most so many bytes.
func (t *trial) printed(stream string, span items.Span, most int64) []byte {
	f, err := os.Open(t.dir.Log(t.writer, 0, stream))
	if err != nil {
		return nil
	}
	defer f.Close()
	text := make([]byte, min(span[1], most))
	n, _ := f.ReadAt(text, span[0])
	return text[:n]
}
