package worker

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"hpcsub/items"
)

// neighbours is what the records of the attempt's other parts say.
type neighbours struct {
	now  time.Time
	node string // this one

	all       streak // of all items
	here      streak // of those on this node
	succeeded bool   // an item on another node
	lasting   bool   // an item on another node runs for longer than one that fails at once
	young     bool   // one runs there, but not for long yet, or may soon: not all parts have begun
	started   map[int]float64
}

// How much a look reads at most: enough to know better than one part does, and cheap on a file system that thousands of workers share.
const (
	neighbourFiles   = 100
	neighbourRecords = 1000 // of one file
)

// The reasons to read no further: in this file, or at all.
var (
	errNextFile = errors.New("enough of this file")
	errKnown    = errors.New("enough is known")
)

// lookAround reads records of other parts until it has seen successes here and elsewhere. Files
// are taken in a random order, so that workers that fail together do not all read the same few.
func lookAround(dir items.AttemptDir, own, node string, now time.Time) (neighbours, error) {
	n := neighbours{now: now, node: node, started: map[int]float64{}}
	names, err := namesIn(dir.ResultsDir())
	if err != nil {
		return n, err
	}
	parts, err := items.CountParts(dir)
	if err != nil {
		return n, err
	}
	n.young = len(names) < parts
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:min(len(names), neighbourFiles)] {
		path := filepath.Join(dir.ResultsDir(), name)
		if path == own {
			continue
		}
		switch err := n.read(path); {
		case errors.Is(err, errKnown):
			return n, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return n, err
		}
	}
	return n, nil
}

func namesIn(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// read learns from a file of records.
func (n *neighbours) read(path string) error {
	clear(n.started)
	records := 0
	_, err := items.ReadRecords(path, func(r items.Record) error {
		if records++; records > neighbourRecords {
			return errNextFile
		}
		return n.add(r)
	})
	if errors.Is(err, errNextFile) {
		return nil
	}
	n.count()
	n.young = n.young || records == 0 // its first records are on their way
	return err
}

// add learns from a record.
func (n *neighbours) add(r items.Record) error {
	elsewhere := r.Node != n.node
	switch {
	case r.ID == "":
		return nil
	case r.State == items.Running:
		if elsewhere {
			n.started[r.Index] = r.Start
		}
		return nil
	}
	delete(n.started, r.Index)
	n.all.add(&r)
	if !elsewhere {
		n.here.add(&r)
	} else if r.State == items.Done {
		n.succeeded = true
	}
	if n.succeeded && n.here.proven {
		return errKnown
	}
	return nil
}

// count takes stock of what runs at the end of a file.
func (n *neighbours) count() {
	for _, start := range n.started {
		if age := float64(n.now.UnixMilli())/1000 - start; age > soon.Seconds() {
			n.lasting = true
		} else {
			n.young = true
		}
	}
	clear(n.started)
}
