package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// recordBackup keeps how a backup ended, one that was refused included: nobody
// watches the one of the night. One that a person called off counts as none.
func (in *Installer) recordBackup(b *backing, result event.Result, err error) {
	if e := (*finding.Error)(nil); errors.As(err, &e) && (e.Kind == finding.Cancelled || e.Kind == finding.Usage) {
		return
	}
	if _, gone := os.Stat(in.dir.Work("")); gone != nil {
		return // there is no instance
	}
	last := backup.Last{At: time.Now().UTC(), OK: err == nil, File: b.target.name, Bytes: b.target.bytes,
		Unchecked: b.unchecked, DownSeconds: b.down.Seconds(), Message: result.Message}
	if err != nil {
		last.Message = in.redact.Redact(err.Error())
	}
	if err := last.Save(in.dir); err != nil {
		in.note(fmt.Sprintf("the result of the backup could not be kept for `status`: %v", err))
	}
}

// finish proves the archive by reading it back, and gives it its name.
func (b *backing) finish(ctx context.Context, c engine.Container) (event.Result, error) {
	in := b.in
	r := event.Result{Changed: true, URL: instanceURL(envOf(string(in.dir)), c)}
	down := ""
	if isUp(c) {
		down = fmt.Sprintf(" OpenAlgo was down for %.1f s", b.down.Seconds())
	}
	if b.target.file == nil {
		r.Message = fmt.Sprintf("the backup is written (%s).%s", backup.SizeText(b.target.bytes), down)
		return r, nil
	}
	if err := b.target.file.Sync(); err != nil {
		return event.Result{}, finding.Errorf(finding.Failed, "writing %s: %w", b.target.name, err)
	}
	began := in.stepStarted("read-back", "read the backup again and check it")
	a, err := backup.Open(ctx, b.target.file.content(), b.key)
	if err != nil {
		in.stepEnded("read-back", event.Failed, began)
		return event.Result{}, finding.Errorf(finding.Failed, "the backup can't be read back: %w. It is removed; OpenAlgo runs", err)
	}
	var damaged []string
	err = in.acrossRestart(ctx, func(ctx context.Context) (err error) {
		damaged, err = b.checkSQLite(ctx, c, a)
		return err
	})
	if ctx.Err() != nil {
		return event.Result{}, &finding.Error{Kind: finding.Cancelled, Err: errors.New("cancelled: there is no backup, and OpenAlgo is as it was before")}
	}
	if err != nil {
		b.unchecked = err.Error()
		in.warn(fmt.Sprintf("SQLite could not check the databases in the backup, so no older backup is removed: %v", err))
	}
	in.stepEnded("read-back", event.Done, began)
	if err := b.target.keep(); err != nil {
		return event.Result{}, finding.Errorf(finding.Failed, "%w", err)
	}
	if len(damaged) > 0 {
		return event.Result{}, finding.Errorf(finding.Failed, "%s is written and is what OpenAlgo has, but OpenAlgo's data is damaged:\n  - %s\n"+
			"Keep your older backups: none of them was removed", b.target.name, strings.Join(damaged, "\n  - "))
	}
	if b.unchecked != "" {
		r.Message = fmt.Sprintf("%s is written and read back (%s), its databases are not checked.%s", b.target.name, backup.SizeText(b.target.bytes), down)
		return r, nil
	}
	if err := b.target.prune(b, b.options.Keep); err != nil {
		return event.Result{}, finding.Errorf(finding.Failed, "%s is written and checked, but %w", b.target.name, err)
	}
	r.Message = fmt.Sprintf("%s is written and checked (%s).%s", b.target.name, backup.SizeText(b.target.bytes), down)
	return r, nil
}

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

// checkSQLite takes the SQLite databases out of the archive again, with what
// their logs hold, and lets SQLite check them.
func (b *backing) checkSQLite(ctx context.Context, c engine.Container, a *backup.Archive) (damaged []string, err error) {
	if len(a.SQLite) == 0 {
		return nil, nil
	}
	dir, err := os.MkdirTemp(b.target.checkDir(b), b.checkPrefix())
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	roots := map[string]string{}
	for _, t := range b.trees {
		roots[t.Name] = filepath.Join(dir, t.Name)
		if err := os.Mkdir(roots[t.Name], 0o700); err != nil {
			return nil, err
		}
	}
	wanted := map[string]bool{}
	var paths []string
	for _, name := range a.SQLite {
		for _, part := range []string{"", "-wal", "-shm", "-journal"} {
			wanted[name+part] = true
		}
		paths = append(paths, "/check/"+strings.TrimPrefix(name, "data/"))
	}
	if err := a.ExtractSome(ctx, roots, func(name string) bool { return wanted[name] }); err != nil {
		return nil, err
	}
	return b.askSQLite(ctx, c.ImageID, dir, paths)
}

// checkPrefix begins the name of the directory with those copies.
func (b *backing) checkPrefix() string { return "." + b.names() + "check-" }

// checkTime is how long SQLite may take for its check, and checkTimePerGiB what
// it gets for each GiB of databases on a slow disk.
const (
	checkTime       = 10 * time.Minute
	checkTimePerGiB = 5 * time.Minute
)

// checkLimit is the time for the databases in dir.
func checkLimit(dir string) time.Duration {
	bytes, err := treeBytes(dir)
	if err != nil {
		bytes = 0
	}
	return checkTime + time.Duration(bytes>>20)*checkTimePerGiB/1024
}

func (b *backing) askSQLite(ctx context.Context, image, dir string, paths []string) (damaged []string, err error) {
	e := b.in.Engine
	id, discard, err := b.in.helper(ctx, engine.ContainerSpec{
		Image: image, User: "0:0", NetworkMode: "none", Entrypoint: []string{"python3", "-c", integrity}, Cmd: paths,
		Mounts: []engine.Mount{{Type: "bind", Source: dir, Target: "/check"}},
	})
	if err != nil {
		return nil, err
	}
	defer discard()
	if err := e.Start(ctx, id); err != nil {
		return nil, err
	}
	if _, err := b.in.ended(ctx, id, checkLimit(dir)); err != nil {
		return nil, fmt.Errorf("SQLite's check: %w", err)
	}
	var out, problems bytes.Buffer
	ctx, cancel := context.WithTimeout(ctx, helperTime)
	defer cancel()
	if err := e.Logs(ctx, id, engine.LogOptions{}, &out, &problems); err != nil {
		return nil, err
	}
	said, ended := strings.CutSuffix(strings.TrimSpace(out.String()), "END")
	if !ended {
		return nil, fmt.Errorf("SQLite said %q", strings.TrimSpace(problems.String()))
	}
	for line := range strings.Lines(said) {
		if name, text, _ := strings.Cut(strings.TrimSpace(line), "\t"); text != "ok" {
			damaged = append(damaged, name+": "+text)
		}
	}
	return damaged, nil
}
