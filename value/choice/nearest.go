package choice

// Nearest returns the name that was probably meant by a word that is none of them, or "" if none is near.
func Nearest(word string, names []string) string {
	near := min(2, len(word)/2) // two wrong letters, or two letters that have changed places
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

// DidYouMean returns "; did you mean NAME?" for the nearest name, or "".
func DidYouMean(word string, names []string) string {
	if name := Nearest(word, names); name != "" {
		return "; did you mean " + name + "?"
	}
	return ""
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
