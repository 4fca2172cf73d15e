package lab

// meant returns "; did you mean NAME?" for the name that is nearest to word, or "" if none is near.
func meant(word string, names []string) string {
	const near = 2 // two wrong letters, or two letters that are swapped
	best, least := "", near+1
	for _, name := range names {
		if d := slips(word, name); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// slips returns how many letters must be inserted, deleted or replaced to turn a into b: their Levenshtein distance.
func slips(a, b string) int {
	row := make([]int, len(b)+1) // row[j] is the distance from the part of a that was read to b[:j]
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
