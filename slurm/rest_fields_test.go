package slurm

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestDirectives(t *testing.T) {
	tests := []struct{ script, want string }{
		{"#!/bin/bash\n# a comment\n\n#SBATCH --job-name=x\n#SBATCH -N2 -n 4\ntrue\n#SBATCH --late=1\n", "[{job-name x 4} {N 2 5} {n 4 5}]"},
		{"#SBATCH --job-name=\"a b\" # and so on\n", "[{job-name a b 1}]"},
		{"#SBATCH --comment=\"het\\job \\\"q\\\" \\\\\"\n", `[{comment hetjob "q" \ 1}]`},
		{"#SBATCH --comment='a # b'c\n", "[{comment a # bc 1}]"},
		{"#SBATCH --exclusive --time 10\n", "[{exclusive  1} {time 10 1}]"},
		{"#SBATCH\n", "[]"},
		{"#SBATCHES --x\n", "want an option"},
		{"#SBATCH --time\n", "has no value"},
		{"#SBATCH --comment=\"open\n", "a quote is not closed"},
		{"#SBATCH word\n", "want an option"},
	}
	for _, tt := range tests {
		got, err := readDirectives(tt.script)
		text := fmt.Sprint(got)
		if err != nil {
			text = err.Error()
		}
		if text != tt.want && (err == nil || !strings.Contains(text, tt.want)) {
			t.Errorf("%q: got %s, want %s", tt.script, text, tt.want)
		}
	}
}

const fullScript = `#!/bin/bash
#SBATCH --job-name="count-x.1-abc.0"
#SBATCH --comment=c
#SBATCH --output="/home/al ice/slurm-%A_%a.log"
#SBATCH --open-mode=append
#SBATCH --partition=short,long
#SBATCH --constraint="intel&small"
#SBATCH --exclude=c[1-2],c9
#SBATCH --array=0-9%4
#SBATCH --nodes=2
#SBATCH --ntasks=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=2000M
#SBATCH --gres=gpu:a100:2,shard:1
#SBATCH --exclusive
#SBATCH --time=1-00:00:30
#SBATCH --requeue
#SBATCH --export=NONE
#SBATCH --propagate=NONE
#SBATCH --mail-type=END,TIME_LIMIT_90
exec true
`

func TestRequestsOfEachVersion(t *testing.T) {
	common := `"array":"0-9%4","comment":"c","constraints":"intel&small","name":"count-x.1-abc.0","partition":"short,long","requeue":true,"standard_output":"/home/al ice/slurm-%A_%a.log",`
	old := common + `"cpus_per_task":"4","exclude_nodes":"c[1-2],c9","exclusive":"exclusive","gres":"gpu:a100:2,shard:1","mail_type":"END,TIME_LIMIT_90",
		"memory_per_node":"2000M","nodes":"2","open_mode":"append","tasks":"2","tasks_per_node":"1","time_limit":"1-00:00:30"`
	typed := common + `"cpus_per_task":4,"excluded_nodes":["c1","c2","c9"],"shared":["none"],"tres_per_node":"gres/gpu:a100:2,gres/shard:1","mail_type":["END","TIME=90%"],
		"memory_per_node":{"set":true,"infinite":false,"number":2000},"minimum_nodes":2,"maximum_nodes":2,"open_mode":["APPEND"],"tasks":2,"tasks_per_node":1,
		"time_limit":{"set":true,"infinite":false,"number":1441}`
	for version, want := range map[restVersion]string{36: old, 38: old, 40: typed, 45: typed} {
		s := submission(t, fullScript)
		body, err := request(s, version)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Script string
			Job    map[string]any
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if environment := fmt.Sprint(got.Job["environment"]); !strings.Contains(environment, "SLURM_GET_USER_ENV") || !strings.Contains(environment, "SLURM_UMASK") {
			t.Errorf("got environment %s", environment)
		}
		if got.Script != fullScript || got.Job["current_working_directory"] != s.Dir {
			t.Errorf("got %+v", got)
		}
		delete(got.Job, "environment")
		delete(got.Job, "current_working_directory")
		var wanted map[string]any
		if err := json.Unmarshal([]byte("{"+want+"}"), &wanted); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Job, wanted) {
			t.Errorf("%s:\ngot  %v\nwant %v", version, got.Job, wanted)
		}
	}
}

