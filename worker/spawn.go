package worker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// spawner starts programs. It is used from one thread that lives as long as the worker: a
// child gets SIGKILL when the thread that started it ends, so that no item outlives a worker
// that was killed and runs beside its second life.
type spawner struct {
	dir   string // where items run
	null  int    // fd of /dev/null
	base  []string
	found map[string]string // program as written → file
	sys   syscall.SysProcAttr
}

func newSpawner(dir string, environ []string) (*spawner, error) {
	null, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", os.DevNull, err)
	}
	return &spawner{
		dir: dir, null: null, base: environ, found: map[string]string{},
		sys: syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}, nil
}

func (s *spawner) close() { syscall.Close(s.null) }

// exec codes as a shell gives them.
const (
	codeNotExecutable = 126
	codeNotFound      = 127
)

// execError says that a program could not be started: the item's fault, not the worker's.
type execError struct {
	code  int
	cause string
}

func (e *execError) Error() string { return e.cause }

// busyError says that the machine has no room for one more process just now.
type busyError struct{ err error }

func (e *busyError) Error() string { return "starting a process: " + e.err.Error() }

// start runs argv in a process group of its own. files are its descriptors from 0 on: stdin, stdout
// and stderr, and more where it speaks with the worker.
func (s *spawner) start(argv, environ []string, files ...int) (pid int, err error) {
	attr := &syscall.ProcAttr{Dir: s.dir, Env: environ, Sys: &s.sys}
	for _, fd := range files {
		attr.Files = append(attr.Files, uintptr(fd))
	}
	file, err := s.find(argv[0])
	if err != nil {
		return 0, err
	}
	pid, err = syscall.ForkExec(file, argv, attr)
	if errors.Is(err, syscall.ENOEXEC) { // a script without #!: as execvp and every shell do
		pid, err = syscall.ForkExec("/bin/sh", append([]string{"sh", file}, argv[1:]...), attr)
	}
	if err != nil {
		delete(s.found, argv[0]) // it may have moved
		return 0, s.explain(err, argv[0])
	}
	return pid, nil
}

// find looks a program up as execvp does, from the folder where the items run.
func (s *spawner) find(program string) (string, error) {
	if file, known := s.found[program]; known {
		return file, nil
	}
	file, err := s.search(program)
	if err != nil {
		return "", err
	}
	if len(s.found) > 1000 { // programs that are values of a column: keep the memory flat
		clear(s.found)
	}
	s.found[program] = file
	return file, nil
}

func (s *spawner) search(program string) (string, error) {
	if strings.Contains(program, "/") {
		return program, s.executable(program)
	}
	denied := error(nil)
	for _, dir := range filepath.SplitList(s.variable("PATH")) {
		if dir == "" {
			dir = "."
		}
		file := filepath.Join(dir, program)
		if !strings.Contains(file, "/") {
			file = "./" + file
		}
		err := s.executable(file)
		if err == nil {
			return file, nil
		}
		if e := (*execError)(nil); errors.As(err, &e) && e.code == codeNotExecutable && denied == nil {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", &execError{codeNotFound, fmt.Sprintf("%q not found on PATH", program)}
}

// executable says what stands in the way of running a file.
func (s *spawner) executable(file string) error {
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.dir, file)
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrPermission):
		return &execError{codeNotExecutable, fmt.Sprintf("%q: permission denied", file)}
	case err != nil:
		return &execError{codeNotFound, fmt.Sprintf("%q not found", file)}
	case info.IsDir():
		return &execError{codeNotExecutable, fmt.Sprintf("%q is a folder", file)}
	case info.Mode()&0o111 == 0:
		return &execError{codeNotExecutable, fmt.Sprintf("%q is not executable: chmod +x it, or name its interpreter first", file)}
	}
	return nil
}

// explain tells the three kinds of errors apart: the program's, the machine's and the worker's.
func (s *spawner) explain(err error, program string) error {
	switch err {
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE:
		return &busyError{err}
	case syscall.E2BIG:
		return &execError{codeNotExecutable, fmt.Sprintf("%q: the arguments and the environment are too long for this system", program)}
	}
	if info, gone := os.Stat(s.dir); gone != nil || !info.IsDir() {
		return fmt.Errorf("starting items in %q: the folder is gone: %w", s.dir, err)
	}
	if errors.Is(err, os.ErrNotExist) {
		// The file was found a moment ago, so what lacks is what its first line names.
		if interpreter := interpreterOf(s.absolute(program)); interpreter != "" {
			return &execError{codeNotFound, fmt.Sprintf("%q: its interpreter %q not found", program, interpreter)}
		}
		return &execError{codeNotFound, fmt.Sprintf("%q not found", program)}
	}
	return &execError{codeNotExecutable, fmt.Sprintf("%q: %v", program, err)}
}

func (s *spawner) absolute(program string) string {
	file, err := s.search(program)
	if err != nil || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(s.dir, file)
}

// interpreterOf is the program that the first line of a script names.
func interpreterOf(file string) string {
	if words := interpreterLine(file); len(words) > 0 {
		return words[0]
	}
	return ""
}

// interpreterLine reads the #! line of a script.
func interpreterLine(file string) []string {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := f.Read(head) // nothing read is no interpreter
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	line, script := strings.CutPrefix(line, "#!")
	if !script {
		return nil
	}
	return strings.Fields(line)
}

func (s *spawner) variable(name string) string {
	for _, entry := range s.base {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// environment is the script's, without what the worker itself sets for each item.
func environment(environ []string) []string {
	own := []string{"HPCSUB_RUN", "HPCSUB_SLOT", "HPCSUB_ITEM_ID", "HPCSUB_ITEM_INDEX", "HPCSUB_RANK", "HPCSUB_NODE", "HPCSUB_MEETING", socketVariable}
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(own, name)
	})
}
