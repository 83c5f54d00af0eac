//go:build integration

package integration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// spy stands before a Slurm command on PATH and writes down how it was called.
const spy = `#!/bin/bash
name=${0##*/}
{ printf '%q ' "/usr/bin/$name" "$@"; echo; } >>"$CALLS"
exec "/usr/bin/$name" "$@"
`

const benchJob = `name = "bench"
command = "true {n}"
[sweep]
n = { from = 1, to = 10000 }
[each]
time = "10s"
`

// BenchmarkPlan holds hpcsub plan against the Slurm commands that it runs, run one after the
// other by bash, in turns: what is between them is hpcsub's own.
func BenchmarkPlan(b *testing.B) {
	lab := Start(b, Default)
	lab.Install(b, "../bin/hpcsub")
	folder := lab.Folder(b)
	lab.Put(b, File{Path: folder + "/job.toml", Content: benchJob})
	putSpies(b, lab, folder)
	lab.Must(b, Command{Folder: folder, Line: `hpcsub plan >/dev/null 2>&1 # what is kept for an hour is there now
export CALLS=$PWD/calls TMPDIR=$PWD/scripts
PATH=$PWD/spies:$PATH hpcsub plan >/dev/null 2>&1`})
	lab.Put(b, File{Path: folder + "/script.sh", Content: "#!/bin/bash\n#SBATCH --ntasks=1\ntrue\n"})
	lab.Must(b, Command{Folder: folder, Line: `sed -E 's#[^ ]*hpcsub-plan[^ ]*#script.sh#; s#$# >/dev/null 2>\&1#' calls >replay.sh`})
	calls := len(strings.Split(lab.Must(b, Command{Folder: folder, Line: "cat calls"}), "\n"))

	var own, slurm []float64
	for b.Loop() {
		own = append(own, seconds(b, lab, folder, "hpcsub plan"))
		slurm = append(slurm, seconds(b, lab, folder, "bash replay.sh"))
	}
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(median(own)*1000, "ms/plan")
	b.ReportMetric(median(slurm)*1000, "ms/commands")
	b.ReportMetric((median(own)-median(slurm))*1000, "ms-more")
	b.ReportMetric(0, "ns/op")
}

// seconds is the wall time of a line, measured beside it.
func seconds(t testing.TB, lab *Lab, folder, line string) float64 {
	t.Helper()
	return secondsOf(t, lab, folder, "", line)
}

// secondsOf is the wall time of a line after another one, which is not timed.
func secondsOf(t testing.TB, lab *Lab, folder, before, line string) float64 {
	t.Helper()
	text := lab.Must(t, Command{Folder: folder, Line: fmt.Sprintf("%s\nTIMEFORMAT=%%R; { time %s >/dev/null 2>/dev/null; } 2>&1", before, line)})
	s, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
