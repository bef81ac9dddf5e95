// Package transform is empty. Bubble Tea reads the keys of Windows through it, for which
// the program is not built; go mod tidy looks at all systems.
package transform
