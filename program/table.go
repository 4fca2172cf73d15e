package program

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// column is a column of a table.
type column struct {
	title string
	least int // columns of the screen that it needs; 0 for all that its cells have
	drop  int // a table that is too wide leaves out the column with the greatest; 0 is never left out
}

// table is rows in columns that fit into a screen. Its columns are as wide as the first rowsMost rows need, so that a long one is written
// while it is read.
type table struct {
	to      screen
	columns []column
	rows    [][]string
	widths  []int // of each column, -1 for one that is left out; nil before the first row is written
}

const rowsMost = 500

// gap is between two columns.
const gap = "  "

// add adds a row, and may write those that were added before.
func (t *table) add(cells ...string) error {
	for i, cell := range cells {
		cells[i] = visible(cell)
	}
	t.rows = append(t.rows, cells)
	if len(t.rows) < rowsMost {
		return nil
	}
	return t.flush()
}

// flush writes the rows, after the titles if they are the first ones.
func (t *table) flush() error {
	if t.widths == nil && len(t.rows) > 0 {
		t.fit()
		var titles []string
		for _, c := range t.columns {
			titles = append(titles, c.title)
		}
		t.rows = append([][]string{titles}, t.rows...)
	}
	for _, row := range t.rows {
		if _, err := fmt.Fprintln(t.to, t.line(row)); err != nil {
			return err
		}
	}
	t.rows = t.rows[:0]
	return nil
}

func (t *table) line(row []string) string {
	var parts []string
	for i, cell := range row {
		if width := t.widths[i]; width >= 0 {
			cell = fitted(cell, width)
			parts = append(parts, cell+strings.Repeat(" ", width-utf8.RuneCountInString(cell)))
		}
	}
	return strings.TrimRight(strings.Join(parts, gap), " ")
}

// fit chooses the widths: what the cells need, or less for the widest that may have less. If that is still too wide, it leaves a column
// out, and chooses again.
func (t *table) fit() {
	t.widths = make([]int, len(t.columns))
	for {
		t.widen()
		for t.width() > t.to.columns && t.narrow() {
		}
		if t.width() <= t.to.columns || !t.leaveOut() {
			return
		}
	}
}

// widen makes every column that is not left out as wide as its cells.
func (t *table) widen() {
	for i, c := range t.columns {
		if t.widths[i] < 0 {
			continue
		}
		t.widths[i] = utf8.RuneCountInString(c.title)
		for _, row := range t.rows {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(row[i]))
		}
	}
}

// width is that of the whole table.
func (t *table) width() (all int) {
	for _, width := range t.widths {
		if width >= 0 {
			all += width + len(gap)
		}
	}
	return all - len(gap)
}

// narrow makes the widest column that may be narrower so by one.
func (t *table) narrow() bool {
	widest := -1
	for i, c := range t.columns {
		if c.least > 0 && t.widths[i] > c.least && (widest < 0 || t.widths[i] > t.widths[widest]) {
			widest = i
		}
	}
	if widest >= 0 {
		t.widths[widest]--
	}
	return widest >= 0
}

// leaveOut leaves out a column.
func (t *table) leaveOut() bool {
	first := -1
	for i, c := range t.columns {
		if c.drop > 0 && t.widths[i] >= 0 && (first < 0 || c.drop > t.columns[first].drop) {
			first = i
		}
	}
	if first >= 0 {
		t.widths[first] = -1
	}
	return first >= 0
}
