package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/later"
)

// The schedule has the address, the file with the keys and no keys, in words that cron
// and systemd take.
func TestScheduleToAStore(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	file := filepath.Join(t.TempDir(), "s3.env")
	if err := os.WriteFile(file, []byte("AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"s3://my-bucket/openalgo", "sftp://u1@box.example.com:23/~/openalgo", "rclone:drive:openalgo"} {
		c := &backupCommand{app: &app{}, to: to, keep: 14, recipients: []string{"age1x"}, store: storeFlags{file}}
		if err := c.place(); err != nil {
			t.Fatal(err)
		}
		command, recover, err := c.scheduled()
		if err != nil || !slices.Contains(command, "--to="+to) || !slices.Contains(command, "--credentials="+file) {
			t.Errorf("%q: %v", command, err)
		}
		if err := (later.Job{Backup: command[1:], Recover: recover[1:]}).Check(); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// A dry run makes no key for the store; without a terminal nothing does.
func TestDryRunMakesNoKey(t *testing.T) {
	t.Parallel()
	for _, dryRun := range []bool{true, false} {
		c := &backupCommand{app: &app{dir: t.TempDir(), stdin: &bytes.Buffer{}, stderr: &bytes.Buffer{}}, to: "sftp://me@box.example.com/backups"}
		c.dryRun = dryRun
		if err := c.place(); err != nil {
			t.Fatal(err)
		}
		if err := c.mayRepeat(t.Context()); (err == nil) != dryRun {
			t.Errorf("dry run %v: %v", dryRun, err)
		}
	}
}

// One that may be damaged must not push the good ones out of the store.
func TestUncheckedKeepsAllInTheStore(t *testing.T) {
	t.Parallel()
	if checked, not := keptThere(3, event.Result{}), keptThere(3, event.Result{Unchecked: "no memory"}); checked != 3 || not != 0 {
		t.Errorf("%d and %d", checked, not)
	}
}
