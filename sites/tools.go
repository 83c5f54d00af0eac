package sites

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/runs"
	"hpcsub/slurm"
	"hpcsub/strategies"
	"hpcsub/templates"
)

// tool is a small run that shows what one way to hand out items costs.
type tool struct {
	name, strategy, work string
	items                int
	nodes                int    // 0 = as many as a plan takes
	each                 string // more lines of [each]
}

// The runs: a program, or a function, that does nothing, and MPI ranks that do no more than meet.
var toolRuns = []tool{
	{name: "worker", strategy: "single", work: `command = "true {n}"`, items: 200},
	{name: "parallel", strategy: "gnu-parallel", work: `command = "true {n}"`, items: 200},
	{name: "call", strategy: "single", work: `function = "calibration:nothing"`, items: 400},
	{name: "pathos", strategy: "pathos", work: `function = "calibration:nothing"`, items: 400},
	{name: "pathos servers", strategy: "pathos", work: `function = "calibration:nothing"`, items: 400, nodes: 2},
	{name: "dask", strategy: "dask", work: `function = "calibration:nothing"`, items: 400},
	{name: "mpi", strategy: "single", work: `command = "python3 world.py"`, items: 5, each: "parallel = \"mpi\"\ncpus = 2\n"},
}

// toolRepeats is how often each is run: what is measured once has no spread.
const toolRepeats = 2

// toolPatience is how long one of the runs may take, with its wait.
const toolPatience = 3 * time.Minute

// toolMark is what one run of a tool showed, in seconds.
type toolMark struct {
	start  float64 // from the script's setup to the first item
	item   float64 // handing out one item, on top of the item itself
	length float64 // an item itself, the median
	stop   float64 // from the last item's end to the script's end
}

// Tools runs each tool in a job of its own and puts what it costs into r. A tool that is not there is passed over, and Say
// tells why.
func (c Calibration) Tools(ctx context.Context, r *configs.CostRange) error {
	measured := map[string][]toolMark{}
	for _, t := range toolRuns {
		c.Say(fmt.Sprintf("%s: %d items that do nothing, in %d runs", t.name, t.items, toolRepeats))
		for k := range toolRepeats {
			m, err := c.run(ctx, t, k)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				c.Say(fmt.Sprintf("%s is not measured: %v", t.name, err))
				break
			}
			measured[t.name] = append(measured[t.name], m)
		}
	}
	toolCosts(measured, r)
	return nil
}

// run makes one run, waits for its end and reads its records.
func (c Calibration) run(ctx context.Context, t tool, k int) (toolMark, error) {
	ctx, stop := context.WithTimeout(ctx, toolPatience)
	defer stop()
	job, list, err := c.toolJob(t, k)
	if err != nil {
		return toolMark{}, err
	}
	in := c.toolInput(job, t)
	plan := strategies.Choose(in)
	for cpus := 2; plan.Chosen == nil && cpus <= 4; cpus *= 2 { // a core may be given whole
		in.Limits.CPUs = cpus
		plan = strategies.Choose(in)
	}
	if plan.Chosen == nil {
		return toolMark{}, errors.New(plan.Against(t.strategy))
	}
	if t.nodes > 1 {
		overNodes(plan.Chosen, t.nodes)
	}
	r, a, err := runs.Start(ctx, c.Client, runs.Order{Job: job, List: list, Items: t.items, Input: in, Plan: plan, Cluster: c.Cluster, Program: c.Program}, nil)
	if err != nil {
		return toolMark{}, err
	}
	if err := c.await(ctx, r, job.Dir); err != nil {
		return toolMark{}, errors.Join(err, r.Cancel(context.WithoutCancel(ctx), c.Client))
	}
	return readTool(r, a, job.Dir)
}

