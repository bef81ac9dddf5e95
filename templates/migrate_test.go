package templates_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/templates"
)

// The app of the migration tests: two migrations, of which the second counts its
// runs in the database, and a migrate_all.py that takes a failure for success.
const (
	migrateAll = `import os, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
for name in ("one.py", "two.py"):
    subprocess.run([sys.executable, os.path.join(here, name)], cwd=os.path.dirname(here), capture_output=False, text=True)
`
	migrateOne = `import os, sys
assert __name__ == "__main__" and sys.argv == [os.path.abspath(__file__)] and sys.path[0] == os.path.dirname(__file__)
print("one in", os.path.basename(os.getcwd()), os.getpid() != os.getppid())
`
	migrateTwo = `import sqlite3, sys
with sqlite3.connect("db/openalgo.db", timeout=0.1) as db:
    db.execute("CREATE TABLE IF NOT EXISTS runs (n INTEGER)")
    db.execute("INSERT INTO runs VALUES (1)")
if __import__("os").path.exists("fails"):
    sys.exit(3)
`
)

// migration is an app whose migrations are run with the real Python.
type migration struct {
	*app
	python string
}

func newMigration(t *testing.T) *migration {
	t.Helper()
	t.Parallel()
	python := os.Getenv("OPENALGO_PYTHON") // it has python-dotenv
	if python == "" {
		t.Skip("no OPENALGO_PYTHON: make test has one")
	}
	m := &migration{&app{t: t, dir: t.TempDir()}, python}
	m.write("openalgo-migrate.py", string(templates.Migrate()), 0o644)
	m.write(".openalgo-image", "one\n", 0o644)
	m.write("upgrade/migrate_all.py", migrateAll, 0o644)
	m.write("upgrade/one.py", migrateOne, 0o644)
	m.write("upgrade/two.py", migrateTwo, 0o644)
	m.write(".env", "DATABASE_URL = 'sqlite:///db/openalgo.db'\nSANDBOX_DATABASE_URL = 'sqlite:///db/sandbox.db'\nHISTORIFY_DATABASE_URL = 'db/historify.duckdb'\n", 0o600)
	for _, name := range databases {
		m.sql(name, "CREATE TABLE app (x)")
	}
	return m
}

// databases are those of the app: two that .env names, and one that a migration
// knows without.
var databases = []string{"db/openalgo.db", "db/sandbox.db", "db/logs.db"}

func (m *migration) sql(name, statement string) string {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755); err != nil {
		m.t.Fatal(err)
	}
	out, err := exec.Command(m.python, "-c", "import sqlite3,sys\nwith sqlite3.connect(sys.argv[1]) as db: print(db.execute(sys.argv[2]).fetchall())", m.path(name), statement).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", statement, err, out)
	}
	return strings.TrimSpace(string(out))
}

// start does what start.sh does, and reports whether the migrations ran.
func (m *migration) start(env ...string) (ran bool, out string) {
	m.t.Helper()
	cmd := exec.Command(m.python, m.path("openalgo-migrate.py"))
	cmd.Dir, cmd.Env = m.dir, append([]string{"PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1"}, env...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%v\n%s", err, text)
	}
	return strings.Contains(string(text), "one in "+filepath.Base(m.dir)+" True"), string(text)
}

func (m *migration) mustMigrate(why string) {
	m.t.Helper()
	if ran, out := m.start(); !ran || !strings.Contains(out, why) {
		m.t.Fatalf("ran: %v, want it for %q\n%s", ran, why, out)
	}
}

func (m *migration) mustSkip() {
	m.t.Helper()
	if ran, out := m.start(); ran {
		m.t.Fatalf("the migrations ran\n%s", out)
	}
}

func (m *migration) copy(from, to string) {
	m.t.Helper()
	m.write(to, m.read(from), 0o644)
}

func TestMigrationsRunOnce(t *testing.T) {
	m := newMigration(t)
	for _, name := range databases {
		m.copy(name, "old/"+name)
	}
	m.mustMigrate("was not migrated by this image yet")
	m.mustSkip()
	for _, name := range databases {
		m.copy(name, "backup/"+name)
	}
	// What decides what they do: the app, the migrations themselves.
	m.write(".openalgo-image", "two\n", 0o644)
	m.mustMigrate("another image")
	m.mustSkip()
	m.write("upgrade/data.json", "{}", 0o644)
	m.mustMigrate("another image")
	m.mustSkip()
	// A single file that somebody copied back, with and without another image's word.
	for _, name := range databases {
		m.copy("old/"+name, name)
		m.mustMigrate(name)
		m.mustSkip()
		m.copy("backup/"+name, name)
		m.mustMigrate(name)
		m.mustSkip()
	}
	// Everything as it was, the image too.
	for _, name := range databases {
		m.copy("backup/"+name, name)
	}
	m.write(".openalgo-image", "one\n", 0o644)
	if err := os.Remove(m.path("upgrade/data.json")); err != nil {
		t.Fatal(err)
	}
	m.mustSkip()
	if err := os.Remove(m.path(".openalgo-image")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		m.mustMigrate("does not say what it was made of")
	}
}

