//go:build !linux

package engine

// kernelRelease: where this is not Linux, no engine runs on this kernel.
func kernelRelease() string { return "none" }
