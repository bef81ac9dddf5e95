//go:build !failpoint

package install

// failpoint is where tests built with the tag failpoint end the process.
func failpoint(string) {}
