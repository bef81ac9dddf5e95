package answers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/spelling"
)

// nearest returns the known key that name most likely meant.
func nearest(name string, fields []field) (string, bool) {
	return spelling.Nearest(strings.ToLower(name), names(fields), func(known string) int { return max(1, len(known)/3) })
}

func possible(fields []field) string {
	return "possible here: " + strings.Join(names(fields), ", ")
}

// word is a key or a short value that can be shown. `api_key:x1` without the
// space is one key to YAML, and a line that is indented too far becomes part of
// the value above it: what has more than a word in it may hold a secret.
var word = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)

var oneWord = regexp.MustCompile(`^\S{0,100}$`)

// quote shows a value in a message where that is harmless.
func quote(value string) string {
	if oneWord.MatchString(value) {
		return strconv.Quote(value)
	}
	return "this value"
}

// names are the names of fields, sorted.
func names(fields []field) []string {
	out := []string{}
	for _, f := range fields {
		out = append(out, f.name)
	}
	slices.Sort(out)
	return out
}
