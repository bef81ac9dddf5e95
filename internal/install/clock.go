//go:build !failpoint

package install

import "time"

// now is the time; a test may set another one.
func now() time.Time { return time.Now() }
