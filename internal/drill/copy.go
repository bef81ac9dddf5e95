package drill

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/ready"
)

// What a second OpenAlgo needs: memory while it starts, and disk beside its data.
const (
	needMiB  = 700
	spareMiB = 64
)

// room refuses a drill that would take memory or disk from what trades.
func (t *trial) room() error {
	if isTest := spec.IsTest(t.archive.Manifest.Image.Ref); t.Available > 0 && t.Available < needMiB && !isTest {
		return finding.Named(finding.HostNotReady, "drill-memory", "a test restore runs a second OpenAlgo, which needs %s of memory, and %s is available", printable.MiB(needMiB), printable.MiB(t.Available)).
			With(finding.Hint{Do: "Test the backup on another machine with restore, or give this machine more memory or swap"}).Ending(finding.Unchanged)
	}
	disk, err := host.Disk(t.place.dir)
	if need := int(t.archive.Bytes>>20) + spareMiB; err == nil && disk.FreeMiB < need {
		return finding.Named(finding.HostNotReady, "disk-full", "the copy of the backup needs %s, and %s has %s free", printable.MiB(need), t.place.dir, printable.MiB(disk.FreeMiB)).
			With(finding.Run("Free some space first", "clean")).Ending(finding.Unchanged)
	}
	return nil
}

// bringImage finds the image that the backup was used with, or pulls it.
func (t *trial) bringImage(ctx context.Context) error {
	m := t.archive.Manifest.Image
	for _, ref := range []string{m.ID, m.Ref} {
		if ref == "" {
			continue
		}
		i, err := t.Docker.Image(ctx, ref)
		if err == nil && (i.ID == m.ID || !i.Created.Before(m.Created)) { // an older release may not know the data
			t.image = i
			return nil
		}
	}
	ref := m.Ref
	if m.Digest != "" && m.Digest != m.ID {
		ref = spec.RepositoryOf(m.Ref) + "@" + m.Digest
	}
	i, err := (image.Bringer{Engine: t.Docker, Report: t.Report, Clean: func(line string) string { return ready.Line(t.Redact, line) }}).Pull(ctx, ref)
	t.image = i
	return err
}

// create creates the container. Nothing of the backup's own Compose file is in it: that
// could ask for rights on this machine.
func (t *trial) create(ctx context.Context) (string, error) {
	s := engine.ContainerSpec{Config: engine.Config{Image: t.image.ID}, Mounts: []engine.Mount{{Type: "bind", Source: t.place.env(), Target: openalgo.Env}}}
	yes := true
	s.Host.Init, s.Host.NetworkMode, s.Host.SecurityOpt = &yes, "none", []string{"no-new-privileges:true"}
	s.Host.OomScoreAdj, s.Host.CPUShares = 500, 128 // where memory or cores run out, it is the copy that waits or ends
	if t.Docker.Info().SELinux {
		s.Host.SecurityOpt = append(s.Host.SecurityOpt, "label=disable") // the place has no label for containers
	}
	if user := t.image.User; user != "" && user != "0" && user != "root" {
		s.Host.CapDrop = []string{"ALL"}
	}
	held := map[string]bool{}
	for _, tree := range t.archive.Manifest.Trees {
		held[tree.Name] = tree.Name == backup.DataTree || tree.Name == "keys"
	}
	for _, name := range []string{backup.DataTree, "keys", "strategies", backup.LogTree, "tmp"} {
		at, err := t.place.at(data+"/"+name), error(nil)
		if !held[name] { // strategies begin to trade by themselves
			at, err = t.place.make("empty/" + name)
		}
		if err == nil {
			err = t.place.give(ctx, t.Docker, at, t.image.ID)
		}
		if err != nil {
			return "", err
		}
		s.Mounts = append(s.Mounts, engine.Mount{Type: "bind", Source: at, Target: openalgo.Tree(name)})
	}
	return t.place.container(ctx, t.Docker, s)
}

// openDoors is how this process reaches both ports of the copy.
func (t *trial) openDoors(ctx context.Context, id string) (target ready.Target, shut func(), err error) {
	var close1, close2 func()
	shut = func() {
		for _, f := range []func(){close1, close2} {
			if f != nil {
				f()
			}
		}
	}
	target = ready.Target{ID: id, Name: "the test restore", Local: true, TestApp: spec.IsTest(t.archive.Manifest.Image.Ref)}
	c, err := t.Docker.Container(ctx, id)
	if err != nil {
		return target, shut, err
	}
	open := t.Door
	if open == nil {
		open = door
	}
	if target.Web, close1, err = open(c, openalgo.WebPort); err == nil {
		target.WebSocket, close2, err = open(c, openalgo.WebSocketPort)
	}
	return target, shut, err
}

const accountsLine = "openalgo-install accounts:"

// countAccounts counts the accounts of the copy.
const countAccounts = `
import os, sqlite3
url = os.environ.get("DATABASE_URL") or "sqlite:///db/openalgo.db"
path = url[len("sqlite:///"):] if url.startswith("sqlite:///") else ""
rows = sqlite3.connect("file:" + os.path.join("/app", path) + "?mode=ro", uri=True).execute("SELECT count(*) FROM users").fetchall()
print("` + accountsLine + `", rows[0][0])
`

// count counts the accounts; -1 where that cannot be told.
func (t *trial) count(ctx context.Context, id string) int {
	out, err := t.Docker.Exec(ctx, id, []string{openalgo.Python, "-I", "-c", countAccounts}, "")
	if err != nil || out.ExitCode != 0 {
		return -1
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(out.Stdout)), accountsLine)
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if !ok || err != nil || n < 0 {
		return -1
	}
	return n
}

// result says what was proved.
func (t *trial) result() event.Result {
	m := t.archive.Manifest
	age := t.Now().Sub(m.Created)
	d := &event.Drill{File: t.file, Created: m.Created.UTC(), AgeSeconds: int64(age.Seconds()), Bytes: t.archive.Bytes,
		RestoreSeconds: t.took.Seconds(), StartSeconds: t.ready.Seconds(), Databases: len(t.archive.SQLite), Unchecked: t.unchecked}
	account := "without an admin account, as at the time of the backup"
	if m.Setup {
		account = "with its admin account"
	}
	if t.accounts >= 0 {
		d.Accounts = &t.accounts
		account = fmt.Sprintf("with %s", count(t.accounts, "account"))
	}
	checked := count(len(t.archive.SQLite), "database") + " checked"
	if t.unchecked != "" {
		checked = "its databases were not checked by SQLite (" + t.unchecked + ")"
	}
	return event.Result{Drill: d, Message: fmt.Sprintf("the backup of %s (%s old) can be restored: OpenAlgo was ready with it after %s, %s; %s. "+
		"A restore takes about %s. Everything was removed again", market.Text(m.Created), long(age), long(t.ready), account, checked, long(t.took))}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// long is a time in one unit, as a person says it.
func long(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return count(int(d.Hours()/24), "day")
	case d >= 2*time.Hour:
		return count(int(d.Hours()), "hour")
	case d >= 2*time.Minute:
		return count(int(d.Minutes()), "minute")
	}
	return count(max(int(d.Round(time.Second).Seconds()), 1), "second")
}

// Newest is the newest backup of an instance on this machine; "" where there is none.
func Newest(last *backup.Last, newest string) string {
	if last != nil && last.OK && last.File != "" && isFile(last.File) {
		return last.File // perhaps in a directory of the user's choice
	}
	return newest
}
