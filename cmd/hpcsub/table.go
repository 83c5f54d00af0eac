package main

import (
	"slices"
	"strings"
)

// table lines up rows of cells. Columns whose cells are all numbers stand to the right. A row of
// one cell is a line of its own, which no column has to be as wide as.
type table struct {
	head   []string
	rows   [][]string
	left   []int          // columns that stand to the left whatever they hold
	groups map[int]string // titles above columns, each from this column to the next title; " " is an end
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// line adds a line of its own.
func (t *table) line(text string) { t.rows = append(t.rows, []string{text}) }

// widths are those of the columns, and whether they stand to the right.
func (t *table) widths() (widths []int, right []bool) {
	widths, right = make([]int, len(t.head)), make([]bool, len(t.head))
	for i, h := range t.head {
		widths[i] = cells(h)
		right[i] = len(t.rows) > 0 && !slices.Contains(t.left, i)
	}
	for _, row := range t.rows {
		if len(row) == 1 && len(t.head) > 1 {
			continue
		}
		for i, cell := range row {
			widths[i] = max(widths[i], cells(cell))
			right[i] = right[i] && (cell == "" || strings.ContainsAny(cell[:1], "-0123456789."))
		}
	}
	return widths, right
}

// over is by how much the table is wider than that.
func (t *table) over(width int) int {
	widths, _ := t.widths()
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	return total - width
}

// narrow shortens the cells of a column, so that the table is not wider than that, if so much can
// be had; least is what is left of them.
func (t *table) narrow(width, column, least int) {
	over := t.over(width)
	if over <= 0 {
		return
	}
	widths, _ := t.widths()
	most := max(least, widths[column]-over, cells(t.head[column]))
	for _, row := range t.rows {
		if len(row) > column {
			row[column] = one(row[column], most)
		}
	}
}

// cut takes a word out of a column.
func (t *table) cut(column int, word string) {
	for _, row := range t.rows {
		if len(row) > column {
			row[column] = strings.ReplaceAll(row[column], word, "")
		}
	}
}

// hang gives cells of the first column a line of their own where the table would be too wide for
// them, so that a name is always there to be copied.
func (t *table) hang(width, least int) {
	over := t.over(width)
	if over <= 0 {
		return
	}
	widths, _ := t.widths()
	most := max(least, widths[0]-over, cells(t.head[0]))
	var rows [][]string
	for _, row := range t.rows {
		if len(row) > 1 && cells(row[0]) > most {
			rows = append(rows, []string{row[0]})
			row[0] = ""
		}
		rows = append(rows, row)
	}
	t.rows = rows
}

// below gives the cells of a column lines of their own, each below its row and in line with the second column.
func (t *table) below(column int) {
	widths, _ := t.widths()
	var texts []string
	for _, row := range t.rows {
		texts = append(texts, strings.Repeat(" ", widths[0]+2)+row[column])
	}
	t.drop(column)
	rows := t.rows
	t.rows = nil
	for i, row := range rows {
		t.add(row...)
		t.line(texts[i])
	}
}

// drop takes a column away.
func (t *table) drop(column int) {
	t.head = slices.Delete(t.head, column, column+1)
	for i, row := range t.rows {
		if len(row) > column {
			t.rows[i] = slices.Delete(row, column, column+1)
		}
	}
	shift := func(i int) int {
		if i > column {
			return i - 1
		}
		return i
	}
	t.left = slices.DeleteFunc(t.left, func(i int) bool { return i == column })
	for i := range t.left {
		t.left[i] = shift(t.left[i])
	}
	groups := map[int]string{}
	for i, title := range t.groups {
		groups[shift(i)] = title
	}
	t.groups = groups
}

func (t *table) String() string {
	widths, right := t.widths()
	var b strings.Builder
	if len(t.groups) > 0 {
		b.WriteString(t.titles(widths) + "\n")
	}
	t.write(&b, t.head, widths, right)
	for _, row := range t.rows {
		t.write(&b, row, widths, right)
	}
	return b.String()
}

// titles is the line above the head: each title with a rule over its columns.
func (t *table) titles(widths []int) string {
	line := []rune{} // a cell each: titles are of Latin letters
	at, rule := 0, false
	for i, w := range widths {
		if title := t.groups[i]; title != "" {
			rule = title != " "
			line = append(line, []rune(strings.Repeat(" ", at-len(line))+title+" ")...)
		}
		at += w
		for rule && len(line) < at {
			line = append(line, '─')
		}
		if at += 2; i+1 < len(widths) && t.groups[i+1] == "" {
			for rule && len(line) < at {
				line = append(line, '─')
			}
		}
	}
	return strings.TrimRight(string(line), " ")
}

func (t *table) write(b *strings.Builder, row []string, widths []int, right []bool) {
	var line strings.Builder
	for i, cell := range row {
		if i > 0 {
			line.WriteString("  ")
		}
		pad := strings.Repeat(" ", max(0, widths[i]-cells(cell)))
		if right[i] {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}
