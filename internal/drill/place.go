package drill

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// suffix is what the place of a drill has behind the instance's directory: on the same
// disk, and never in it.
const suffix = "-drill"

// mark is the file that makes a directory one of a drill. A running drill holds its lock, so
// a free lock means that the drill was killed.
const mark = ".openalgo-install-drill"

// data is where the trees of a backup are unpacked.
const data = "data"

var errTaken = errors.New("it is not one of a test restore")

// leaveTime bounds the removal, which a run that was cancelled does, too.
const leaveTime = 2 * time.Minute

// place is the private directory of one drill, and its container.
type place struct {
	dir, instance string
	lock          *os.File
	id            string // of the container; "" before it is created
}

// enter makes the place, once what a killed drill left is removed.
func enter(ctx context.Context, e Docker, d instance.Dir) (*place, error) {
	if err := sweep(ctx, e, d); err != nil {
		return nil, err
	}
	p := &place{dir: string(d) + suffix, instance: string(d)}
	err := os.Mkdir(p.dir, 0o700)
	if err == nil {
		if p.lock, err = os.OpenFile(filepath.Join(p.dir, mark), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			_, err = instance.Flock(p.lock)
		}
	}
	// With users of its own, a container's root must get through to what it mounts.
	if root, ok := e.Info().UserHere(0); err == nil && ok && root != os.Geteuid() {
		err = os.Chown(p.dir, root, root)
	}
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "directory-unwritable", "making %s for the test restore: %w", p.dir, err).Ending(finding.Unchanged)
	}
	return p, nil
}

// IsLeft reports whether a drill of an instance was interrupted, or runs.
func IsLeft(d instance.Dir) bool { return isFile(filepath.Join(string(d)+suffix, mark)) }

// Sweep removes what an interrupted drill left. One that runs is left alone.
func Sweep(ctx context.Context, e Docker, d instance.Dir) (removed bool, err error) {
	if !IsLeft(d) {
		return false, nil
	}
	err = sweep(ctx, e, d)
	return err == nil, err
}

func sweep(ctx context.Context, e Docker, d instance.Dir) error {
	dir := string(d) + suffix
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && (!info.IsDir()) {
		err = errTaken
	}
	if err == nil && !isFile(filepath.Join(dir, mark)) && os.Remove(dir) != nil { // killed before it had the mark, it is empty
		err = errTaken
	}
	var file *os.File
	if err == nil {
		file, err = os.OpenFile(filepath.Join(dir, mark), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if err != nil {
		return finding.Named(finding.HostNotReady, "drill-place", "a test restore uses the directory %s: %w. Rename that directory", dir, err).Ending(finding.Unchanged)
	}
	held, err := instance.Flock(file)
	if err != nil || !held {
		_ = file.Close()
		return errors.Join(err, finding.Named(finding.HostNotReady, "drill-runs", "another test restore of this instance is running. Wait until it ends").Ending(finding.Unchanged))
	}
	return (&place{dir: dir, instance: string(d), lock: file}).leave(ctx, e)
}

// leave removes the container and the directory, the mark last.
func (p *place) leave(ctx context.Context, e Docker) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	defer instance.Funlock(p.lock)
	all, err := e.Containers(ctx, stacks.LabelCopy+"="+p.instance)
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := e.Remove(ctx, c.ID); err != nil && !errors.Is(err, engine.ErrNotFound) {
			return err
		}
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == mark {
			continue
		}
		if err := os.RemoveAll(filepath.Join(p.dir, entry.Name())); err != nil {
			return err
		}
	}
	return os.RemoveAll(p.dir)
}

func (p *place) at(name string) string { return filepath.Join(p.dir, name) }
func (p *place) env() string           { return p.at(instance.EnvName) }

func (p *place) make(name string) (string, error) {
	at := p.at(name)
	return at, os.MkdirAll(at, 0o755)
}

// give gives OpenAlgo's user what it writes.
func (p *place) give(ctx context.Context, e Docker, at, image string) error {
	if err := appfile.Give(ctx, e, instance.Dir(p.instance), at, image); err != nil {
		return fmt.Errorf("giving %s to OpenAlgo: %w", at, err)
	}
	user, ok := e.Info().UserHere(openalgo.User)
	if !ok {
		return nil
	}
	return tree.Give(at, user)
}

func (p *place) writeEnv(ctx context.Context, e Docker, text []byte, image string) (err error) {
	file, err := os.OpenFile(p.env(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(text); err != nil {
		return err
	}
	return appfile.GiveEnv(ctx, e, instance.Dir(p.instance), file, image)
}

// container creates the container, marked so that it is found after a kill and is not
// taken for an instance.
func (p *place) container(ctx context.Context, e Docker, s engine.ContainerSpec) (string, error) {
	s.Labels = map[string]string{stacks.LabelCopy: p.instance}
	var err error
	p.id, err = e.Create(context.WithoutCancel(ctx), s) // Docker would create one that nobody knows of
	return p.id, errors.Join(err, ctx.Err())
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}