// A job that ignores an option must not run: nothing is sent.
func TestRequestsThatCannotBeMade(t *testing.T) {
	for line, want := range map[string]string{
		"--power=level":       "line 2 of the script: --power: hpcsub cannot ask slurmrestd",
		"-Z":                  "has no value",
		"--export=ALL":        "slurmrestd takes NONE only",
		"--propagate=ALL":     "slurmrestd takes NONE only",
		"--exclusive=user":    `cannot ask slurmrestd for the value "user"`,
		"--mem=lots":          "want memory",
		"--nodes=2-x":         "want a count",
		"--time=soon":         "want a time",
		"--mail-type=SOMEDAY": `"SOMEDAY": want BEGIN`,
		"--open-mode=x":       `"X": want APPEND`,
		"--partition=":        "it has no value",
	} {
		s, r := startREST(t, nil)
		id, err := r.Submit(t.Context(), submission(t, "#!/bin/sh\n#SBATCH "+line+"\n"))
		if _, refused := err.(*RefusedError); id != "" || !refused || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want %q", line, id, err, want)
		}
		if strings.Contains(strings.Join(s.requests, " "), "POST") {
			t.Errorf("%s: something was sent", line)
		}
	}
	for name, s := range map[string]Submission{
		"no UTF-8":  submission(t, "#!/bin/sh\necho \xff\n"),
		"arguments": {Script: submission(t, "#!/bin/sh\n").Script, Args: []string{"a"}},
		"no script": {Script: "/nonexistent", Dir: os.TempDir()},
	} {
		if body, err := request(s, 45); err == nil {
			t.Errorf("%s: got %s", name, body)
		}
	}
}

// The paths are those that slurmrestd's own specification describes as these limits: of a QOS, minutes.per.qos is
// GrpTRESRunMins, and GrpTRESMins stands in minutes.total.
func TestRESTGroupMinutes(t *testing.T) {
	cpu := func(n int) string { return fmt.Sprintf(`[{"type":"cpu","name":"","id":1,"count":%d}]`, n) }
	text := `{"qos":[{"name":"q","limits":{"max":{"tres":{"minutes":{"total":` + cpu(600) + `,"per":{"qos":` + cpu(90) + `,"job":` + cpu(7) +
		`}}},"wall_clock":{"per":{"qos":{"set":true,"infinite":false,"number":30}}}}}}]}`
	qos, _, err := readRESTQOS(strings.NewReader(text))
	if err != nil || len(qos) != 1 {
		t.Fatal(qos, err)
	}
	record, _ := qos[0].record(42)
	wall := 1800
	want := Use{GroupMaxTRESMinutes: map[string]int{"cpu": 600}, GroupTRESMinutes: map[string]int{"cpu": 0},
		GroupMaxTRESRunMinutes: map[string]int{"cpu": 90}, GroupTRESRunMinutes: map[string]int{"cpu": 0},
		MaxTRESMinutesPerJob: map[string]int{"cpu": 7}, GroupMaxWallS: &wall}
	if !reflect.DeepEqual(record.use, want) {
		t.Errorf("QOS: got %+v, want %+v", record.use, want)
	}
	text = `{"associations":[{"account":"a","max":{"tres":{"group":{"minutes":` + cpu(600) + `,"active":` + cpu(90) +
		`},"minutes":{"per":{"job":` + cpu(7) + `}}},"per":{"account":{"wall_clock":{"set":true,"infinite":false,"number":30}}}}}]}`
	associations, _, err := readRESTAssociations(strings.NewReader(text))
	if err != nil || len(associations) != 1 {
		t.Fatal(associations, err)
	}
	if got := associations[0].record().use; !reflect.DeepEqual(got, want) {
		t.Errorf("association: got %+v, want %+v", got, want)
	}
}
