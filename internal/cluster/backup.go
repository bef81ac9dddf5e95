package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// BackupOptions say where a backup goes and what it holds.
type BackupOptions struct {
	To   string // a directory, a file, or "-" for Out; "" is NAMESPACE-backups
	Keep int    // how many stay in a directory; 0 is all
	Log  bool   // OpenAlgo's log, too
	Seal backup.Seal
	Out  io.Writer
	Now  func() time.Time
}

// Backup is one backup of an instance in a cluster, from its plan to its end.
type Backup struct {
	in    *Instance
	o     BackupOptions
	world *world
	mark  *mark
	trees []string
	wrap  func(io.Writer) (io.WriteCloser, error)
	key   backup.Key

	target  *target
	damaged []string
	stopped time.Time
	started bool
	down    time.Duration
}

// PlanBackup looks at the instance and refuses what cannot be backed up.
func (in *Instance) PlanBackup(ctx context.Context, o BackupOptions) (*Backup, error) {
	b := &Backup{in: in, o: o, trees: slices.Clone(backup.SavedTrees)}
	if o.Log {
		b.trees = append(b.trees, backup.LogTree)
	}
	var err error
	if b.wrap, b.key, err = o.Seal.Ready(); err != nil {
		return nil, finding.Named(finding.Usage, "seal-unusable", "%w", err)
	}
	if b.world, err = in.look(ctx); err != nil {
		return nil, err
	}
	if m := b.world.mark; m != nil && m.isLive(o.Now()) {
		return nil, in.busy(m)
	}
	if b.world.claim == nil {
		return nil, noClaim(in, b.world)
	}
	return b, refuseOthers(ctx, in, b.world)
}

func noClaim(in *Instance, w *world) error {
	return finding.Named(finding.HostNotReady, "volume-missing", "the claim %s with OpenAlgo's data is missing", w.claimName()).
		With(advice("Apply the rendered files again")).Ending(finding.Unchanged)
}

// Lines are the plan for a person.
func (b *Backup) Lines() []string { return texts(b.acts()) }

// Asks is what a person must agree to while a market is open; "" is nothing.
func (b *Backup) Asks(ctx context.Context) string {
	return marketQuestion(ctx, b.in, b.world, b.o.Now())
}

func marketQuestion(ctx context.Context, in *Instance, w *world, now time.Time) string {
	if w.set.replicas() == 0 || w.pod() == nil {
		return ""
	}
	values, _ := variablesOf(ctx, in, w, false) // without them the broker is not known, and no crypto one
	one, _ := broker.Find(envfile.RedirectBroker(values["REDIRECT_URL"]))
	if open := market.Open(now, one.Kind == broker.Crypto, nil); len(open) > 0 {
		return "OpenAlgo and its strategies stop for some minutes, and " + market.Describe(open, now, nil)
	}
	return ""
}

// acts are what a backup does, in this order. OpenAlgo is stopped as short as possible:
// the archive is read back while it starts.
func (b *Backup) acts() []act {
	in, replicas := b.in, 1
	if b.world != nil {
		replicas = min(b.world.set.replicas(), 1)
		if m := b.world.mark; m != nil {
			replicas = m.Replicas
		}
	}
	acts := []act{
		{id: "stop", text: "stop OpenAlgo: scale statefulset/" + kube.StatefulSet + " to 0 and wait until its pod is gone", do: func(ctx context.Context) error {
			b.stopped = time.Now()
			return stopFor(ctx, in, b.world, b.mark)
		}},
		{id: "helper", text: "start pod/" + helper + " with OpenAlgo's image and the claim " + b.world.claimName(), do: func(ctx context.Context) error { return startHelper(ctx, in, b.world) }},
		{id: "copy", text: "copy " + strings.Join(b.trees, ", ") + " and let SQLite check the databases", do: b.copy},
		{id: "alone", text: "check that no other program started OpenAlgo meanwhile", do: func(ctx context.Context) error { return checkAlone(ctx, in, b.mark) }},
		{id: "remove", text: "remove pod/" + helper, back: true, do: func(ctx context.Context) error { return removeHelperOf(ctx, in, b.mark) }},
	}
	if replicas == 0 {
		return append(acts, act{id: "start", text: "leave OpenAlgo stopped, as it was", back: true, do: func(ctx context.Context) error {
			_, err := startAgain(ctx, in, b.mark, 0)
			return err
		}})
	}
	acts = append(acts, act{id: "start", text: "start OpenAlgo: scale statefulset/" + kube.StatefulSet + " to 1", back: true, do: func(ctx context.Context) error {
		var err error
		b.started, err = startAgain(ctx, in, b.mark, 1)
		return err
	}})
	if p := b.world.pod(); p != nil && !p.is("Ready") {
		return acts // it was not ready before: waiting for it would end as long without
	}
	return append(acts,
		act{id: "ready", text: "wait until OpenAlgo is ready", back: true, do: func(ctx context.Context) error {
			if !b.started {
				return nil // that is what went wrong
			}
			err := awaitReady(ctx, in)
			if err == nil {
				b.down = time.Since(b.stopped)
			}
			return err
		}})
}

