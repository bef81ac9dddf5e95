// Package testuser says who a test runs as. Tests alone use it.
package testuser

import (
	"os"
	"testing"
)

// Alice is the ID of a user who is not root; no account is needed for it.
const Alice = 12345

// Root skips a test that only root can run.
func Root(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
}
