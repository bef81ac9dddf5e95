package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/backup/frozen"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/installed"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/still"
	"github.com/marketcalls/openalgo-install/internal/tree"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// BackupOptions say where a backup goes and what it holds.
type BackupOptions struct {
	To   string // a directory, a file, or "-" for Out; "" is <dir>-backups
	Keep int    // how many stay in a directory; 0 is all
	Log  bool   // the app's log, too
	Stop bool   // OpenAlgo is stopped for it, and not frozen
	Seal backup.Seal
	Out  io.Writer
}

// backing is one backup.
type backing struct {
	in      *Session
	options BackupOptions
	wrap    func(io.Writer) (io.WriteCloser, error)
	key     backup.Key
	// unsealed is why it cannot be encrypted.
	unsealed error
	trees    []backup.Tree
	target   *backup.Target
	down     time.Duration
	copy     func() error // what is left to copy while OpenAlgo is stopped
	still    *frozen.Copy // what is copied without a stop
	frozen   time.Duration
	// unchecked is why SQLite could not check the databases.
	unchecked string
}

// Backup writes an archive of the instance: .env, its files and its data. The
// app is frozen, or else stopped, for as long as what it may write is read, and no
// longer: its databases are not whole otherwise (docs/openalgo-facts.md 9.2).
func Backup(o BackupOptions) Command {
	b := &backing{options: o, target: &backup.Target{}, still: &frozen.Copy{}}
	b.wrap, b.key, b.unsealed = o.Seal.Ready()
	return Command{Name: plan.CommandBackup, act: b.act, Wish: b.wish, Ended: b.record}
}

// wish refuses what cannot be backed up.
func (b *backing) wish(o *world.Observation) (plan.Intent, error) {
	i := plan.Intent{Command: plan.CommandBackup, Run: plan.Archived, Archiver: b}
	if !b.options.Stop {
		i.Copier = b.still
	}
	if b.unsealed != nil {
		return i, finding.Named(finding.Usage, "seal-unusable", "%w", b.unsealed)
	}
	if err := guard.MayCopy(o, "a backup"); err != nil {
		return i, err
	}
	if err := guard.MayReplace(o); err != nil {
		return i, err
	}
	_, err := installed.Intent(o, plan.CommandBackup)
	return i, err
}

func (b *backing) act(ctx context.Context, turn *turn, p *plan.Plan) (event.Result, error) {
	c := *p.Stays
	b.in = turn.Session
	if err := b.findTrees(ctx, c); err != nil {
		return event.Result{}, err
	}
	t, err := backup.OpenTarget(backup.TargetOptions{Instance: b.in.dir, To: b.options.To, Stream: b.options.Out, Keep: b.options.Keep,
		Sealed: !b.options.Seal.None(), Trees: b.trees, Warn: b.in.warn, Note: b.in.note})
	if err != nil {
		return event.Result{}, err
	}
	defer t.Discard()
	b.target = t
	b.still.Trees, b.still.Watcher = b.trees, b.in.Guard
	b.still.Files = func(ctx context.Context, take func(string, []byte) error) error { return filesNow(ctx, b.in, take) }
	defer b.still.Remove()
	failed, notUp := b.copied(ctx, turn, p)
	switch {
	case notUp != nil && failed == nil:
		return b.keptWhileDown(context.WithoutCancel(ctx), c, notUp)
	case notUp != nil:
		return event.Result{}, &finding.Error{Kind: finding.Broken, ID: "backup-failed", Err: errors.Join(notUp, failed), Log: ready.LogOf(notUp)}
	case ctx.Err() != nil:
		failed = finding.Named(finding.Cancelled, "cancelled", "cancelled. No backup was made, and OpenAlgo runs as before")
	case failed != nil:
		failed = finding.Named(finding.Failed, "backup-failed", "%w. No backup was made. OpenAlgo runs as before", failed)
	}
	if failed != nil {
		return event.Result{}, failed
	}
	r, err := b.finish(ctx, c)
	if r.Frozen = b.frozen; err == nil && r.Frozen > 0 {
		r.Message += fmt.Sprintf(". OpenAlgo was frozen for %.2f s, and its connections stayed open", r.Frozen.Seconds())
	}
	return r, err
}

