// Package spelling tells which word was meant, and how far another is from it.
package spelling

// Distance is the Levenshtein distance of two words, in bytes.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// Nearest returns the known word that is nearest to one, the first of several;
// within says how far it may be. It returns false when none is as near.
func Nearest(word string, known []string, within func(known string) int) (string, bool) {
	if len(word) > 40 {
		return "", false // no slip of the pen; spares the comparison
	}
	best, bestDistance := "", 0
	for _, k := range known {
		if d := Distance(word, k); d <= within(k) && (best == "" || d < bestDistance) {
			best, bestDistance = k, d
		}
	}
	return best, best != ""
}