// Do makes the backup. OpenAlgo is started again whatever happens.
func (b *Backup) Do(ctx context.Context) (event.Result, error) {
	in := b.in
	var err error
	if b.world, err = in.free(ctx, b.world, b.o.Now()); err != nil {
		return event.Result{}, err
	}
	b.mark = newMark(backingUp, b.world.set.replicas(), b.o.Now())
	if b.target, err = openTarget(b); err != nil {
		return event.Result{}, err
	}
	defer b.target.discard()
	if err := b.roomFor(ctx); err != nil {
		return event.Result{}, err
	}
	failed, notBack := carry(ctx, in.Report, b.acts())
	r := event.Result{Changed: true, Downtime: b.down}
	switch {
	case failed == nil && notBack == nil:
		r.Message, err = b.finish(ctx)
		return r, err
	case notBack != nil:
		message := ""
		if failed == nil {
			message, failed = b.finish(context.WithoutCancel(ctx))
		}
		if message != "" {
			failed = errors.New("The backup is complete: " + message)
		}
		return event.Result{}, &finding.Error{Kind: finding.Broken, ID: "backup-failed", Err: errors.Join(notBack, failed),
			Hints: []finding.Hint{in.run("Start OpenAlgo again", "recover"), in.run("Find the problem", "doctor")}}
	case ctx.Err() != nil:
		return event.Result{}, finding.Named(finding.Cancelled, "cancelled", "cancelled. No backup was made, and OpenAlgo runs as before")
	}
	if finding.IDOf(failed) == "cluster-busy" {
		return event.Result{}, failed
	}
	return event.Result{}, finding.Named(finding.Failed, "backup-failed", "%w. No backup was made. OpenAlgo runs as before", failed)
}

// roomFor checks the disk here by what the running OpenAlgo says of its data, so that it
// is not stopped for a backup that has no room.
func (b *Backup) roomFor(ctx context.Context) error {
	p := b.world.pod()
	if p == nil || !p.runs() {
		return nil
	}
	seen, err := lookAtVolume(ctx, b.in, p.Meta.Name, openalgo.Dir)
	if err != nil {
		return nil //nolint:nilerr // it may be starting: the copy looks again
	}
	return b.target.room(seen.Trees, b.trees)
}