func TestMigrationsOfDataThatIsNew(t *testing.T) {
	m := newMigration(t)
	m.mustMigrate("yet")
	m.mustSkip()
	if err := os.Remove(m.path("db/sandbox.db")); err != nil {
		t.Fatal(err)
	}
	m.mustMigrate("db/sandbox.db is not there yet")
	m.mustMigrate("last time not all of them succeeded")
	m.sql("db/sandbox.db", "PRAGMA journal_mode=WAL") // a file without tables
	for range 2 {
		m.mustMigrate("last time not all of them succeeded")
	}
	m.sql("db/sandbox.db", "CREATE TABLE app (x)") // OpenAlgo has made its tables
	m.mustMigrate("last time not all of them succeeded")
	m.mustSkip()
	// A database that .env names from now on, or the environment.
	m.write(".env", m.read(".env")+"DATABASE_URL='sqlite:///db/other.db'\n", 0o600)
	m.mustMigrate("db/other.db is not there yet")
	m.sql("db/other.db", "CREATE TABLE app (x)")
	m.mustMigrate("last time not all of them succeeded")
	m.mustSkip()
	for range 2 {
		ran, out := m.start("LOGS_DATABASE_URL=postgresql://user:canary@host/logs")
		if !ran || strings.Contains(out, "canary") || !strings.Contains(out, "LOGS_DATABASE_URL is no SQLite file") {
			t.Fatalf("ran: %v\n%s", ran, out)
		}
	}
	m.write("db/logs.db", "this is no database, and longer than a header of one would have to be, by far: 100 bytes or more", 0o644)
	for range 2 {
		if ran, out := m.start(); !ran {
			t.Fatalf("not run\n%s", out)
		}
	}
}

func TestMigrationThatFails(t *testing.T) {
	m := newMigration(t)
	m.mustMigrate("yet")
	m.write("fails", "", 0o644)
	m.write(".openalgo-image", "two\n", 0o644)
	for range 2 {
		m.mustMigrate("since these failed: two.py")
	}
	// Back at the first image: the second one's may have changed half of it.
	m.write(".openalgo-image", "one\n", 0o644)
	m.mustMigrate("last time not all of them succeeded")
	if err := os.Remove(m.path("fails")); err != nil {
		t.Fatal(err)
	}
	m.mustMigrate("last time not all of them succeeded")
	m.mustSkip()

	m.write("upgrade/migrate_all.py", "raise SystemExit(4)", 0o644)
	for range 2 {
		out, err := exec.Command(m.python, m.path("openalgo-migrate.py")).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "ended with status 4") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	// A process of which it is not known how it ended.
	m.write("upgrade/migrate_all.py", migrateAll+"os.system('true')\n", 0o644)
	for range 2 {
		m.mustMigrate("last time not all of them succeeded")
	}
	m.write("upgrade/migrate_all.py", migrateAll+"subprocess.run(['true'])\n", 0o644)
	m.mustMigrate("last time not all of them succeeded")
	m.mustSkip()
}

func TestMigrationsOfALockedDatabase(t *testing.T) {
	m := newMigration(t)
	m.mustMigrate("yet")
	m.write(".openalgo-image", "two\n", 0o644)
	lock := exec.Command(m.python, "-c", "import sqlite3,sys\ndb=sqlite3.connect(sys.argv[1],isolation_level=None);db.execute('BEGIN EXCLUSIVE');print('locked',flush=True);sys.stdin.read()", m.path("db/sandbox.db"))
	hold, err := lock.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := lock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if ran, out := m.start(); !ran {
		t.Errorf("not run\n%s", out)
	}
	_ = hold.Close()
	_ = lock.Wait()
	m.mustMigrate("")
	m.mustSkip()
}

// What OpenAlgo and its other tools see is one table more, and nothing else.
func TestMigrationsLeaveOneTable(t *testing.T) {
	m := newMigration(t)
	m.mustMigrate("yet")
	for _, name := range databases {
		if got := m.sql(name, "SELECT name FROM sqlite_master WHERE type='table' AND name NOT IN ('app', 'runs')"); got != "[('openalgo_install',)]" {
			t.Errorf("%s has %s", name, got)
		}
	}
	var names []string
	entries, err := os.ReadDir(m.path("db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, "db/"+e.Name())
	}
	if want := slices.Sorted(slices.Values(databases)); !slices.Equal(names, want) {
		t.Errorf("db has %q", names)
	}
}
