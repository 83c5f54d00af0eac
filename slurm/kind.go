package slurm

// SameKind says whether two nodes are alike in what makes a program fast or slow, as far as Slurm tells it: processors, cores,
// threads, and memory to a tenth, since nodes of one delivery differ by a little. Two makes of processor of one shape look alike.
func (n Node) SameKind(o Node) bool {
	return n.Arch == o.Arch && n.Sockets == o.Sockets && n.CoresPerSocket == o.CoresPerSocket && n.ThreadsPerCore == o.ThreadsPerCore &&
		10*max(n.MemoryMiB, o.MemoryMiB) <= 11*min(n.MemoryMiB, o.MemoryMiB)
}
