package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProbe looks at a machine whose parallel is moreutils' and whose Python has one package.
func TestProbe(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"parallel": "#!/bin/sh\necho 'parallel: invalid option -- -' >&2\nexit 1\n",
		"python3":  "#!/bin/sh\nprintf '3.11.2\\n1.26.4\\n\\n\\n\\n'\n",
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("LMOD_VERSION", "8.7")
	got := Probe(t.Context())
	if got.Parallel.Path == "" || !strings.Contains(got.Parallel.Problem, "is not GNU Parallel") {
		t.Errorf("parallel: got %+v", got.Parallel)
	}
	if got.Python.Version != "3.11.2" || got.Packages[0] != (Tool{Name: "numpy", Version: "1.26.4"}) || got.Packages[1].Version != "" {
		t.Errorf("Python: got %+v, %+v", got.Python, got.Packages)
	}
	if got.System != "Lmod 8.7" || got.Host == "" {
		t.Errorf("got %+v", got)
	}
	must(t, os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\nexit 3\n"), 0o755))
	must(t, os.Remove(filepath.Join(dir, "parallel")))
	t.Setenv("PATH", dir)
	if got := Probe(t.Context()); got.Python.Problem == "" || got.Parallel.Path != "" {
		t.Errorf("got %+v, %+v", got.Python, got.Parallel)
	}
}

// TestNumPyThreads: they are counted in a process that nothing tells how many to take; a NumPy that cannot be imported tells nothing.
func TestNumPyThreads(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "numpy.py"), []byte(`import os, threading, time
class ones:
    def __init__(self, shape): pass
    def __matmul__(self, other):
        for _ in range(int(os.environ.get("OMP_NUM_THREADS", 4)) - 1):
            threading.Thread(target=time.sleep, args=(0.5,)).start()
`), 0o600))
	t.Setenv("PYTHONPATH", dir)
	t.Setenv("OMP_NUM_THREADS", "1")
	if got := numpyThreads(t.Context(), "python3"); got != "4" {
		t.Errorf("got %q threads, want the 4 that it takes by itself", got)
	}
	must(t, os.WriteFile(filepath.Join(dir, "numpy.py"), []byte("raise ImportError"), 0o600))
	if got := numpyThreads(t.Context(), "python3"); got != "" {
		t.Errorf("of one that cannot be imported: got %q", got)
	}
}
