package slurm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What Slurm printed is damaged in every way that was thought of. The outcome may be an error, a warning with a
// partial picture, or the truth: never another number in silence.

func textsOf(t testing.TB, version string) map[string]string {
	texts := map[string]string{}
	for name := range readers {
		texts[name] = recordedText(t, version, name)
	}
	return texts
}

func recordedText(t testing.TB, version, name string) string {
	t.Helper()
	var b bytes.Buffer
	b.ReadFrom(recorded(t, version, name))
	return b.String()
}

// readers are what Inspect does with each of them.
var readers = map[string]func(a *answers, text string) error{
	"config.txt": func(a *answers, text string) (err error) {
		a.settings, err = parseConfig(strings.NewReader(text))
		return
	},
	"nodes.txt": func(a *answers, text string) (err error) { a.nodes, err = parseNodes(strings.NewReader(text)); return },
	"partitions.txt": func(a *answers, text string) (err error) {
		a.partitions, err = parsePartitions(strings.NewReader(text))
		return
	},
	"limits.txt": func(a *answers, text string) (err error) {
		a.rights, err = parseLimits(strings.NewReader(text))
		return
	},
	"grants.txt": func(a *answers, text string) (err error) {
		a.grants, err = parseGrants(strings.NewReader(text))
		return
	},
	"qos.txt": func(a *answers, text string) (err error) {
		a.qos, err = parseQOSLimits(strings.NewReader(text))
		return
	},
	"reservations.txt": func(a *answers, text string) (err error) {
		a.reservations, err = parseReservations(strings.NewReader(text))
		return
	},
	"licenses.txt": func(a *answers, text string) (err error) {
		a.licenses, err = parseLicenses(strings.NewReader(text))
		return
	},
	"topology.txt": func(a *answers, text string) (err error) {
		a.switches, err = parseTopology(strings.NewReader(text))
		return
	},
	"planned.txt": func(a *answers, text string) (err error) {
		a.queue, err = parsePlanned(strings.NewReader(text))
		return
	},
}

// with is the picture where one of the texts is another; ok where it is neither an error nor a warning.
func (a answers) with(name, text string) (c *Cluster, ok bool) {
	if err := readers[name](&a, text); err != nil {
		return nil, false
	}
	a.compare(alice.name)
	c = a.picture(alice, taken)
	return c, len(c.Unknown) == 0
}

// damage is a text and what was done to it.
type damage struct {
	how, text string
	shorter   bool // by whole lines
}

const motd = "\n  Welcome to fir!  Maintenance = Tuesday 8:00, see https://fir.example.org/news?id=7\nLast login: Fri Nov 27 07:00:00 2026 from 10.0.0.1\n"

// damages of a text that are to be seen whatever its form.
func damages(text string) []damage {
	var all []damage
	add := func(how, text string) { all = append(all, damage{how: how, text: text}) }
	add("empty", "")
	add("blank", "\n\n")
	add("a banner before it", motd+text)
	add("a banner after it", text+motd)
	add("an error in its place", "slurm_load_node error: something new\n")
	add("a page of HTML", "<html><body>502 Bad Gateway</body></html>\n")
	add("commas for points", points.ReplaceAllString(text, "$1,$2"))
	add("carriage returns", strings.ReplaceAll(text, "\n", "\r\n"))
	add("no line ends", strings.ReplaceAll(text, "\n", " "))
	for i := 1; i < len(text); i += 29 {
		all = append(all, damage{fmt.Sprintf("cut at byte %d", i), text[:i], text[i-1] == '\n'})
	}
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	for i := range lines {
		lost := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")
		all = append(all, damage{fmt.Sprintf("cut before line %d", i+1), strings.Join(lines[:i], ""), true})
		all = append(all, damage{fmt.Sprintf("line %d is lost", i+1), lost, true})
		add(fmt.Sprintf("line %d is doubled", i+1), strings.Join(slices.Insert(slices.Clone(lines), i, lines[i]), ""))
	}
	for i := 0; i+3 < len(text); i += 31 {
		for _, by := range []string{"###", "\x00\x01\x02", "ÿÿÿ"} {
			add(fmt.Sprintf("bytes %d to %d are %q", i, i+3, by), text[:i]+by+text[i+3:])
		}
	}
	return all
}

