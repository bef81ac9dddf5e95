package sizing

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const (
	bytesPerMiB = 1 << 20
	maxMiB      = 1 << 30 // 1 PiB: no such machine, so a typing error
)

var memoryForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)[ \t]*(b|[kmgt](?:i?b)?)?$`)

var unitBytes = map[byte]float64{'b': 1, 'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30, 't': 1 << 40}

// ParseMemory reads an amount of memory and returns it in MiB, rounded down.
// A number alone is MiB; k, m, g, t may be followed by b or ib, in either
// case, with or without a space before them, and all count in powers of two:
// what hosters sell as "4GB" of RAM is 4 GiB, so 4GB, 4GiB, 4g and 4096 are
// the same. Anything else, and anything under 1 MiB or over 1 PiB, is an
// error that shows right values.
func ParseMemory(s string) (mib int, err error) {
	return parseMemory(s, bytesPerMiB)
}

// parseMemory is ParseMemory with bare as the bytes that a number without a
// unit counts.
func parseMemory(s string, bare float64) (int, error) {
	const examples = "write for example 4GB, 3910MiB, 512m or 4096 (MiB)"
	m := memoryForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil {
		return 0, fmt.Errorf("%.40q is not an amount of memory: %s", s, examples)
	}
	unit := bare
	if m[2] != "" {
		unit = unitBytes[m[2][0]]
	}
	// Every product that is a whole number of MiB is exact in a float64 up to
	// the limit, so rounding down never takes one MiB too much. A number too
	// long for a float64 comes back as +Inf, with an error we need not read.
	n, _ := strconv.ParseFloat(m[1], 64)
	mib := n * unit / bytesPerMiB
	switch {
	case mib > maxMiB:
		return 0, fmt.Errorf("%.40q is more memory than any machine has: %s", s, examples)
	case mib < 1:
		return 0, fmt.Errorf("%.40q is less than 1 MiB: %s", s, examples)
	}
	return int(mib), nil
}
