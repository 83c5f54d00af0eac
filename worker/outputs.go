package worker

import (
	"fmt"
	"os"
	"path/filepath"
)

// outputs makes the folders of what items make, and looks whether they made it.
type outputs struct {
	dir  string          // relative paths start here
	made map[string]bool // folders known to be there
}

func (o *outputs) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(o.dir, name)
}

// prepare makes the parents of an item's outputs.
func (o *outputs) prepare(names []string) error {
	for _, name := range names {
		parent := filepath.Dir(o.path(name))
		if o.made[parent] {
			continue
		}
		if err := os.MkdirAll(parent, 0o777); err != nil {
			return fmt.Errorf("making the folder of output %q: %w", name, err)
		}
		if len(o.made) > 10000 { // a folder an item: keep the memory flat
			clear(o.made)
		}
		o.made[parent] = true
	}
	return nil
}

// missing returns the first output that is not there; "" when all are.
func (o *outputs) missing(names []string) string {
	for _, name := range names {
		if _, err := os.Stat(o.path(name)); err != nil {
			return name
		}
	}
	return ""
}
