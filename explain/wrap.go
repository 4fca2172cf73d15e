package explain

import "strings"

// wrapped is text in rows of at most width characters, broken at spaces, but not within the number of a section. A word that is longer
// is broken where it must be.
func wrapped(text string, width int) (rows []string) {
	const joint = "\x00" // stands for a space that is kept
	row := ""
	for _, word := range strings.Fields(strings.NewReplacer(" §", joint+"§", "RFC ", "RFC"+joint).Replace(text)) {
		word = strings.ReplaceAll(word, joint, " ")
		for {
			room := width
			if row != "" {
				room -= len([]rune(row)) + 1
			}
			runes := []rune(word)
			if len(runes) <= room {
				row = strings.TrimPrefix(row+" "+word, " ")
				break
			}
			if row == "" {
				rows, word = append(rows, string(runes[:width])), string(runes[width:])
				continue
			}
			rows, row = append(rows, row), ""
		}
	}
	if row != "" {
		rows = append(rows, row)
	}
	return rows
}

// wrappedUnits is bytes in rows of at most width characters. No escape is broken.
func wrappedUnits(units []unit, width int) (rows [][]unit) {
	from, used := 0, 0
	for i, u := range units {
		n := len([]rune(u.text))
		if used+n > width && i > from {
			rows = append(rows, units[from:i])
			from, used = i, 0
		}
		used += n
	}
	if from < len(units) {
		rows = append(rows, units[from:])
	}
	return rows
}