// copy writes the archive from what the helper pod sends.
func (b *Backup) copy(ctx context.Context) error {
	seen, err := lookAtVolume(ctx, b.in, helper, kube.Data)
	if err != nil {
		return err
	}
	if seen.Trees[backup.DataTree] == 0 {
		return finding.Named(finding.HostNotReady, "database-missing", "there is no database in the claim %s", b.world.claimName())
	}
	env, err := envOf(ctx, b.in, b.world, seen.Sample)
	if err != nil {
		return err
	}
	files, err := b.files(env, settings.NamesSalt([]byte(seen.Sample)))
	if err != nil {
		return err
	}
	if err := b.target.room(seen.Trees, b.trees); err != nil {
		return err
	}
	sealed, err := b.wrap(b.target)
	if err != nil {
		return err
	}
	w, err := backup.NewWriter(sealed, b.manifest(seen, env))
	if err != nil {
		return err
	}
	err = meter.Do(ctx, b.in.Report, "copy", "", func(ctx context.Context) error {
		for _, t := range b.trees {
			meter.Expect(ctx, seen.Trees[t])
		}
		return b.receive(ctx, w)
	})
	if err != nil {
		return errors.Join(err, w.Abandon())
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.File(name, files[name]); err != nil {
			return errors.Join(err, w.Abandon())
		}
	}
	for _, link := range w.LeftOut() {
		event.Warn(b.in.Report, "", finding.Warn("backup-link-left-out", "the backup leaves out a link that points outside OpenAlgo's data, because a restore would refuse it: %s", link))
	}
	return errors.Join(w.Close(), sealed.Close())
}

// receive archives the data while it comes. Both ends must be well: a stream that was
// cut off may end without an error.
func (b *Backup) receive(ctx context.Context, w *backup.Writer) error {
	from, to := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		err := inPod(ctx, b.in, helper, nil, to, append([]string{"out", kube.Data}, b.trees...)...)
		_ = to.CloseWithError(orEOF(err))
		sent <- err
	}()
	last, err := w.Stream(ctx, from, b.trees, endName)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(from, 1<<20)) // what pads the tar
	}
	_ = from.CloseWithError(errors.New("it is not read any more"))
	if failed := <-sent; failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	var told struct {
		Damaged []string `json:"damaged"`
	}
	if err := json.Unmarshal(last, &told); err != nil {
		return fmt.Errorf("pod %s does not say how the copy ended", helper)
	}
	b.damaged = told.Damaged
	return nil
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func (b *Backup) manifest(seen volumeSeen, env *envfile.File) backup.Manifest {
	m := backup.Manifest{Created: b.o.Now().UTC(), Project: b.in.Kubectl.Namespace, Dir: "kubernetes/" + b.in.Kubectl.Namespace, Setup: true,
		Image: backup.Image{Ref: b.world.set.container().Image}}
	m.EnvConfig, _ = env.Get(openalgo.ConfigVersion)
	if p := b.world.pod(); p != nil && len(p.Status.Containers) > 0 {
		if _, digest, ok := strings.Cut(p.Status.Containers[0].ImageID, "@"); ok {
			m.Image.Digest = digest
		}
	}
	for _, t := range b.trees {
		m.Trees = append(m.Trees, backup.Tree{Name: t, Source: b.world.claimName() + "/" + t, Bytes: seen.Trees[t]})
	}
	return m
}

// files are those of an instance on a machine, so that the backup can be restored there.
func (b *Backup) files(env *envfile.File, usesSalt bool) (map[string][]byte, error) {
	a, _ := answers.ParseSaved([]byte("version: 1\n"))
	server, _ := env.Get("HOST_SERVER")
	if origin, err := url.Parse(server); err == nil && origin.Scheme == "https" {
		a.Domain = origin.Hostname()
	}
	a.Broker.Name = settings.BrokerOf(env)
	a.Image.Ref = b.world.set.container().Image
	if spec.IsTest(a.Image.Ref) {
		a.Image = answers.Image{Source: "rehearsal"}
	}
	settings.ReadCredentials(&a, env)
	saved, err := a.Public()
	if err != nil {
		return nil, err
	}
	s := instance.State{Project: b.in.Kubectl.Namespace, ImageRef: b.world.set.container().Image, SetupDone: true}
	s.Version = s.NewestForm()
	if salt, _ := env.Get(keys.FernetSalt); usesSalt && keys.SaltState(salt) == keys.Sound {
		s.FernetSalt = instance.SaltUsed
	}
	s.Begin(fmt.Sprintf("%x", sha256.Sum256([]byte(b.mark.ID)))[:32])
	s.RememberKeys(env)
	state, err := json.MarshalIndent(s, "", "  ")
	return map[string][]byte{instance.EnvName: env.Bytes(), instance.AnswersName: saved, instance.WorkName + "/state.json": append(state, '\n')}, err
}
