package rehearsal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

// failKey is the .env key with which a test asks for a fault.
const failKey = "OPENALGO_REHEARSAL_FAIL"

// The faults a test can ask for. A time, where one belongs to it, follows
// after a colon: "slow:5s".
const (
	failExit        = "exit"      // ends at once, code 1
	failSilent      = "silent"    // takes connections on both ports, never answers
	failHTTP500     = "http500"   // answers 500 everywhere but under /rehearsal/
	failNoWebSocket = "nows"      // nothing listens on the WebSocket port
	failSlow        = "slow"      // HTTP requests wait until this long after the start
	failBadJSON     = "badjson"   // /auth/check-setup answers 200 with broken JSON
	failHalf        = "half"      // changes the database as a migration would, then ends with code 1
	failLateExit    = "late-exit" // serves for this long, then ends with code 1
	failMigrate     = "migrate"   // migrates for this long before it listens, as OpenAlgo does on a slow machine
)

// fault is one fault, or none when kind is "".
type fault struct {
	kind  string
	delay time.Duration
}

func parseFault(value string) (fault, error) {
	kind, delay, timed := strings.Cut(value, ":")
	f := fault{kind: kind}
	switch kind {
	case "", failExit, failHalf, failSilent, failHTTP500, failNoWebSocket, failBadJSON:
		if timed {
			return fault{}, fmt.Errorf("%s: %s takes no time", failKey, kind)
		}
	case failSlow, failLateExit, failMigrate:
		var err error
		if f.delay, err = time.ParseDuration(delay); err != nil {
			return fault{}, fmt.Errorf("%s: %s needs a time, as in %s:5s", failKey, kind, kind)
		}
	default:
		return fault{}, fmt.Errorf("%s: no such fault; it can be %s", failKey, strings.Join([]string{
			failExit, failHalf, failSilent, failHTTP500, failNoWebSocket, failSlow + ":5s", failBadJSON, failLateExit + ":3s", failMigrate + ":150s",
		}, ", "))
	}
	return f, nil
}

// migrations is how many the test app has, and migrationsFile where it lists
// them, in OpenAlgo's form.
const (
	migrations     = 23
	migrationsFile = "app/upgrade/migrate_all.py"
)

func migrationName(n int) string { return fmt.Sprintf("rehearsal_%02d.py", n) }

// migrationList is the text of that file.
func migrationList() []byte {
	var out strings.Builder
	out.WriteString("MIGRATIONS = [\n")
	for n := range migrations {
		fmt.Fprintf(&out, "    (%q, %q),\n", migrationName(n+1), "Rehearsal")
	}
	out.WriteString("]\n")
	return []byte(out.String())
}

// migrate prints what OpenAlgo does while it migrates, for as long as the fault
// says. Nothing answers meanwhile, and the health check fails.
func (a *app) migrate(ctx context.Context) error {
	a.say("Running database migrations...")
	for n := range migrations {
		fmt.Fprintf(a.Out, "Running: Rehearsal\nScript: %s\n", migrationName(n+1))
		if err := wait.For(ctx, a.fault.delay/migrations); err != nil {
			return err
		}
		fmt.Fprintln(a.Out, "[OK] Rehearsal - Completed")
	}
	a.say("Starting application on port 5000")
	return nil
}

// asked is the end that a test asked for.
func asked(f fault) *refusal {
	return &refusal{code: 1, lines: []string{SignatureError + failKey + " asks for " + f.kind}}
}
