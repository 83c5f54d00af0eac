package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/items"
	"hpcsub/runs"
)

func resultsCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "results",
		Usage:     "show what became of every item",
		ArgsUsage: "[RUN]",
		Description: `One line an item, in the order of the list, also while the run goes on. The
exit code is 0 whatever it shows. The table shows the first 1,000 items;
--csv and --json show all.

   hpcsub results
   hpcsub results --failed
   hpcsub results --summary
   hpcsub results fourier-k3x9ab --csv > results.csv
   hpcsub results --json | jq -r 'select(.state == "done") | .elapsed_s'`,
		Flags: []cli.Flag{
			jsonFlag(),
			&cli.BoolFlag{Name: "csv", Usage: "print CSV"},
			&cli.BoolFlag{Name: "failed", Usage: "only items that ended and are not done"},
			&cli.BoolFlag{Name: "summary", Usage: "only the sums"},
		},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Bool("json") && c.Bool("csv") {
				return usageErrorf("hpcsub results: --json and --csv are two ways to print the same: take one out")
			}
			r, client, err := findRun(c)
			if err != nil {
				return err
			}
			defer slow(out, "reading the results")()
			results, err := r.Results(ctx, client)
			if err != nil {
				return err
			}
			defer warnSilent(out, results.Silent())
			defer warnGPUs(out, results.GPUs())
			if c.Bool("summary") {
				return printSummary(c, out, results.Tally())
			}
			return printResults(ctx, c, out, r, results)
		},
	}
}

// summary is what `hpcsub results --summary --json` prints.
type summary struct {
	Items     int     `json:"items"`
	Done      int     `json:"done"`
	NotDone   int     `json:"not_done"`
	CPU       float64 `json:"cpu_s"`
	Elapsed   float64 `json:"elapsed_s"` // of all items, added up
	FirstLast float64 `json:"span_s"`    // first start to last end
}

func printSummary(c *cli.Command, out *output, t items.Tally) error {
	s := summary{t.Total, t.Done, t.Total - t.Done, t.CPU, t.Elapsed, t.Last - t.First}
	if c.Bool("json") {
		return out.json(s)
	}
	out.print(summaryText(t))
	return nil
}

func summaryText(t items.Tally) string {
	text := fmt.Sprintf("%s: %s done", count(t.Total, "item"), thousands(t.Done))
	for _, part := range []struct {
		n    int
		what string
	}{{t.Failed, "failed"}, {t.TimedOut, "out of time"}, {t.OutOfMemory, "out of memory"}, {t.Cancelled, "cancelled"},
		{t.Lost, "lost"}, {t.Running, "running"}, {t.Pending, "pending"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %s %s", thousands(part.n), part.what)
		}
	}
	if t.Last > t.First {
		text += fmt.Sprintf("; %s from the first start to the last end, %s of items, %s of CPU time",
			seconds(t.Last-t.First), seconds(t.Elapsed), seconds(t.CPU))
	}
	return text + "\n"
}

// printer shows one result after another.
type printer interface {
	add(items.Result) error
	end() error
}

func printResults(ctx context.Context, c *cli.Command, out *output, r *runs.Run, results *runs.Results) error {
	w := bufio.NewWriterSize(out.stdout, 1<<16)
	var p printer = &tablePrinter{w: w, t: table{head: append([]string{"item"}, append(r.Columns, "state", "elapsed", "CPU", "memory", "node")...)}}
	if r.Work.Function != "" {
		t := p.(*tablePrinter)
		t.values, t.t.head = true, append(t.t.head, "value")
	}
	switch {
	case c.Bool("json"):
		p = jsonPrinter{json.NewEncoder(w)}
	case c.Bool("csv"):
		p = newCSVPrinter(csv.NewWriter(w), r.Columns)
	}
	for res, err := range results.All() {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.Bool("failed") && (res.State == items.Done || res.State == items.Pending || res.State == items.Running) {
			continue
		}
		if err := p.add(res); err != nil {
			return err
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !c.Bool("json") && !c.Bool("csv") {
		out.say("%s", strings.TrimSpace(summaryText(results.Tally())))
	}
	return nil
}

type jsonPrinter struct{ enc *json.Encoder }

func (p jsonPrinter) add(r items.Result) error {
	r.Record = rounded(reflect.ValueOf(r.Record)).Interface().(items.Record)
	return p.enc.Encode(r)
}

func (p jsonPrinter) end() error { return nil }

// csvPrinter writes the list's columns under their own names, then what became of the item.
type csvPrinter struct {
	w   *csv.Writer
	row []string
}

func newCSVPrinter(w *csv.Writer, columns []string) *csvPrinter {
	head := append([]string{"index", "id"}, columns...)
	w.Write(append(head, "state", "exit_code", "signal", "start", "end", "elapsed_s", "cpu_s", "max_rss_mib", "max_rss_tree_mib", "node", "value"))
	return &csvPrinter{w: w}
}

func (p *csvPrinter) add(r items.Result) error {
	p.row = append(p.row[:0], strconv.Itoa(r.Index), r.ID)
	for _, v := range r.Values {
		p.row = append(p.row, v.Text)
	}
	p.row = append(p.row, string(r.State), number(r.ExitCode), word(r.Signal), moment(r.Start), figure(r.End),
		figure(r.Elapsed), figure(r.CPU), figure(r.MaxRSS), figure(r.MaxRSSTree), r.Node, valueText(r))
	return p.w.Write(p.row)
}

// valueText is what a function returned: a text as it is, everything else as JSON. Of a value that JSON
// cannot hold it is where the pickle lies.
func valueText(r items.Result) string {
	var text string
	switch {
	case r.Pickle != nil:
		return fmt.Sprintf("pickle:%s:%d:%d", r.Pickle.File, r.Pickle.Offset, r.Pickle.Length)
	case json.Unmarshal(r.Value, &text) == nil:
		return text
	}
	return string(r.Value)
}

func (p *csvPrinter) end() error {
	p.w.Flush()
	return p.w.Error()
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func word(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func figure(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(roundFraction(*f), 'f', -1, 64)
}

func moment(s float64) string {
	if s == 0 {
		return ""
	}
	return figure(&s)
}

// mostRows is how many items a table shows.
const mostRows = 1000

type tablePrinter struct {
	w      *bufio.Writer
	t      table
	values bool // of a function
	more   int
}

func (p *tablePrinter) add(r items.Result) error {
	if len(p.t.rows) == mostRows {
		p.more++
		return nil
	}
	row := []string{strconv.Itoa(r.Index)}
	for _, v := range r.Values {
		row = append(row, one(v.Text, 30))
	}
	row = append(row, one(ending(r.Record), 40), duration(r.Elapsed), duration(r.CPU), size(r.MaxRSS), r.Node)
	if p.values {
		row = append(row, one(valueText(r), 40))
	}
	p.t.add(row...)
	return nil
}

func (p *tablePrinter) end() error {
	p.w.WriteString(p.t.String())
	if p.more > 0 {
		fmt.Fprintf(p.w, "… and %s more; --csv or --json shows all\n", thousands(p.more))
	}
	return nil
}

func duration(s *float64) string {
	if s == nil {
		return "-"
	}
	return seconds(*s)
}

func size(mib *float64) string {
	if mib == nil {
		return "-"
	}
	return memory(*mib)
}