// toolJob writes the job of one run into a folder of its own.
func (c Calibration) toolJob(t tool, k int) (*configs.Job, *items.List, error) {
	dir := filepath.Join(c.Dir, strings.ReplaceAll(t.name, " ", "-")+strconv.Itoa(k))
	text := fmt.Sprintf("name = \"calibrate-%s\"\n%s\n[sweep]\nn = { from = 1, to = %d }\n[each]\ntime = \"10ms\"\n%s[environment]\nsetup = \"date +%%s.%%N >begin\"\n",
		strings.ReplaceAll(t.name, " ", "-"), t.work, t.items, t.each)
	path := filepath.Join(dir, "job.toml")
	drivers, err := templates.Drivers()
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	for _, f := range []struct{ path, text string }{
		{path, text}, {filepath.Join(dir, "calibration.py"), "def nothing(n):\n    pass\n"}, {filepath.Join(dir, "world.py"), string(drivers["world.py"])},
	} {
		if err == nil {
			err = os.WriteFile(f.path, []byte(f.text), 0o600)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	job, err := configs.ReadJob(path)
	if err != nil {
		return nil, nil, err
	}
	job.Slurm = c.Slurm
	list, err := items.Open(job.Work)
	return job, list, err
}

// toolInput asks for as little as can be: one slot shows what is serial. The end is written down by an epilogue.
func (c Calibration) toolInput(job *configs.Job, t tool) strategies.Input {
	job.Plan.Strategy, job.Limits.CPUs = t.strategy, 1
	in := runs.NewInput(job, t.items, c.Cluster)
	in.Site.Modules, in.Interface = c.Modules, c.Interface
	in.Site.Templates = []configs.Template{{Name: "epilogue", Text: "date +%s.%N >end.part && mv end.part end\n"}}
	return in
}

// overNodes gives a plan for one node more of them, each with a part and as many slots: by itself no plan takes a second
// node before one is full.
func overNodes(c *strategies.Candidate, nodes int) {
	c.Request.Nodes, c.Request.Tasks = nodes, nodes
	c.Layout.Parts, c.Layout.ItemsPerPart = nodes, (c.Layout.ItemsPerPart+nodes-1)/nodes
	c.Layout.Submissions = []strategies.IndexRange{{First: 0, Count: nodes}}
}

// endGrace is how long a script may go on once all records are there: Dask takes seconds to end.
const endGrace = 30 * time.Second

// await waits for the mark that a script leaves at its end.
func (c Calibration) await(ctx context.Context, r *runs.Run, dir string) error {
	var settled time.Time
	var ask pace
	for {
		if _, err := os.Stat(filepath.Join(dir, "end")); err == nil {
			return nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("its run %s has not ended: %w", r.ID, ctx.Err())
		case <-time.After(500 * time.Millisecond):
		}
		var client slurm.Client // nil: the records alone
		if ask.due(time.Now()) {
			client = c.Client
		}
		s, err := r.Status(ctx, client)
		if err != nil {
			return err
		}
		if s.Settled && settled.IsZero() {
			settled = time.Now()
		}
		if s.Settled && time.Since(settled) > endGrace {
			return fmt.Errorf("its script left no mark of its end; its run is %s, with %d of %d items done", s.State, s.Items.Done, s.Items.Total)
		}
	}
}

// readTool makes the mark of the records: between two items that follow each other in one slot lies what it took to hand
// out the second.
func readTool(r *runs.Run, a *runs.Attempt, dir string) (toolMark, error) {
	begin, err := moment(filepath.Join(dir, "begin"))
	if err != nil {
		return toolMark{}, err
	}
	end, err := moment(filepath.Join(dir, "end"))
	if err != nil {
		return toolMark{}, err
	}
	records, err := items.Collect(r.Items, a.Dir())
	if err != nil {
		return toolMark{}, err
	}
	var all []span
	for i := range r.Items {
		rec, err := records.Record(i)
		if err == nil && rec.State == items.Done && rec.End != nil {
			all = append(all, span{rec.Start, *rec.End})
		}
	}
	if len(all) < r.Items {
		return toolMark{}, fmt.Errorf("%d of %d items are done; its job printed last: %s", len(all), r.Items, lastWords(a.Dir().SlurmDir()))
	}
	return toolMarkOf(all, begin, end, a.Layout.Slots), nil
}

// lastWords is the last line of the logs in a folder.
func lastWords(dir string) string {
	logs, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	last := "nothing"
	for _, path := range logs {
		text, _ := os.ReadFile(path)
		if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); lines[len(lines)-1] != "" {
			last = lines[len(lines)-1]
		}
	}
	return last
}

func moment(path string) (float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
}

func toolMarkOf(all []span, begin, end float64, slots int) toolMark {
	slices.SortFunc(all, func(a, b span) int { return int(1e6 * (a.begin - b.begin)) })
	busy, last := 0.0, 0.0
	for _, s := range all {
		busy, last = busy+s.end-s.begin, max(last, s.end)
	}
	first := all[0].begin
	item := max(0, (last-first-busy/float64(max(1, slots)))/float64(len(all)))
	return toolMark{start: first - begin, item: item, length: median(lengthsOf(all)), stop: max(0, end-last)}
}

// toolCosts makes the model's figures: what a tool adds to what it stands on.
func toolCosts(measured map[string][]toolMark, r *configs.CostRange) {
	start := func(m toolMark) float64 { return m.start }
	item := func(m toolMark) float64 { return m.item }
	stop := func(m toolMark) float64 { return m.stop }
	length := func(m toolMark) float64 { return m.length }
	set := func(to func(*configs.Costs) *float64, name string, of func(toolMark) float64, less float64) float64 {
		var all []float64
		for _, m := range measured[name] {
			all = append(all, max(0, of(m)-less))
		}
		if len(all) == 0 {
			return 0
		}
		three := ends(all)
		*to(&r.Low), *to(&r.Middle), *to(&r.High) = fine(three[0]), fine(three[1]), fine(three[2])
		return three[1]
	}
	worker := set(func(c *configs.Costs) *float64 { return &c.WorkerStart }, "worker", start, 0)
	set(func(c *configs.Costs) *float64 { return &c.WorkerItem }, "worker", item, 0)
	last := set(func(c *configs.Costs) *float64 { return &c.Stop }, "worker", stop, 0)
	set(func(c *configs.Costs) *float64 { return &c.ParallelStart }, "parallel", start, worker)
	set(func(c *configs.Costs) *float64 { return &c.ParallelItem }, "parallel", item, 0)
	python := set(func(c *configs.Costs) *float64 { return &c.PythonStart }, "call", start, worker)
	set(func(c *configs.Costs) *float64 { return &c.CallItem }, "call", item, 0)
	pathos := set(func(c *configs.Costs) *float64 { return &c.PathosStart }, "pathos", start, worker+python)
	if pathos > 0 {
		set(func(c *configs.Costs) *float64 { return &c.PathosServers }, "pathos servers", start, worker+python+pathos+r.Middle.StepStart)
	}
	set(func(c *configs.Costs) *float64 { return &c.PathosItem }, "pathos", item, 0)
	set(func(c *configs.Costs) *float64 { return &c.DaskStart }, "dask", start, worker+python)
	set(func(c *configs.Costs) *float64 { return &c.DaskItem }, "dask", item, 0)
	set(func(c *configs.Costs) *float64 { return &c.DaskStop }, "dask", stop, last)
	if python > 0 { // the ranks are programs of Python
		set(func(c *configs.Costs) *float64 { return &c.MPIStart }, "mpi", length, python)
	}
}

// fine keeps three digits, and nothing below ten microseconds: no cost is 0.
func fine(v float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(max(v, 1e-5), 'g', 3, 64), 64)
	if err != nil {
		return v
	}
	return short
}

// Latency is how long it takes on a node to write a small file in the folder and have it on the disk: least, median, most.
func (c Calibration) Latency(ctx context.Context) ([3]float64, error) {
	c.Say("20 small files")
	_, all, err := c.measure(ctx, "files", 20, c.script("files", "--ntasks=1", `for k in $(seq 0 19); do
  b=$(date +%s.%N)
  echo small >"file.$k" && sync "file.$k"
  e=$(date +%s.%N)
  echo "$b $e" >"$name.$k.part" && mv "$name.$k.part" "$name.$k"
done
`))
	if err != nil {
		return [3]float64{}, err
	}
	return ends(lengthsOf(all)), nil
}
