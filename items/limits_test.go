package items

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// inChild runs the test once more in a process of its own, and says whether this is that: a limit on files holds for what go test
// writes of a test, too.
func inChild(t *testing.T) bool {
	t.Helper()
	const is = "HPCSUB_TEST_CHILD"
	if os.Getenv(is) != "" {
		return true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), is+"=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// limitFiles makes this process meet a full disk: no file may grow past so many bytes,
// until lift is called or the test ends.
func limitFiles(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails, and not the process
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	lift = func() {
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
		signal.Reset(syscall.SIGXFSZ)
	}
	t.Cleanup(lift)
	return lift
}
