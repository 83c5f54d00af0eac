package runs

import "golang.org/x/sys/unix"

// DiskFull says whether there is no room left where the run is kept. A worker that could write no
// record could not leave word of it either.
func (r *Run) DiskFull() bool {
	const room = 64 << 10
	var disk unix.Statfs_t
	return unix.Statfs(string(r.dir), &disk) == nil && disk.Bavail*uint64(disk.Bsize) < room
}
