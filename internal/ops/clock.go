//go:build !failpoint

package ops

import "time"

// now is the time; a test may set another one.
func now() time.Time { return time.Now() }
