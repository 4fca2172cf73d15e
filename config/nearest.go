package config

// nearest is the name that was probably meant by word, or "".
func nearest(word string, names []string) string {
	near := min(2, len(word)/2) // two slips of the finger, or two letters that have changed places
	best, least := "", near+1
	for _, name := range names {
		if len(word)-len(name) > near || len(name)-len(word) > near {
			continue
		}
		if d := slips(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// didYouMean is "; did you mean NAME?" for the nearest name, or "".
func didYouMean(word string, names []string) string {
	if name := nearest(word, names); name != "" {
		return "; did you mean " + name + "?"
	}
	return ""
}

// slips is how many letters must be put in, left out or replaced to make b of a: their Levenshtein distance.
func slips(a, b string) int {
	row := make([]int, len(b)+1) // row[j]: from what of a was read to b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
