package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hpcsub/runs"
	"hpcsub/worker"
)

// fileSystems are those that a login node may have, by their number (statfs(2)); shared says that other machines see them.
var fileSystems = map[int64]struct {
	name   string
	shared bool
}{
	0x6969: {"NFS", true}, 0x0bd00bd0: {"Lustre", true}, 0x47504653: {"GPFS", true}, 0x19830326: {"BeeGFS", true}, 0x00c36400: {"CephFS", true},
	0x013111a8: {"GFS2", true}, 0xaad7aaea: {"Panasas", true}, 0x65735546: {"FUSE", true}, 0x517b: {"SMB", true}, 0xff534d42: {"CIFS", true},
	0xef53: {"ext4", false}, 0x58465342: {"XFS", false}, 0x9123683e: {"Btrfs", false}, 0x2fc12fc1: {"ZFS", false}, 0x01021994: {"tmpfs", false},
	0x794c7630: {"overlay", false},
}

// The least that a run needs of a disk, and what is little.
const (
	leastFree, littleFree   = 64 << 20, 1 << 30
	leastFiles, littleFiles = 100, 10_000
)

// folder looks at where the runs of this folder would be kept.
func (d *doctor) folder(ctx context.Context, dir string, p *place) {
	const area = "this folder"
	root := runs.Root(dir)
	d.found(area, "runs are kept in %s", root)
	onCluster := p.cluster == nil || p.cluster.Client != "local"
	if own := privateFolder(dir); own != "" && onCluster {
		d.broken(exitInfeasible, area, "work in a folder that the nodes share, such as your home folder",
			"the nodes do not see it: every machine has a %s of its own", own)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		d.broken(exitInternal, area, "", "it cannot be looked at: %v", err)
		return
	}
	d.fileSystem(area, int64(fs.Type), onCluster)
	asked := d.quota(ctx, area, dir, fileSystems[int64(fs.Type)].name == "Lustre")
	d.space(area, uint64(fs.Bavail)*uint64(fs.Bsize), fs.Ffree, fs.Files, asked)
	if err := tryFolder(dir); err != nil {
		d.broken(exitInfeasible, area, "work in a folder where you may write", "it cannot keep runs: %v", err)
	} else {
		d.found(area, "files, symbolic links and renaming work, which keep a run from being submitted twice")
	}
}

func (d *doctor) fileSystem(area string, number int64, onCluster bool) {
	kind, known := fileSystems[number]
	switch {
	case !known:
		d.note(area, "its file system has the number %#x; hpcsub doctor --node shows whether the nodes see it", number)
	case kind.shared || !onCluster:
		d.found(area, "it is on %s", kind.name)
	case d.asksNode:
		d.note(area, "it is on %s, a disk of this machine; what a node says of it stands below", kind.name)
	default:
		d.warn(area, "hpcsub doctor --node shows whether the nodes see it", "it is on %s, a disk of this machine: the nodes see it only if it is exported from here", kind.name)
	}
}

// quota warns of one that is nearly reached, and says whether there was anything to ask.
func (d *doctor) quota(ctx context.Context, area, dir string, lustre bool) bool {
	q, known := worker.FolderQuota(ctx, dir, lustre)
	const mend = "delete what is not needed, or work elsewhere; the administrators can raise it"
	for _, x := range []struct {
		have, most, hard int
		text             func(n int) string
	}{
		{q.UsedKiB, q.LimitKiB(), q.HardKiB, func(kib int) string { return memory(float64(kib) / 1024) }},
		{q.FilesUsed, q.FilesLimit(), q.FilesHard, func(n int) string { return count(n, "file") }},
	} {
		switch text := fmt.Sprintf("%s of the %s that your quota allows", x.text(x.have), x.text(x.most)); {
		case x.most == 0 || x.have < x.most/10*9:
		case x.hard > 0 && x.have >= x.hard:
			d.broken(exitInfeasible, area, mend, "your quota is used up: %s", text)
		case x.have >= x.most: // more may be kept for a while, up to the hard limit
			d.warn(area, mend, "your quota is exceeded: %s", text)
		default:
			d.warn(area, mend, "your quota is nearly reached: %s", text)
		}
	}
	return known
}

// space warns of a disk that is nearly full. A quota may be reached before it is; quotaAsked: that is looked at.
func (d *doctor) space(area string, free, freeFiles, files uint64, quotaAsked bool) {
	text := fmt.Sprintf("%s free", memory(float64(free>>20)))
	if files > 0 {
		text += fmt.Sprintf(", room for %s", count(int(min(freeFiles, 1<<40)), "file"))
	}
	mend := "delete what is not needed, or work elsewhere"
	switch {
	case free < leastFree || files > 0 && freeFiles < leastFiles:
		d.broken(exitInfeasible, area, mend, "its disk is full: %s", text)
	case free < littleFree || files > 0 && freeFiles < littleFiles:
		d.warn(area, mend, "its disk is nearly full: %s", text)
	case quotaAsked:
		d.found(area, "%s", text)
	default:
		d.found(area, "%s (a quota of yours may be less, and could not be asked for)", text)
	}
}

// tryFolder does what a run does: it writes a file, makes a symbolic link once, and renames.
func tryFolder(dir string) error {
	work, err := os.MkdirTemp(dir, ".hpcsub-doctor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	file, link := filepath.Join(work, "file"), filepath.Join(work, "link")
	if err := os.WriteFile(file, []byte("hpcsub\n"), 0o600); err != nil {
		return err
	}
	if err := os.Symlink("1234.0.abc", link); err != nil {
		return err
	}
	if os.Symlink("1234.0.abc", link) == nil {
		return fmt.Errorf("a symbolic link could be made twice: this file system cannot keep two jobs apart")
	}
	return os.Rename(file, filepath.Join(work, "renamed"))
}

// environment names the variables that change what Slurm's commands do.
func (d *doctor) environment(environ []string) {
	const area = "environment"
	var set []string
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		for _, prefix := range []string{"SBATCH_", "SLURM_", "SRUN_", "SQUEUE_", "SINFO_", "SACCT_", "SALLOC_", "SCANCEL_"} {
			if value != "" && strings.HasPrefix(name, prefix) && !slices.Contains([]string{"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_JWT"}, name) {
				set = append(set, name)
			}
		}
	}
	slices.Sort(set)
	switch {
	case os.Getenv("SLURM_JOB_ID") != "":
		d.warn(area, "leave the job before you submit another", "this is inside Slurm job %s", os.Getenv("SLURM_JOB_ID"))
	case len(set) == 0:
		d.found(area, "nothing is set that changes what Slurm's commands do")
	default:
		d.warn(area, "unset what you do not want: it beats the #SBATCH lines of scripts that you submit yourself",
			"set here: %s. hpcsub asks Slurm without them", strings.Join(set, ", "))
	}
}
