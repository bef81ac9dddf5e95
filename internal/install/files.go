package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// backup keeps a copy of every file that the run replaces, before anything
// else happens.
func (r *run) backup(context.Context) error {
	for _, name := range append([]string{instance.EnvName, r.plan.composeName, instance.AnswersName}, overrideNames...) {
		if r.plan.change(KindFile, r.in.dir.Path(name)) == nil {
			continue
		}
		if err := r.keepCopy(name); err != nil {
			return err
		}
	}
	return r.journal.save()
}

func (r *run) keepCopy(name string) error {
	before, err := r.before(name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	change := fileChange{Name: name}
	if before != nil {
		change.Former = sha256Hex(before)
		if change.Backup, err = r.in.dir.Keep(name, before); err != nil {
			return err
		}
	}
	if known := r.journal.file(name); known != nil {
		*known = change
	} else {
		r.journal.Files = append(r.journal.Files, change)
	}
	return nil
}

func (r *run) before(name string) ([]byte, error) {
	if name == instance.EnvName {
		return r.in.readEnv(context.Background())
	}
	return readfile.Optional(r.in.dir.Path(name))
}

// writeFiles puts every file in its place. .env is read again first: until
// its container was stopped the app may have written it.
func (r *run) writeFiles(ctx context.Context) error {
	texts := map[string][]byte{r.plan.composeName: r.plan.composeText, instance.AnswersName: r.plan.answersText}
	if r.plan.intent.restores() {
		for _, name := range overrideNames {
			texts[name] = r.plan.intent.Backup.files[name]
		}
	}
	for name, text := range texts {
		if r.journal.file(name) == nil {
			continue
		}
		mode := os.FileMode(0o644)
		if name == instance.AnswersName {
			mode = 0o600 // settings of the user's own may be secrets that no name gives away
		}
		if err := r.write(ctx, name, text, mode); err != nil {
			return err
		}
		failpoint("wrote-" + name)
	}
	if err := r.in.moveAside(r.journal); err != nil {
		return err
	}
	if r.journal.file(instance.EnvName) == nil {
		return nil
	}
	text := r.plan.env.text
	if r.plan.env.replaces != nil {
		now, err := r.in.readEnv(ctx)
		if change := r.journal.file(instance.EnvName); err == nil && now != nil && sha256Hex(now) != change.Former && sha256Hex(now) != change.SHA256 {
			err = r.keepCopy(instance.EnvName) // it was changed since: that is what belongs to the data
		}
		if err != nil {
			return err
		}
		return r.writeEnv(ctx, text)
	}
	if r.plan.env.fresh {
		if now, err := r.in.readEnv(ctx); err != nil || now != nil && sha256Hex(now) != r.journal.file(instance.EnvName).SHA256 {
			return errors.Join(err, fmt.Errorf("a .env appeared in %s meanwhile; it is left as it is: run this again", string(r.in.dir)))
		}
	} else {
		fresh, err := r.editedEnv(ctx)
		if err != nil {
			return err
		}
		text = fresh
	}
	return r.writeEnv(ctx, text)
}

// editedEnv makes the plan's edits on .env as it stands now, and keeps that
// state as the copy to roll back to.
func (r *run) editedEnv(ctx context.Context) ([]byte, error) {
	now, err := r.in.readEnv(ctx)
	if err != nil {
		return nil, err
	}
	if now == nil {
		return nil, fmt.Errorf("%s was deleted meanwhile", r.in.dir.Env())
	}
	if change := r.journal.file(instance.EnvName); sha256Hex(now) == change.SHA256 {
		return now, nil // this step was done before and is repeated
	}
	if err := r.keepCopy(instance.EnvName); err != nil {
		return nil, err
	}
	file, err := envfile.Parse(now)
	if err != nil {
		return nil, fmt.Errorf("reading .env again: %w", err)
	}
	edited, err := r.plan.env.apply(file)
	if err != nil {
		return nil, err
	}
	return edited.Bytes(), nil
}

// writeEnv journals what .env becomes, then puts it there.
func (r *run) writeEnv(ctx context.Context, text []byte) error {
	file, err := envfile.Parse(text)
	if err != nil {
		return fmt.Errorf("reading the new .env: %w", err)
	}
	change := r.journal.file(instance.EnvName)
	change.SHA256 = sha256Hex(text)
	change.Keys = map[string]string{}
	for _, key := range file.Keys() {
		value, _ := file.Get(key)
		change.Keys[key] = r.journal.State.Hash(key, value)
	}
	if err := r.journal.save(); err != nil {
		return err
	}
	return r.in.placeEnv(ctx, text, r.journal.State)
}

func (r *run) write(ctx context.Context, name string, text []byte, mode os.FileMode) error {
	change := r.journal.file(name)
	change.SHA256 = sha256Hex(text)
	if err := r.journal.save(); err != nil {
		return err
	}
	return r.in.place(name, text, mode)
}

// place replaces a file in one step. The temporary file is in our own
// directory, where a killed run's leftovers are found and removed.
func (in *Installer) place(name string, text []byte, mode os.FileMode) error {
	path := in.dir.Path(name)
	if err := makeTemp(in.dir); err != nil {
		return err
	}
	if mode&0o077 == 0 { // what shall be private becomes so, before it has what shall be
		if err := os.Chmod(path, mode); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("making %s private: %w", path, err)
		}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		mode = info.Mode().Perm()
	}
	if err := host.WriteFile(path, text, mode, in.dir.Work("tmp")); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

func makeTemp(w instance.Dir) error {
	if err := os.MkdirAll(w.Work("tmp"), 0o700); err != nil {
		return fmt.Errorf("making %s: %w", w.Work("tmp"), err)
	}
	return nil
}

// placeEnv replaces .env, 0600 and owned by the container's user. Where this
// process may not give the file away (no root, rootless engine), a container
// does.
func (in *Installer) placeEnv(ctx context.Context, text []byte, s instance.State) error {
	if err := makeTemp(in.dir); err != nil {
		return err
	}
	pending, err := host.CreateTemp(in.dir.Env(), in.dir.Work("tmp"))
	if err != nil {
		return fmt.Errorf("writing .env: %w", err)
	}
	if _, err := pending.Write(text); err != nil {
		host.Discard(pending)
		return fmt.Errorf("writing .env: %w", err)
	}
	if err := in.giveToApp(ctx, pending, s); err != nil {
		host.Discard(pending)
		return err
	}
	failpoint("env-staged")
	if err := host.Replace(pending, in.dir.Env()); err != nil {
		return fmt.Errorf("writing .env: %w", err)
	}
	failpoint("env-placed")
	return nil
}

// giveToApp gives a new .env its owner: the container's user, or the one that
// the .env of somebody else's stack has.
func (in *Installer) giveToApp(ctx context.Context, file *os.File, s instance.State) error {
	if s.Foreign {
		return in.giveAsBefore(file)
	}
	info := in.Engine.Info()
	if !info.Rootless && !info.UserNS {
		err := file.Chown(openalgo.User, openalgo.User)
		if err == nil || os.Geteuid() == openalgo.User {
			return nil
		}
		if !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("giving .env to the container's user (%d): %w", openalgo.User, err)
		}
	}
	if err := in.chownInContainer(ctx, file.Name(), s.ImageID); err != nil {
		return fmt.Errorf("giving .env to the container's user (%d) failed; run this with sudo: %w", openalgo.User, err)
	}
	return nil
}

func (in *Installer) giveAsBefore(file *os.File) error {
	info, err := os.Stat(in.dir.Env())
	if err != nil {
		return fmt.Errorf("looking at the .env that is replaced: %w", err)
	}
	if err := file.Chmod(info.Mode().Perm()); err != nil {
		return fmt.Errorf("giving .env its mode: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	if err := file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("giving .env its owner failed; run this with sudo: %w", err)
	}
	return nil
}

// chownInContainer runs the image's chown on one file, since only the engine
// knows which host user the container's user 1000 is.
func (in *Installer) chownInContainer(ctx context.Context, path, image string) error {
	chown := engine.ContainerSpec{
		Image: image, User: "0:0", NetworkMode: "none",
		Entrypoint: []string{"chown"}, Cmd: []string{fmt.Sprintf("%d:%[1]d", openalgo.User), "/openalgo/" + filepath.Base(path)},
		Mounts: []engine.Mount{{Type: "bind", Source: filepath.Dir(path), Target: "/openalgo"}},
	}
	out, err := helper.Run(ctx, in.Engine, string(in.dir), chown, helper.Time)
	if err == nil && out.ExitCode != 0 {
		err = fmt.Errorf("chown ended with status %d", out.ExitCode)
	}
	return err
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
