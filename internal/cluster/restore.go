package cluster

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// Restore puts a backup into the empty claim of an instance in a cluster.
type Restore struct {
	in      *Instance
	archive *backup.Archive
	now     func() time.Time
	world   *world
	mark    *mark
	trees   []string
	secret  []byte // to be created; nil: it is there, with the same keys
	made    bool   // this run made it
	placed  bool
}

// PlanRestore looks at the instance and refuses a backup that does not belong there.
func (in *Instance) PlanRestore(ctx context.Context, a *backup.Archive, now func() time.Time) (*Restore, error) {
	r := &Restore{in: in, archive: a, now: now}
	if err := a.Check(); err != nil {
		return nil, err
	}
	env, err := envfile.Parse(a.Files[instance.EnvName])
	if err != nil || a.Files[instance.EnvName] == nil {
		return nil, finding.Named(finding.Usage, "backup-unusable", "this backup has no .env that can be read, so it cannot be restored. Nothing was changed")
	}
	if r.world, err = in.look(ctx); err != nil {
		return nil, err
	}
	if m := r.world.mark; m != nil && m.isLive(now()) {
		return nil, in.busy(m)
	}
	if r.world.claim == nil {
		return nil, noClaim(in, r.world)
	}
	if err := refuseOthers(ctx, in, r.world); err != nil {
		return nil, err
	}
	for _, t := range a.Manifest.Trees {
		r.trees = append(r.trees, t.Name)
	}
	// The databases come last: where they are, all is.
	order.By(r.trees, func(x, y string) int { return strings.Compare(turn(x), turn(y)) })
	if p := r.world.pod(); p != nil && p.is("Ready") {
		return nil, r.taken("OpenAlgo runs there")
	}
	return r, r.decideSecret(ctx, env)
}

// turn is what sorts a tree into its place.
func turn(tree string) string {
	if tree == backup.DataTree {
		return "~"
	}
	return tree
}

func (r *Restore) taken(what string) error {
	return finding.Named(finding.HostNotReady, "cluster-data-exists", "the claim %s of the namespace %s has data already: %s", r.world.claimName(), r.in.Kubectl.Namespace, what).
		With(advice("Restore into a new instance: apply its rendered files, and make no Secret for it")).Ending("The data there was not changed.")
}

// decideSecret prepares the Secret with the keys of the backup, or refuses another one:
// other keys do not open the data.
func (r *Restore) decideSecret(ctx context.Context, env *envfile.File) error {
	values, err := variablesOf(ctx, r.in, r.world, false)
	if err != nil {
		return err
	}
	if was := settings.BrokerOf(env); was != "" && values["REDIRECT_URL"] != "" && envfile.RedirectBroker(values["REDIRECT_URL"]) != was {
		event.Warn(r.in.Report, "", finding.Warn("broker-differs", "the backup is of an instance with the broker %s, and the cluster's settings name %s", was, envfile.RedirectBroker(values["REDIRECT_URL"])))
	}
	name := r.world.secretName()
	if name == "" {
		return finding.Named(finding.HostNotReady, "cluster-secret-missing", "OpenAlgo's pod names no Secret with its keys").
			With(advice("Apply the rendered files again")).Ending(finding.Unchanged)
	}
	have, err := secretOf(ctx, r.in, name)
	if err != nil {
		return err
	}
	if have != nil {
		return r.sameKeys(name, have, env)
	}
	if name != kube.Secret {
		return finding.Named(finding.HostNotReady, "cluster-secret-missing", "the Secret %s is missing, and your answers say that it is kept elsewhere (existing_secret)", name).
			With(advice("Make it with the " + keys.Pepper + " and " + keys.FernetSalt + " of the backup's .env")).Ending(finding.Unchanged)
	}
	entries, err := secretEntries(r.world, env, values)
	if err == nil {
		r.secret = kube.SecretManifest(r.in.Name, entries)
	}
	return err
}

func (r *Restore) sameKeys(name string, have map[string]string, env *envfile.File) error {
	if r.world.mounted() != "" {
		file, err := envfile.Parse([]byte(have[kube.EnvKey]))
		if err != nil {
			return fmt.Errorf("read the .env in the Secret %s: %w", name, err)
		}
		have = map[string]string{}
		for _, key := range instance.DataKeys {
			have[key], _ = file.Get(key)
		}
	}
	for _, key := range instance.DataKeys {
		if value, _ := env.Get(key); value != have[key] && (value != "" || key == keys.Pepper) {
			return finding.Named(finding.HostNotReady, "keys-differ", "the Secret %s has another %s than the backup, so OpenAlgo could not open the data", name, key).
				With(r.in.see("If no data depends on that Secret, delete the Secret, and restore again. Its keys are lost then", "delete", "secret", name)).Ending(finding.Unchanged)
		}
	}
	return nil
}

// Lines are the plan for a person.
func (r *Restore) Lines() []string { return texts(r.acts()) }

