//go:build !cgo || !linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScriptsOfGPUs runs testdata/gpu/*.txtar with the nvidia-smi of package gpu's tests, which shows
// eight GPUs. With cgo the driver's library is asked, which cannot be replaced.
func TestScriptsOfGPUs(t *testing.T) {
	data, err := filepath.Abs("../../gpu/testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:         "testdata/gpu",
		WorkdirRoot: workRoot(t),
		Cmds:        map[string]func(*testscript.TestScript, bool, []string){"keys": keys},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("FAKE_GPU", filepath.Join(data, "dgxa100"))
			env.Setenv("GPUDATA", data)
			env.Setenv("PATH", filepath.Join(data, "bin")+string(os.PathListSeparator)+env.Getenv("PATH"))
			return nil
		},
	})
}
