package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// What `hpcsub doctor` asks, and nothing else: whether Slurm's daemons answer, and what is there.

// Health is what one of Slurm's daemons said when it was asked for nothing much.
type Health struct {
	Daemon string        // "slurmctld"
	Took   time.Duration // until it answered
	Words  string        // what it said of itself
	Err    error         // why there is no answer
}

// programs are those that Commands runs, with what for.
var programs = []string{"sbatch", "squeue", "scancel", "scontrol", "sacct", "sacctmgr", "srun"}

// Programs says where each of Slurm's commands is; "" where it is not on PATH.
func (c *Commands) Programs() map[string]string {
	paths := map[string]string{}
	for _, name := range programs {
		paths[name], _ = c.find(name)
	}
	return paths
}

// Ping asks the controller, and slurmdbd where accounting is kept there.
func (c *Commands) Ping(ctx context.Context, accounting bool) []Health {
	all := []Health{c.ping(ctx, "slurmctld", []string{"scontrol", "ping"}, parsePing)}
	if h := &all[0]; h.Err == nil && !slices.ContainsFunc(strings.Split(h.Words, "; "), func(l string) bool { return strings.HasSuffix(l, " UP") }) {
		h.Err = &AbsentError{"scontrol ping", "no controller is up: " + h.Words}
	}
	if accounting {
		all = append(all, c.ping(ctx, "slurmdbd", []string{"sacctmgr", "-P", "show", "cluster", "format=Cluster"}, parseClusters))
	}
	return all
}

func (c *Commands) ping(ctx context.Context, daemon string, argv []string, parse func(io.Reader) (string, error)) Health {
	h := Health{Daemon: daemon}
	start := time.Now()
	h.Err = c.parsed(ctx, argv, func(text []byte) (err error) {
		h.Words, err = parse(bytes.NewReader(text))
		return err
	})
	h.Took = time.Since(start)
	return h
}

// parsePing reads "Slurmctld(primary) at ctl is UP", a line a controller.
func parsePing(r io.Reader) (string, error) {
	var lines []string
	err := readLines(r, func(line []byte) error {
		lines = append(lines, string(line))
		if !bytes.HasPrefix(line, []byte("Slurmctld(")) {
			return fmt.Errorf("want Slurmctld(primary) at HOST is UP, got %q", head(line))
		}
		return nil
	})
	return strings.Join(lines, "; "), err
}

func parseClusters(r io.Reader) (string, error) {
	var names []string
	err := readRows(r, "Cluster", func(f []string) error {
		names = append(names, f[0])
		return nil
	})
	if err == nil && len(names) == 0 {
		err = errors.New("it knows no cluster")
	}
	return "it knows " + strings.Join(names, ", "), err
}

// Coordinator says what a user may do for others, as accounting has it: the administrator's level, "None" for
// nearly everybody, and the accounts whose coordinator the user is.
func (c *Commands) Coordinator(ctx context.Context) (level string, accounts []string, err error) {
	argv := []string{"sacctmgr", "-P", "show", "user", "where", "name=" + c.whoami(ctx).name, "withcoord", "format=User,AdminLevel,Coordinators"}
	err = c.parsed(ctx, argv, func(text []byte) error {
		level, accounts, err = parseCoordinator(bytes.NewReader(text))
		return err
	})
	return level, accounts, err
}

func parseCoordinator(r io.Reader) (level string, accounts []string, err error) {
	err = readRows(r, "User|Admin|Coord Accounts", func(f []string) error {
		level, accounts = f[1], splitList(f[2])
		return nil
	})
	return level, accounts, err
}

// MPITypes are those that `srun --mpi=list` has.
func (c *Commands) MPITypes(ctx context.Context) ([]string, error) {
	argv := []string{"srun", "--mpi=list"}
	k, err := c.run(ctx, call{argv: argv})
	if err != nil {
		return nil, err
	}
	if err := k.failure(ctx, argv); err != nil {
		return nil, err
	}
	types, err := parseMPI(string(k.stdout) + k.stderr + "\n") // 20.11 prints it on standard error
	return types, complaint(argv, err)
}

// parseMPI reads the names below "MPI plugin types are...", with "srun: " before each line in old releases.
func parseMPI(text string) ([]string, error) {
	var types []string
	seen := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "srun: "))
		switch {
		case strings.HasPrefix(line, "MPI ") && strings.Contains(line, "types are"):
			seen = true
		case strings.Contains(line, " "), line == "", !seen:
		default:
			types = append(types, line)
		}
	}
	if !seen {
		return nil, fmt.Errorf("want MPI types, got %q", head([]byte(text)))
	}
	return types, nil
}

// Ping asks slurmrestd, and the controller through it. The version is that of its API.
func (r *REST) Ping(ctx context.Context) Health {
	start := time.Now()
	server, err := r.server(ctx)
	h := Health{Daemon: "slurmrestd", Took: time.Since(start), Err: err}
	if err == nil {
		h.Words = fmt.Sprintf("version %s of its API, Slurm %s", server.version, server.release)
	}
	return h
}