func (r *Restore) acts() (acts []act) {
	in := r.in
	acts = append(acts,
		act{id: "stop", text: "keep OpenAlgo stopped: scale statefulset/" + kube.StatefulSet + " to 0 and wait until its pod is gone", do: func(ctx context.Context) error { return stopFor(ctx, in, r.world, r.mark) }})
	if r.secret != nil {
		acts = append(acts, act{id: "secret", text: "create secret/" + kube.Secret + " with the encryption keys of the backup", do: r.makeSecret})
	}
	return append(acts,
		act{id: "helper", text: "start pod/" + helper + " with OpenAlgo's image and the claim " + r.world.claimName(), do: func(ctx context.Context) error { return startHelper(ctx, in, r.world) }},
		act{id: "copy", text: "check that the claim is empty, and copy " + strings.Join(r.trees, ", ") + " into it", do: r.fill},
		act{id: "remove", text: "remove pod/" + helper, back: true, do: func(ctx context.Context) error { return removeHelperOf(ctx, in, r.mark) }},
		act{id: "start", text: "start OpenAlgo: scale statefulset/" + kube.StatefulSet + " to 1", back: true, do: r.start},
		act{id: "ready", text: "wait until OpenAlgo is ready", do: func(ctx context.Context) error { return awaitReady(ctx, in) }})
}

// start starts OpenAlgo with the restored data, or leaves all as it was before: with the
// Secret, OpenAlgo would begin with an empty database.
func (r *Restore) start(ctx context.Context) error {
	if r.placed {
		_, err := startAgain(ctx, r.in, r.mark, 1)
		return err
	}
	if r.made {
		if _, err := r.in.Kubectl.Run(ctx, nil, "delete", "secret", kube.Secret, "--ignore-not-found"); err != nil {
			return err
		}
	}
	_, err := startAgain(ctx, r.in, r.mark, r.mark.Replicas)
	return err
}

func (r *Restore) makeSecret(ctx context.Context) error {
	_, err := r.in.Kubectl.Run(ctx, r.secret, "create", "--filename", "-")
	if err != nil {
		// What kubectl says of a Secret may quote it.
		return finding.Named(finding.Failed, "cluster-secret-refused", "the cluster does not accept the Secret %s (%s)", kube.Secret, finding.IDOf(err))
	}
	r.made = true
	return nil
}

// fill sends the data to the helper pod, which puts it in its place once all of it came.
func (r *Restore) fill(ctx context.Context) error {
	seen, err := lookAtVolume(ctx, r.in, helper, kube.Data)
	if err != nil {
		return err
	}
	if seen.Held != "" {
		return r.taken(seen.Held)
	}
	if seen.Free < r.archive.Bytes {
		return finding.Named(finding.HostNotReady, "disk-full", "the data needs %s, and the claim %s has %s free", backup.SizeText(r.archive.Bytes), r.world.claimName(), backup.SizeText(seen.Free))
	}
	return meter.Do(ctx, r.in.Report, "copy", "", func(ctx context.Context) error {
		from, to := io.Pipe()
		go func() { _ = to.CloseWithError(r.send(ctx, to)) }()
		said := &kubectl.Answer{}
		err := inPod(ctx, r.in, helper, from, said, append([]string{"in", kube.Data}, r.trees...)...)
		_ = from.CloseWithError(errors.New("it is not read any more"))
		var came struct {
			Files *int `json:"files"`
		}
		if err == nil && (json.Unmarshal(said.Bytes(), &came) != nil || came.Files == nil) {
			err = fmt.Errorf("pod %s does not say that the data came", helper)
		}
		r.placed = err == nil
		return err
	})
}

func (r *Restore) send(ctx context.Context, to io.Writer) error {
	out := tar.NewWriter(to)
	files, size, err := r.archive.Send(ctx, out, r.trees)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]int64{"files": int64(files), "bytes": size})
	if err == nil {
		err = out.WriteHeader(&tar.Header{Name: endName, Mode: 0o600, Size: int64(len(text)), Typeflag: tar.TypeReg})
	}
	if err == nil {
		_, err = out.Write(text)
	}
	return errors.Join(err, out.Close())
}

// Do restores.
func (r *Restore) Do(ctx context.Context) (event.Result, error) {
	in := r.in
	var err error
	if r.world, err = in.free(ctx, r.world, r.now()); err != nil {
		return event.Result{}, err
	}
	r.mark = newMark(restoring, r.world.set.replicas(), r.now())
	failed, notBack := carry(ctx, in.Report, r.acts())
	switch {
	case failed == nil && notBack == nil:
		return event.Result{Changed: true, Message: fmt.Sprintf("restored the backup (%s of data). OpenAlgo is ready with its keys", backup.SizeText(r.archive.Bytes))}, nil
	case r.placed:
		return event.Result{}, &finding.Error{Kind: finding.Broken, ID: "not-ready", Err: fmt.Errorf("the data and its keys are restored, but %w", errors.Join(failed, notBack)),
			Hints: []finding.Hint{in.run("Find the problem", "doctor"), in.run("Read its log", "logs")}}
	case notBack != nil:
		return event.Result{}, &finding.Error{Kind: finding.Broken, ID: "restore-failed", Err: errors.Join(failed, notBack), Hints: []finding.Hint{in.run("Clean up", "recover")}}
	case ctx.Err() != nil:
		return event.Result{}, finding.Named(finding.Cancelled, "cancelled", "cancelled. Nothing was restored")
	case finding.IDOf(failed) != "":
		return event.Result{}, failed
	}
	return event.Result{}, finding.Named(finding.Failed, "restore-failed", "%w. Nothing was restored", failed)
}
