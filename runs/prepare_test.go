package runs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hpcsub/configs"
	"hpcsub/items"
)

// TestStartRefusesANewerRun: of two submits at once both found no run, and each started one.
func TestStartRefusesANewerRun(t *testing.T) {
	dir := t.TempDir()
	job := filepath.Join(dir, "job.toml")
	newer := items.RunDir(filepath.Join(Root(dir), "fit-aaaaaa"))
	if err := os.MkdirAll(string(newer), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(newer.File(), &Run{ID: "fit-aaaaaa", Job: job}); err != nil {
		t.Fatal(err)
	}
	for _, after := range []string{"", "fit-bbbbbb"} {
		_, _, err := Start(t.Context(), nil, Order{Job: &configs.Job{Path: job, Dir: dir}, After: after}, nil)
		var overtaken *OvertakenError
		if !errors.As(err, &overtaken) || overtaken.Run != "fit-aaaaaa" {
			t.Errorf("after %q: got %v, want run fit-aaaaaa in the way", after, err)
		}
	}
}
