// Package noquery keeps bubbletea from asking the terminal for its background
// colour while the program starts (its tea_init.go). Every command would wait
// for the answer, `--help` too, a serial console that gives none for seconds,
// and what was typed ahead could be lost. The question is left out where CI is
// set, so CI is set until Restore.
//
// It works because Go initializes packages in the order of their import paths
// as far as their imports allow: this one imports os alone, and so comes before
// the library that asks.
package noquery

import "os"

const variable = "CI"

var before, wasSet = os.LookupEnv(variable)

func init() { _ = os.Setenv(variable, "1") }

// Restore gives the environment back as it was.
func Restore() {
	if wasSet {
		_ = os.Setenv(variable, before)
		return
	}
	_ = os.Unsetenv(variable)
}
