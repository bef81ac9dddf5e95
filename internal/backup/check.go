package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// integrity asks SQLite about each database; it runs in the app's own image,
// on copies.
const integrity = `
import sqlite3, sys
for path in sys.argv[1:]:
    try:
        rows = sqlite3.connect(path).execute("PRAGMA integrity_check(5)").fetchall()
        text = "; ".join(str(row[0]) for row in rows)
    except Exception as problem:
        text = str(problem)
    print(path[len("/check/"):] + "\t" + " ".join(text.split()))
print("END")
`

// CheckSQLite takes the SQLite databases out of the archive again, with what
// their logs hold, and lets SQLite check them in a container of an image.
func (t *Target) CheckSQLite(ctx context.Context, d helper.Docker, image string, a *Archive) (damaged []string, err error) {
	if len(a.SQLite) == 0 {
		return nil, nil
	}
	dir, err := os.MkdirTemp(t.checkDir(), checkPrefix(t.o.Instance))
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	roots := map[string]string{}
	for _, tree := range t.o.Trees {
		roots[tree.Name] = filepath.Join(dir, tree.Name)
		if err := os.Mkdir(roots[tree.Name], 0o700); err != nil {
			return nil, err
		}
	}
	wanted := map[string]bool{}
	for _, name := range a.SQLite {
		for _, part := range []string{"", "-wal", "-shm", "-journal"} {
			wanted[name+part] = true
		}
	}
	if err := a.extractSome(ctx, roots, func(name string) bool { return wanted[name] }); err != nil {
		return nil, err
	}
	return CheckDatabases(ctx, d, string(t.o.Instance), image, dir, a.SQLite)
}

// CheckDatabases lets SQLite check databases of an archive that were unpacked in a
// directory, in a container of an image.
func CheckDatabases(ctx context.Context, d helper.Docker, instance, image, dir string, names []string) (damaged []string, err error) {
	var paths []string
	for _, name := range names {
		paths = append(paths, "/check/"+strings.TrimPrefix(name, dataPrefix))
	}
	out, err := helper.Run(ctx, d, instance, engine.ContainerSpec{
		Config: engine.Config{Image: image, User: "0:0", Entrypoint: []string{"python3", "-c", integrity}, Cmd: paths},
		Host:   engine.HostConfig{NetworkMode: "none"},
		Mounts: []engine.Mount{{Type: "bind", Source: dir, Target: "/check"}},
	}, checkLimit(dir))
	if err != nil {
		return nil, fmt.Errorf("SQLite's check: %w", err)
	}
	return readCheck(out)
}

// readCheck returns what SQLite found, by database.
func readCheck(out engine.ExecResult) (damaged []string, err error) {
	said, ended := strings.CutSuffix(strings.TrimSpace(string(out.Stdout)), "END")
	if !ended {
		return nil, fmt.Errorf("SQLite said %q", strings.TrimSpace(string(out.Stderr)))
	}
	for line := range strings.Lines(said) {
		if name, text, _ := strings.Cut(strings.TrimSpace(line), "\t"); text != "ok" {
			damaged = append(damaged, name+": "+text)
		}
	}
	return damaged, nil
}

// checkPrefix begins the name of the directory with those copies, and checkMark
// is in it.
func checkPrefix(d instance.Dir) string { return "." + names(d) + checkMark }

const checkMark = "check-"

// checkTime is how long SQLite may take for its check, and checkTimePerGiB what
// it gets for each GiB of databases on a slow disk.
const (
	checkTime       = 10 * time.Minute
	checkTimePerGiB = 5 * time.Minute
)

// checkLimit is the time for the databases in dir.
func checkLimit(dir string) time.Duration {
	bytes := databaseBytes([]Tree{{Path: dir}})
	return checkTime + time.Duration(bytes>>20)*checkTimePerGiB/1024
}