// keptWhileDown keeps what was read, whatever ails the app: it may be needed.
func (b *backing) keptWhileDown(ctx context.Context, c engine.Container, notUp error) (event.Result, error) {
	result, err := b.finish(ctx, c)
	if err == nil {
		err = errors.New("The backup is complete: " + result.Message)
	}
	return event.Result{}, &finding.Error{Kind: finding.Broken, ID: "backup-failed", Err: errors.Join(notUp, err), Log: ready.LogOf(notUp)}
}

// copied writes the archive: of a copy that is made without a stop, or else while
// OpenAlgo is stopped.
func (b *backing) copied(ctx context.Context, t *turn, p *plan.Plan) (failed, notUp error) {
	s := run.Find[*still.Freeze](stepsOf(p))
	if s == nil {
		return b.write(ctx, t, p)
	}
	var none error
	if b.still.Dir, none = b.target.Scratch(); none == nil {
		none, failed = b.freeze(ctx, t, p, s)
	}
	switch {
	case failed != nil:
		return failed, nil
	case none == nil:
		return timed(ctx, b.in, "archive", "write the backup", func(ctx context.Context) error { return b.archiveStill(ctx, *p.Stays) }), nil
	}
	b.still.Remove()
	var now engine.Container
	err := b.in.acrossRestart(ctx, func(ctx context.Context) (err error) {
		now, err = b.in.Engine.Container(ctx, p.Stays.ID)
		return err
	})
	if err != nil {
		return err, nil
	}
	b.in.note(fmt.Sprintf("OpenAlgo is stopped during the backup, because it cannot be frozen: %v", none))
	return b.write(ctx, t, p.ByStop(now))
}

// freeze copies the data without a stop. none is why there is no copy, and a stop has
// to do.
func (b *backing) freeze(ctx context.Context, t *turn, p *plan.Plan, s *still.Freeze) (none, failed error) {
	err := carry(ctx, t, p)
	if f := (*run.Failure)(nil); errors.As(err, &f) && f.Undo != nil {
		return nil, errors.Join(f.Cause, f.Undo)
	}
	switch err = errors.Join(causeOf(err), s.Failed); {
	case freeze.IsNone(err) || errors.Is(err, syscall.ENOSPC):
		return err, nil
	case err != nil:
		return nil, err
	}
	b.frozen = s.Frozen
	return nil, nil
}

// archiveStill archives what was copied without a stop.
func (b *backing) archiveStill(ctx context.Context, c engine.Container) error {
	sealed, err := b.wrap(b.target)
	if err != nil {
		return err
	}
	w, err := b.begin(ctx, c, sealed)
	if err != nil {
		return err
	}
	if err := b.still.Archive(ctx, w); err != nil {
		return errors.Join(err, w.Abandon())
	}
	b.still.Remove()
	return b.close(w, sealed)
}

// write writes the archive. notUp says that the app was stopped for it and does not
// come up again.
func (b *backing) write(ctx context.Context, t *turn, p *plan.Plan) (failed, notUp error) {
	c := *p.Stays
	sealed, err := b.wrap(b.target)
	if err != nil {
		return err, nil
	}
	w, err := b.begin(ctx, c, sealed)
	if err != nil {
		return err, nil
	}
	if stacks.IsUp(c) {
		if err := timed(ctx, b.in, "early", "copy large files that do not change", func(ctx context.Context) error { return b.early(ctx, w) }); err != nil {
			return errors.Join(err, w.Abandon()), nil
		}
	}
	// Not the context of the step: the user may leave, and OpenAlgo is started again.
	b.copy = func() error {
		return timed(ctx, b.in, "copy", "copy the data", func(ctx context.Context) error { return b.rest(ctx, w) })
	}
	began := time.Now()
	failed, notUp = whileDown(ctx, t, p)
	if stacks.IsUp(c) {
		b.down = time.Since(began)
		if down := t.watch.Measured().Down; down > 0 {
			b.down = down
		}
	}
	if notUp != nil {
		notUp = finding.Named(finding.Failed, "not-ready", "OpenAlgo was stopped for the backup and did not start again: %w", notUp).
			With(finding.Run("Find the problem", "doctor"), finding.Run("Start OpenAlgo", "start"))
	}
	if failed != nil {
		return errors.Join(failed, w.Abandon()), notUp
	}
	return b.close(w, sealed), notUp
}

