package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Only where nothing says where Docker is may the answers have it installed.
func TestHintDocker(t *testing.T) {
	t.Parallel()
	for want, err := range map[bool]error{
		true:  fmt.Errorf("connect: %w", engine.ErrAbsent),
		false: fmt.Errorf("connect: %w", errors.Join(engine.ErrUnanswered, engine.ErrContext, engine.ErrSSH, engine.ErrTLS)),
	} {
		if got := strings.Contains(hintDocker(err).Error(), "docker: {install: true}"); got != want {
			t.Errorf("%v: %v", err, hintDocker(err))
		}
	}
}
