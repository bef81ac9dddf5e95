//go:build !failpoint

package run

// Failpoint is where tests built with the tag failpoint end the process.
func Failpoint(string) {}