var points = regexp.MustCompile(`(\d)\.(\d)`)

// lists of which nothing tells how long they are.
var lists = []string{"planned.txt", "reservations.txt", "licenses.txt", "topology.txt"}

func TestDamagedTextIsNeverReadAsAnotherNumber(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		texts, answers := textsOf(t, version), recordedAnswers(t, version)
		for name, text := range texts {
			truth, ok := answers.with(name, text)
			if !ok {
				t.Fatal(name, truth)
			}
			was, silent := numbers(t, truth), 0
			for _, d := range damages(text) {
				if d.shorter && slices.Contains(lists, name) {
					continue
				}
				got, ok := answers.with(name, d.text)
				if !ok {
					continue
				}
				if is := numbers(t, got); was != is {
					if silent++; silent <= 5 {
						t.Errorf("%s, %s: %s", name, d.how, difference(was, is))
					}
				}
			}
			if silent > 5 {
				t.Errorf("%s: and %d more", name, silent-5)
			}
		}
	})
}

// A list of jobs that is damaged is an error, or every job in it is as it was: what is not in it is looked up
// elsewhere, or unknown.
func TestDamagedJobsAreNotOtherJobs(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		for name, parse := range map[string]func(text string) ([]Job, error){
			"squeue.txt":          func(text string) ([]Job, error) { return parseSqueue(strings.NewReader(text)) },
			"squeue_none.txt":     func(text string) ([]Job, error) { return parseSqueue(strings.NewReader(text)) },
			"sacct.txt":           func(text string) ([]Job, error) { return parseSacct(strings.NewReader(text)) },
			"sacct_cancelled.txt": func(text string) ([]Job, error) { return parseSacct(strings.NewReader(text)) },
			"sacct_none.txt":      func(text string) ([]Job, error) { return parseSacct(strings.NewReader(text)) },
		} {
			text := recordedText(t, version, name)
			truth, err := parse(text)
			if err != nil {
				t.Fatal(name, err)
			}
			known, was := map[string]bool{}, map[string]bool{} // accounting may have several records of a job
			for _, j := range truth {
				known[j.ID], was[stable(j)] = true, true
			}
			for _, d := range append(damages(text), columns(text, separator)...) {
				got, err := parse(d.text)
				for _, j := range got {
					apart := j.TaskID >= 0 || j.ID != j.ArrayID || known[j.ID] // or an array whose list of tasks is not told
					if err == nil && apart && !was[stable(j)] {
						t.Fatalf("%s, %s: got %+v", name, d.how, j)
					}
				}
			}
		}
	})
}

// stable is a job without its words.
func stable(j Job) string {
	return fmt.Sprint(j.ID, j.ArrayID, j.TaskID, j.ExitCode, j.Signal, j.Restarts, j.Submit.Unix(), j.Start.Unix(), j.End.Unix())
}

// columns are a table whose columns are others, or in another order.
func columns(text, between string) []damage {
	swap := func(how string, change func([]string) []string) damage {
		lines := strings.SplitAfter(text, "\n")
		for i, line := range lines {
			if fields := strings.Split(strings.TrimSuffix(line, "\n"), between); len(fields) > 1 {
				lines[i] = strings.Join(change(fields), between) + "\n"
			}
		}
		return damage{how: how, text: strings.Join(lines, "")}
	}
	return []damage{
		swap("columns reversed", func(f []string) []string { slices.Reverse(f); return f }),
		swap("two columns swapped", func(f []string) []string { f[0], f[1] = f[1], f[0]; return f }),
		swap("a column more", func(f []string) []string { return append([]string{"7"}, f...) }),
		swap("a column more at the end", func(f []string) []string { return append(f, "7") }),
		swap("a column less", func(f []string) []string { return f[1:] }),
	}
}

