package runs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/strategies"
	"hpcsub/templates"
)

// WriteStandalone writes the chosen way to run a job as scripts, one a submission, and the list of items that they read: all of it
// runs without hpcsub. It returns the paths, the list last.
func WriteStandalone(ctx context.Context, dir string, job *configs.Job, list *items.List, in strategies.Input, plan strategies.Plan, version string) ([]string, error) {
	stem := filepath.Join(dir, job.Name+"-standalone")
	s := templates.Standalone{Script: scriptFor(in, plan, *plan.Chosen), List: stem + ".items", TimeoutS: int(job.Each.Timeout.Seconds())}
	s.Run, s.JobFile, s.Dir, s.Environment, s.Version, s.LogDir = job.Name, job.Path, job.Dir, job.Environment, version, dir
	var paths []string
	for k, part := range plan.Chosen.Layout.Submissions {
		s.Range = part
		text, err := templates.RenderStandalone(s)
		if err != nil {
			return nil, err
		}
		path := stem + ".sh"
		if len(plan.Chosen.Layout.Submissions) > 1 {
			path = fmt.Sprintf("%s-%d.sh", stem, k+1)
		}
		if err := items.WriteFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	err := items.WriteFile(s.List, func(w io.Writer) error { return writeLines(ctx, w, job, list) })
	return append(paths, s.List), err
}

func writeLines(ctx context.Context, w io.Writer, job *configs.Job, list *items.List) error {
	out := bufio.NewWriter(w)
	for item, err := range until(ctx, list.All()) {
		if err != nil {
			return err
		}
		invocation, err := list.Invocation(item)
		if err != nil {
			return err
		}
		line, err := templates.Line(job.Work.Function, invocation)
		if err != nil {
			return err
		}
		if strings.ContainsAny(line, "\n") {
			return fmt.Errorf("item %d has a line end in it: %q", item.Index, line)
		}
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}
