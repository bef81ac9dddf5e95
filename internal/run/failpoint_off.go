//go:build !failpoint

package run

// failpoint is where tests built with the tag failpoint end the process.
func failpoint(string) {}