func TestTablesOfOtherColumnsAreRefused(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		a := recordedAnswers(t, version)
		for _, name := range []string{"grants.txt", "qos.txt", "planned.txt"} {
			for _, d := range columns(recordedText(t, version, name), "|") {
				if _, ok := a.with(name, d.text); ok {
					t.Errorf("%s, %s: want an error", name, d.how)
				}
			}
		}
	})
}

// Fields with names may come in any order, and new ones may come with a new release.
func TestFieldsInAnotherOrder(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		a := recordedAnswers(t, version)
		truth, _ := a.with("nodes.txt", recordedText(t, version, "nodes.txt"))
		for _, name := range []string{"nodes.txt", "partitions.txt"} {
			lines := strings.Split(recordedText(t, version, name), "\n")
			for i, line := range lines {
				if fields := strings.Fields(line); len(fields) > 1 && !strings.Contains(line, " OS=") {
					slices.Reverse(fields[1:])
					lines[i] = strings.Join(append(fields[:1:1], append([]string{"New=1 New/Part=(null)"}, fields[1:]...)...), " ")
				} else if len(fields) > 1 {
					lines[i] = strings.Replace(line, " ", " New=1 New/Part=(null) ", 1)
				}
			}
			got, ok := a.with(name, strings.Join(lines, "\n"))
			if !ok || numbers(t, got) != numbers(t, truth) {
				t.Errorf("%s: got %+v", name, got)
			}
		}
	})
}

// One job, one start, one id: the whole answer or an error.
func TestDamagedAnswersAreNotOtherAnswers(t *testing.T) {
	onEach(t, func(t *testing.T, version string) {
		for name, parse := range map[string]func(text string) (string, error){
			"job.txt":       requestNumbers,
			"job_array.txt": requestNumbers,
			"job_gpu.txt":   requestNumbers,
			"job_name.txt":  requestNumbers,
			"testonly.txt":  func(text string) (string, error) { at, err := parseTestOnly(text); return at.String(), err },
			"submit.txt":    func(text string) (string, error) { return jobID(text), nil },
		} {
			text := recordedText(t, version, name)
			truth, err := parse(text)
			if err != nil || truth == "" {
				t.Fatal(name, err)
			}
			for _, d := range damages(text) {
				if got, err := parse(d.text); err == nil && got != truth && got != "" {
					t.Errorf("%s, %s: got %s, want %s", name, d.how, got, truth)
				}
			}
		}
	})
}

func requestNumbers(text string) (string, error) {
	r, err := parseRequested(strings.NewReader(text))
	limit := 0
	if r.TimeLimitS != nil {
		limit = *r.TimeLimitS
	}
	return fmt.Sprint(limit, r.Nodes, r.CPUs, r.CPUsPerTask, r.MemoryPerNodeMiB, r.MemoryPerCPUMiB, r.Restarts), err
}

// numbers is a picture without its words, which nothing tells to be garbled: a feature may be called anything.
func numbers(t testing.TB, c *Cluster) string {
	t.Helper()
	bare := *c
	bare.Scheduler.Parameters = nil // words too
	bare.Partitions = slices.Clone(c.Partitions)
	for i, p := range c.Partitions {
		bare.Partitions[i].Usable = p.Usable || p.WhyNot != "" // which says what was read
		bare.Partitions[i].Access = nil
	}
	bare.Reservations = slices.Clone(c.Reservations)
	for i := range bare.Reservations {
		bare.Reservations[i].Usable = true // as above
	}
	data, err := json.Marshal(bare)
	if err != nil {
		t.Fatal(err)
	}
	return texts.ReplaceAllString(words.ReplaceAllString(string(data), `""`), `[]`)
}

// words are the values and the elements that are text; the names of keys go with them.
var (
	words = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	texts = regexp.MustCompile(`\[""(,"")*\]`)
)

func difference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	show := func(s string) string { return s[max(0, i-60):min(len(s), i+60)] }
	return fmt.Sprintf("got …%s…, want …%s…", show(b), show(a))
}
