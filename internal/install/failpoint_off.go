//go:build !failpoint

package install

import "time"

// now is the time; a test may set another one.
func now() time.Time { return time.Now() }

// limit is how long the wait of that name may take.
func limit(_ string, d time.Duration) time.Duration { return d }

// failpoint is where tests built with the tag failpoint end the process.
func failpoint(string) {}
