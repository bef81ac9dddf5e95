package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const makeRows = `
import sqlite3, sys
con = sqlite3.connect(sys.argv[1])
con.execute("PRAGMA journal_mode=WAL")
con.execute("CREATE TABLE trades (id INTEGER PRIMARY KEY, symbol TEXT)")
con.executemany("INSERT INTO trades VALUES (?, ?)", [(n, "NIFTY%d" % n) for n in range(1000)])
con.commit()
`

const countRows = `
import sqlite3, sys
con = sqlite3.connect("file:" + sys.argv[1] + "?immutable=1", uri=True)
print(con.execute("PRAGMA integrity_check").fetchone()[0], con.execute("SELECT count(*), sum(id) FROM trades").fetchone())
`

func python(t *testing.T, args ...string) string {
	t.Helper()
	name := os.Getenv("OPENALGO_PYTHON")
	if name == "" {
		name = "python3"
	}
	out, err := exec.Command(name, append([]string{"-c"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestJourney takes the stack of each other installer through what comes after
// the first day, and looks for the same rows, keys and files at each station.
func TestJourney(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("volumes are read by root")
	}
	for name := range foreignStacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := adoptable(t, name)
			python(t, makeRows, filepath.Join(i.volume("/app/db"), "trades.db"))
			i.place(filepath.Join(i.volume("/app/strategies"), "ema.py"), 900, 0)
			keys, users := i.keys(), i.report().Users
			files := i.filesOf("/app/db", "/app/strategies")
			same := func(station string) {
				t.Helper()
				i.mustBeReady()
				rows := python(t, countRows, filepath.Join(i.volume("/app/db"), "trades.db"))
				if rows != "ok (1000, 499500)" || i.keys() != keys || i.report().Users != users || i.filesOf("/app/db", "/app/strategies") != files {
					t.Fatalf("%s: %s, %d accounts\n%s\nwere\n%s", station, rows, i.report().Users, i.filesOf("/app/db", "/app/strategies"), files)
				}
			}
			do := func(args ...string) {
				t.Helper()
				if out := i.run(args...); out.code != 0 {
					t.Fatal(out.all())
				}
				same(args[0])
			}
			address := sharedRegistry(t)
			next := address + "/openalgo:2"
			release(t, next, dockerConfig(t, map[string]any{}), "NEW_IN_TWO = 'yes'")
			t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", next).Run() })

			do("adopt", "--now", "--yes")
			do("upgrade", "--to", next, "--now")
			do("resize", "--ram", "8GB", "--cores", "2", "--now", "--yes")
			do("backup", "--now", "--to", t.TempDir())
			file := lastBackup(i).File
			volumes := i.running().Mounts
			if out := i.run("uninstall", "--yes"); out.code != 0 {
				t.Fatal(out.all())
			}
			for _, m := range volumes {
				if m.Type == "volume" {
					if err := docker.RemoveVolume(t.Context(), m.Name); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := os.RemoveAll(i.dir); err != nil {
				t.Fatal(err)
			}
			do("restore", file, "--now")
			if out := i.run("doctor"); strings.Contains(out.stdout, "FAIL") {
				t.Error(out.stdout)
			}
		})
	}
}

// filesOf is the content of every file below some places of the container.
func (i *instance) filesOf(targets ...string) string {
	i.t.Helper()
	var out strings.Builder
	for _, target := range targets {
		cmd := exec.Command("sh", "-c", "cd \"$1\" && find . -type f -not -name '*-shm' -exec sha256sum {} + | sort -k2", "sh", i.volume(target))
		text, err := cmd.CombinedOutput()
		if err != nil {
			i.t.Fatalf("%v: %s", err, text)
		}
		fmt.Fprintf(&out, "%s\n%s", target, text)
	}
	return out.String()
}
