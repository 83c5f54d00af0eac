package main

import (
	"strings"
	"unicode/utf8"
)

// table lines up rows of cells. Columns whose cells are all numbers stand to the right.
type table struct {
	head []string
	rows [][]string
	left []int // columns that stand to the left whatever they hold
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	widths := make([]int, len(t.head))
	right := make([]bool, len(t.head))
	for i, h := range t.head {
		widths[i] = utf8.RuneCountInString(h)
		right[i] = len(t.rows) > 0
	}
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			right[i] = right[i] && (cell == "" || cell == "-" || strings.ContainsAny(cell[:1], "0123456789."))
		}
	}
	for _, i := range t.left {
		right[i] = false
	}
	var b strings.Builder
	t.line(&b, t.head, widths, right)
	for _, row := range t.rows {
		t.line(&b, row, widths, right)
	}
	return b.String()
}

func (t *table) line(b *strings.Builder, cells []string, widths []int, right []bool) {
	var line strings.Builder
	for i, cell := range cells {
		if i > 0 {
			line.WriteString("  ")
		}
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if right[i] {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}
