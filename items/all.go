package items

import (
	"errors"
	"iter"
	"strings"
)

// made is an item on its way, with what only the package wants to know of it.
type made struct {
	Item
	key   key
	pass  int // of repeat, from 0
	first int // index of the first identical item
	nth   int // how many identical ones there are by now
}

// All makes the items one by one. It ends after an error.
func (l *List) All() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		_, err := l.each(func(m *made) error {
			if !yield(m.Item, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Item{}, err)
		}
	}
}

// errStop ends each early; it is not shown to anybody.
var errStop = errors.New("stop")

// each calls visit with every item; it ends at the first error. blank is how many empty lines
// the file has.
func (l *List) each(visit func(m *made) error) (blank int, err error) {
	w := &walk{list: l, visit: visit, hasher: newHasher(l.template), seen: new(counter)}
	for pass := range max(1, l.spec.Repeat) {
		w.pass = pass
		if blank, err = w.once(); err != nil {
			return blank, err
		}
	}
	if w.index == 0 {
		return blank, keyErrorf("items", "%q holds no items", l.spec.File)
	}
	return blank, nil
}

// walk is one way through a list.
type walk struct {
	list   *List
	visit  func(m *made) error
	hasher *hasher
	seen   *counter
	index  int
	pass   int
	room   []Value // values of items to come: one allocation serves many
}

// once goes over the rows of the file, or makes the combinations alone.
func (w *walk) once() (blank int, err error) {
	if w.list.table == nil {
		return 0, w.combine(nil)
	}
	blank, readErr := w.list.table.rows(func(row []Value) bool {
		err = checkRow(row, w.list.columns, w.index)
		if err == nil {
			err = w.combine(row)
		}
		return err == nil
	})
	if err == nil {
		err = readErr
	}
	return blank, err
}

func checkRow(row []Value, columns []string, index int) error {
	for i, v := range row {
		if strings.IndexByte(v.Text, 0) >= 0 {
			return keyErrorf("items", "item %d: column %q: %w", index, columns[i], errNUL(v.Text))
		}
	}
	return nil
}

// combine makes an item of a row with each combination of the wheels, the last the fastest.
func (w *walk) combine(row []Value) error {
	wheels := w.list.wheels
	at := make([]int, len(wheels))
	now := make([]Value, len(w.list.columns))
	copy(now, row)
	for i := range wheels {
		wheels[i].show(now, 0)
	}
	for {
		if err := w.item(now); err != nil {
			return err
		}
		turn := len(wheels) - 1
		for ; turn >= 0; turn-- {
			at[turn]++
			if at[turn] < wheels[turn].len() {
				break
			}
			at[turn] = 0
			wheels[turn].show(now, 0)
		}
		if turn < 0 {
			return nil
		}
		wheels[turn].show(now, at[turn])
	}
}

// show puts the wheel's values at a position among those of the item.
func (w wheel) show(now []Value, at int) {
	for i, s := range w.series {
		now[w.first+i] = s.at(at)
	}
}

func (w *walk) item(values []Value) error {
	if w.index >= maxItems {
		return keyErrorf("items", "at most %d items fit a run", maxItems)
	}
	m := made{Item: Item{Index: w.index, Values: w.keep(values)}, pass: w.pass}
	var err error
	if m.key, err = w.hasher.sum(&m.Item); err != nil {
		return err
	}
	m.first, m.nth = w.seen.add(m.key, w.index)
	m.ID = m.key.id(m.nth)
	w.index++
	return w.visit(&m)
}

// keep copies the values of an item, which its receiver may hold on to.
func (w *walk) keep(values []Value) []Value {
	n := len(values)
	if n > len(w.room) {
		w.room = make([]Value, max(n, 512/(n+1)*n))
	}
	kept := w.room[:n:n]
	w.room = w.room[n:]
	copy(kept, values)
	return kept
}
