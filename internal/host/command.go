package host

import (
	"context"
	"os"
	"os/exec"
)

// Command is a program of this machine whose words are read: ufw, for one, would
// say them in the user's language.
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}