// begin begins the archive.
func (b *backing) begin(ctx context.Context, c engine.Container, out io.Writer) (*backup.Writer, error) {
	m, err := manifest(ctx, b.in, c, b.trees)
	if err != nil {
		return nil, err
	}
	return backup.NewWriter(out, m)
}

// close ends an archive that is whole.
func (b *backing) close(w *backup.Writer, sealed io.Closer) error {
	for _, link := range w.LeftOut() {
		b.in.warn(finding.Warn("backup-link-left-out", "the backup leaves out a link that points outside OpenAlgo's data, because a restore would refuse it: %s", link))
	}
	return errors.Join(w.Close(), sealed.Close())
}

// early archives what can be while the app runs.
func (b *backing) early(ctx context.Context, w *backup.Writer) error {
	for _, t := range b.trees {
		if err := w.Early(ctx, t); err != nil {
			return fmt.Errorf("copying %s: %w", t.Source, err)
		}
	}
	run.Failpoint("backup-early")
	return nil
}

// rest archives what must not change meanwhile.
func (b *backing) rest(ctx context.Context, w *backup.Writer) error {
	meter.Expect(ctx, backup.Total(b.trees)-w.Bytes())
	for _, t := range b.trees {
		if err := w.Tree(ctx, t); err != nil {
			return fmt.Errorf("copying %s: %w", t.Source, err)
		}
		run.Failpoint("backup-" + t.Name)
	}
	// .env last: until it is stopped, the app may write a key of its own.
	return filesNow(ctx, b.in, w.File)
}

// Archive copies what must not change meanwhile.
func (b *backing) Archive(context.Context) error { return b.copy() }

func (b *backing) findTrees(ctx context.Context, c engine.Container) error {
	names := backup.SavedTrees
	if b.options.Log {
		names = append(names[:len(names):len(names)], backup.LogTree)
	}
	for _, name := range names {
		at, source, err := stacks.DataPath(ctx, b.in.Engine, c, openalgo.Tree(name))
		if err != nil {
			return err
		}
		if at == "" && openalgo.Tree(name) == openalgo.DB {
			return finding.Named(finding.HostNotReady, "volume-missing", "%s has no volume for its databases. Add the volumes to %s again first", c.Name, compose.FileName)
		}
		if at == "" {
			continue
		}
		bytes, err := tree.Bytes(at)
		if err != nil {
			return fmt.Errorf("looking at %s: %w", at, err)
		}
		if bytes == 0 && name == backup.DataTree {
			return guard.NoDatabase(source)
		}
		b.trees = append(b.trees, backup.Tree{Name: name, Source: source, Path: at, Bytes: bytes})
	}
	return nil
}

// manifest says what an instance's data is of.
func manifest(ctx context.Context, in *Session, c engine.Container, trees []backup.Tree) (backup.Manifest, error) {
	m, err := step.ManifestOf(ctx, in.Engine, in.dir, c, trees)
	if err != nil {
		return m, err
	}
	if stacks.IsUp(c) { // an account may have been made since the last run
		if needsSetup, err := in.asks(ctx, c); err == nil {
			m.Setup = !needsSetup
		}
	}
	return m, nil
}

