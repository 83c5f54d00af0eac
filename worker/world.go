package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hpcsub/items"
)

// worldProbe is the attempt's file that prints the size of the world in which it finds itself.
const worldProbe = "world.py"

// probeTime is how long ranks may take to find each other.
const probeTime = 2 * time.Minute

// findWorld decides how the ranks of an item find each other, and proves that they do. Which of srun's types
// (--mpi) an MPI library knows cannot be seen from outside, and under a wrong one srun starts as many
// programs of one rank each, which all exit 0. So the types that this node's srun has are tried until a
// probe finds one world of all ranks.
func (w *worker) findWorld() error {
	l := w.launcher
	if filepath.Base(l.argv[0]) == "srun" {
		types, err := mpiTypes(os.LookupEnv)
		if err != nil {
			return err
		}
		if text, err := os.ReadFile(w.dir.MPIType()); err == nil { // another task of the array has tried
			l.argv = typed(l.argv, strings.TrimSpace(string(text)))
			return nil
		}
		return w.tryTypes(types)
	}
	return w.tryTypes([]string{""})
}

// tryTypes keeps the first type that works.
func (w *worker) tryTypes(types []string) error {
	l := w.launcher
	untried := func(why error) error {
		fmt.Fprintf(w.stderr, "hpcsub: warning: whether the %d ranks of an item find each other could not be tried: %v\n", l.ranks, why)
		l.argv = typed(l.argv, types[0])
		return nil
	}
	probe, own, err := w.probe()
	if err != nil {
		return untried(err)
	}
	var seen []string
	for _, kind := range types {
		found, unknown := w.tryWorld(typed(l.argv, kind), probe)
		switch {
		case unknown != nil:
			return untried(unknown)
		case found == "":
			l.argv = typed(l.argv, kind)
			return w.keepType(kind)
		}
		seen = append(seen, strings.TrimSpace(kind+" "+found))
	}
	if !own {
		return untried(fmt.Errorf("its MPI library cannot be seen, and with that of python3 here %s", strings.Join(seen, "; ")))
	}
	reason := fmt.Sprintf("the %d ranks of an item do not find each other: %s. Load the MPI that was built for this cluster ([environment] modules); "+
		"or name the type that the program's MPI library knows: variables = { SLURM_MPI_TYPE = \"pmix\" }", l.ranks, strings.Join(seen, "; "))
	if err := items.WriteStop(w.dir, reason); err != nil {
		return err
	}
	return errors.New(reason)
}

// keepType saves the other tasks of an array the trying.
func (w *worker) keepType(kind string) error {
	if kind == "" {
		return nil
	}
	return items.WriteFile(w.dir.MPIType(), func(f io.Writer) error {
		_, err := io.WriteString(f, kind+"\n")
		return err
	})
}

// typed is the launcher's command with a type.
func typed(argv []string, kind string) []string {
	if kind == "" {
		return argv
	}
	return append([]string{argv[0], "--mpi=" + kind}, argv[1:]...)
}

// mpiTypes are the types of srun that may serve, the likeliest first: the one that the user names, else what
// this node's srun has.
func mpiTypes(env lookup) ([]string, error) {
	if kind, ok := env("SLURM_MPI_TYPE"); ok && kind != "" {
		return []string{kind}, nil
	}
	// Slurm 20.11 prints the list as messages.
	text, err := exec.Command("srun", "--mpi=list").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("asking srun for its types of MPI (srun --mpi=list): %w: %s", err, bytes.TrimSpace(text))
	}
	types := parseMPITypes(string(text))
	if len(types) == 0 {
		return nil, fmt.Errorf("srun has no type of MPI here (srun --mpi=list says %q): the ranks of an item cannot find each other", text)
	}
	return types, nil
}

