//go:build !cgo || !linux

package gpu

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// run reads what an nvidia-smi in a loop prints: started once, it costs little, where starting it
// for each reading would cost a share of a CPU. Instances need its long form, every two seconds.
func (s *Sampler) run(ctx context.Context, names []string, report func(Reading)) error {
	var q smi
	limited, cancel := context.WithTimeout(ctx, patience)
	n := q.devices(limited)
	cancel()
	if n.Reason != "" {
		return ended(ctx, errors.New(n.Reason))
	}
	targets, unknown := resolve(names, n.Devices)
	var whole, parts []string
	for _, t := range targets {
		list := &whole
		if t.instance >= 0 {
			list = &parts
		}
		if t.uuid != "" && !slices.Contains(*list, t.gpu) {
			*list = append(*list, t.gpu)
		}
	}
	var err error
	switch { // one or the other: CUDA lets a program have instances or GPUs, not both
	case len(whole) > 0:
		err = follow(ctx, queryUse(whole), wholeReader(targets, report))
	case len(parts) > 0:
		args := []string{"-q", "-x", "--id=" + strings.Join(parts, ","), "--loop=2"}
		err = follow(ctx, args, partReader(targets, report))
	}
	return ended(ctx, errors.Join(unknown, err))
}

// follow runs nvidia-smi, which goes on until ctx ends, and has its output read as it comes.
func follow(ctx context.Context, args []string, read func(io.Reader) error) error {
	cmd := command(ctx, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting nvidia-smi: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return explain(ctx, err, "", args)
	}
	err = read(out)
	if err != nil && ctx.Err() == nil {
		cmd.Process.Kill() // what it prints cannot be read; it may have ended already
	}
	if end := cmd.Wait(); err == nil {
		err = fmt.Errorf("nvidia-smi ended by itself: %v", cmp.Or(end, io.EOF))
	}
	return err
}

// wholeReader reports what lines of GPUs' use say.
func wholeReader(targets []target, report func(Reading)) func(io.Reader) error {
	return func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		read := 0
		for lines.Scan() {
			uuid, util, memory, ok := parseUse(lines.Text())
			if !ok && read == 0 {
				return fmt.Errorf("reading the use of GPUs: nvidia-smi says: %q", lines.Text())
			}
			read++
			for place, t := range targets {
				if ok && t.uuid == uuid {
					report(Reading{place, util, memory})
				}
			}
		}
		return lines.Err()
	}
}

// partReader reports the memory of instances. Their utilisation is not told by anybody but DCGM.
func partReader(targets []target, report func(Reading)) func(io.Reader) error {
	return func(r io.Reader) error {
		return readInstances(r, func(use instanceUse) {
			for place, t := range targets {
				if t.gpu == use.gpu && t.instance == use.index {
					report(Reading{place, -1, use.used})
				}
			}
		})
	}
}

// ended is the error of what ctx ended: none.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
