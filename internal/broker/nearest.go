package broker

import (
	"strings"
	"unicode"

	"github.com/marketcalls/openalgo-install/internal/spelling"
)

// Nearest returns the id that someone who wrote id most likely meant: by the
// broker's id or name, whole, as its beginning, or with a few letters wrong.
// It returns false when nothing is close.
func Nearest(id string) (string, bool) {
	given := letters(id)
	if len(given) > 40 {
		return "", false // no slip of the pen; spares the comparison
	}
	best, bestScore := "", 1000
	for _, b := range brokers {
		for _, known := range []string{letters(b.ID), letters(b.Name)} {
			d := spelling.Distance(given, known)
			if !isClose(given, known, d) {
				continue
			}
			score := 2 * d
			if given[0] != known[0] {
				score++ // of two as near, people get the first letter right
			}
			if score < bestScore {
				best, bestScore = b.ID, score
			}
		}
	}
	return best, best != ""
}

// isClose reports whether given may stand for known, from which it is d away: a
// wrong letter in every three is still a slip, and so is "kotakneo".
func isClose(given, known string, d int) bool {
	if len(given) < 3 {
		return false
	}
	return d <= min((len(given)+1)/3, 3) || strings.HasPrefix(known, given) || strings.HasPrefix(given, known)
}

// letters keeps what tells names apart: "Dhan (Sandbox)" and "dhan_sandbox"
// become the same.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