// parseMPITypes reads `srun --mpi=list`: a type a line, below a heading; "none" starts ranks that do not know of
// each other.
func parseMPITypes(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "srun:"))
		if len(words) == 1 && words[0] != "none" && words[0] != "openmpi" {
			all = append(all, words[0])
		}
	}
	place := func(kind string) int {
		if i := slices.Index([]string{"pmix", "pmi2"}, kind); i >= 0 {
			return i
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b string) int { return place(a) - place(b) })
	return all
}

// tryWorld starts a probe on all ranks, and says in words what it found; "" is one world of them all. unknown
// says why nothing can be told.
func (w *worker) tryWorld(argv, probe []string) (found string, unknown error) {
	dir := w.dir.Ranks(w.opt.Part, 0)
	l := *w.launcher
	l.argv = argv
	command, err := l.command(dir, probe)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = w.work.Spec.Dir, environment(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // srun ends its ranks
	cmd.WaitDelay = 10 * time.Second
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	sizes := worldSizes(out.String())
	switch {
	case ctx.Err() != nil:
		return fmt.Sprintf("did not end within %v", probeTime), nil
	case slices.ContainsFunc(collect(dir), func(r rankReport) bool { return r.Code == probeBlind }):
		return "", fmt.Errorf("%s", lastLine(errOut.String()))
	case len(sizes) == l.ranks && !slices.ContainsFunc(sizes, func(n int) bool { return n != l.ranks }):
		return "", nil
	case len(sizes) > 0:
		return fmt.Sprintf("gives %d worlds, the first of size %d", worlds(sizes), sizes[0]), nil
	}
	return fmt.Sprintf("starts nothing (%v: %s)", err, lastLine(errOut.String())), nil
}

// probeBlind is world.py's exit code where it finds no MPI library.
const probeBlind = 9

// worldSizes reads what the ranks of a probe printed.
func worldSizes(text string) []int {
	var sizes []int
	for line := range strings.Lines(text) {
		var rank, size int
		if _, err := fmt.Sscanf(line, "hpcsub-world %d %d", &rank, &size); err == nil {
			sizes = append(sizes, size)
		}
	}
	return sizes
}

// worlds is how many worlds ranks of such sizes make.
func worlds(sizes []int) int {
	n := 0.0
	for _, size := range sizes {
		n += 1 / float64(max(1, size))
	}
	return int(n + 0.5)
}

// probe is a command that tells the size of the world through the same MPI library as the items: that of their own
// Python, or the one that their program is linked with. Where neither can be seen, it is that of any Python,
// and not their own.
func (w *worker) probe() (argv []string, own bool, err error) {
	t, more, err := w.queue.peek()
	if err != nil || !more || t.bad != nil {
		return nil, false, errors.New("there is no item to look at")
	}
	script := w.dir.Python(worldProbe)
	program, err := w.spawn.find(t.argv[0])
	if err != nil {
		return nil, false, err
	}
	if python := pythonOf(program); python != nil {
		return append(python, script), true, nil
	}
	if library := mpiLibrary(program); library != "" {
		return []string{"python3", script, library}, true, nil
	}
	return []string{"python3", script}, false, nil
}

// pythonOf is the interpreter of a Python program, with its argument where it has one; nil for others.
func pythonOf(program string) []string {
	if strings.HasPrefix(filepath.Base(program), "python") {
		return []string{program}
	}
	words := interpreterLine(program)
	if len(words) > 0 && strings.HasPrefix(filepath.Base(words[len(words)-1]), "python") {
		return words
	}
	return nil
}

// mpiLibrary is the MPI library that a program is linked with; "" = none that can be seen.
func mpiLibrary(program string) string {
	out, _ := exec.Command("ldd", program).Output() // a script, or a static program: nothing is seen
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) >= 3 && strings.HasPrefix(f[0], "libmpi") && strings.Contains(f[0], ".so") && f[1] == "=>" &&
			!strings.Contains(f[0], "mpifort") && !strings.Contains(f[0], "mpi_cxx") && !strings.Contains(f[0], "mpicxx") && strings.HasPrefix(f[2], "/") {
			return f[2]
		}
	}
	return ""
}
