//go:build failpoint

package ops

import (
	"os"
	"time"
)

// now is OPENALGO_NOW (RFC 3339) where that is set.
func now() time.Time {
	if at, err := time.Parse(time.RFC3339, os.Getenv("OPENALGO_NOW")); err == nil {
		return at
	}
	return time.Now()
}