// record keeps how a backup ended, one that was refused included: nobody
// watches the one of the night. One that a person called off counts as none.
func (b *backing) record(in *Session, result event.Result, err error) {
	if e := (*finding.Error)(nil); errors.As(err, &e) && (e.Kind == finding.Cancelled || e.Kind == finding.Usage) {
		return
	}
	if _, gone := os.Stat(in.dir.Work("")); gone != nil {
		return // there is no instance
	}
	last := backup.Last{At: time.Now().UTC(), OK: err == nil, File: b.target.Name, Bytes: b.target.Bytes,
		Unchecked: b.unchecked, DownSeconds: b.down.Seconds(), FrozenMS: b.frozen.Milliseconds(), Message: result.Message}
	if err != nil {
		last.Message = in.redact.Redact(err.Error())
	}
	if err := last.Save(in.dir); err != nil {
		in.note(fmt.Sprintf("cannot store the result of the backup for `status`: %v", err))
	}
}

// finish proves the archive by reading it back, and gives it its name.
func (b *backing) finish(ctx context.Context, c engine.Container) (event.Result, error) {
	in := b.in
	r := event.Result{Changed: true, URL: world.URLOf(world.EnvOf(string(in.dir)), c)}
	if b.target.IsStream() {
		r.Message = fmt.Sprintf("wrote the backup (%s)", backup.SizeText(b.target.Bytes))
		return r, nil
	}
	if err := b.target.Sync(); err != nil {
		return event.Result{}, finding.Named(finding.Failed, "backup-unwritable", "writing %s: %w", b.target.Name, err)
	}
	end := event.Begin(in.Report, "read-back", "read the backup back and check it")
	var a *backup.Archive
	err := meter.Do(ctx, in.Report, "read-back", "", func(ctx context.Context) (err error) {
		a, err = b.target.Open(ctx, b.key)
		return err
	})
	if err != nil {
		end(err)
		return event.Result{}, finding.Named(finding.Failed, "backup-unreadable", "the backup cannot be read back: %w. It was removed. OpenAlgo is running", err)
	}
	var damaged []string
	err = in.acrossRestart(ctx, func(ctx context.Context) error {
		return meter.Do(ctx, in.Report, "read-back", "the databases", func(ctx context.Context) (err error) {
			damaged, err = b.target.CheckSQLite(ctx, in.Engine, c.ImageID, a)
			return err
		})
	})
	if ctx.Err() != nil {
		return event.Result{}, finding.Named(finding.Cancelled, "cancelled", "cancelled. No backup was made, and OpenAlgo runs as before")
	}
	if err != nil {
		b.unchecked = err.Error()
		in.warn(finding.Warn("backup-unchecked", "SQLite could not check the databases in the backup, so older backups stay: %v", err))
	}
	end(nil)
	if err := b.target.Finish(); err != nil {
		return event.Result{}, finding.Named(finding.Failed, "backup-unwritable", "%w", err)
	}
	if len(damaged) > 0 {
		return event.Result{}, finding.Named(finding.Failed, "data-damaged", "wrote %s, but OpenAlgo's own data is damaged:\n  - %s\n"+
			"Keep your older backups. None of them was removed", b.target.Name, strings.Join(damaged, "\n  - "))
	}
	if r.Backup, r.Unchecked = b.target.Name, b.unchecked; r.Unchecked != "" {
		r.Message = fmt.Sprintf("wrote %s and read it back (%s). Its databases were not checked", b.target.Name, backup.SizeText(b.target.Bytes))
		return r, nil
	}
	if err := b.target.Prune(); err != nil {
		return event.Result{}, finding.Named(finding.Failed, "backup-not-tidied", "wrote and checked %s, but %w", b.target.Name, err)
	}
	r.Message = fmt.Sprintf("wrote and checked %s (%s)", b.target.Name, backup.SizeText(b.target.Bytes))
	return r, nil
}
