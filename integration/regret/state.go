package regret

// A State is what the cluster is doing when a workload comes: jobs of others, which hold places.
type State struct {
	About string
	Held  []Held
	// Hole says that a job over all nodes waits for the others' to end at their time limit: what runs before it has to
	// be over by then.
	Hole bool
	// Whole says that partition long gives whole nodes to each job.
	Whole bool
}

// Held is a job of somebody else's on one node.
type Held struct {
	Node    string
	CPUs    int
	Seconds int // it ends by itself after so long; 0 = when the workload has ended
	Minutes int // its time limit; 0 = a day
}

// The states other than idle. The lab has nodes of 8, 8, 32 (16 cores of two threads) and 32 CPUs.
var (
	scattered = State{About: "12 CPUs free, here and there", Held: []Held{
		{Node: "c1", CPUs: 6}, {Node: "c2", CPUs: 6}, {Node: "c3", CPUs: 28}, {Node: "c4", CPUs: 28}}}
	fewFree = State{About: "5 CPUs free", Held: []Held{
		{Node: "c1", CPUs: 8}, {Node: "c2", CPUs: 7}, {Node: "c3", CPUs: 32}, {Node: "c4", CPUs: 28}}}
	leaving = State{About: "8 CPUs free, 24 more after 15 s", Held: []Held{
		{Node: "c1", CPUs: 8}, {Node: "c2", CPUs: 8}, {Node: "c3", CPUs: 32}, {Node: "c4", CPUs: 24, Seconds: 15}}}
	whole = State{About: "each job has its nodes for itself", Whole: true}
	hole  = State{About: "16 CPUs free until a waiting job starts in 4 min", Hole: true, Held: []Held{
		{Node: "c3", CPUs: 32, Minutes: 4}, {Node: "c4", CPUs: 32, Minutes: 4}}}
)
