package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// lookCalls are those that change nothing.
type lookCalls struct{ *machine }

// PutImage makes an image known, with the files that it holds, by their paths.
func (e lookCalls) PutImage(image engine.Image, files map[string]string) error {
	e.images[image.Ref] = image
	for path, text := range files {
		at := filepath.Join(e.imageDir(image.ID), path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// imageDir is the directory with what an image holds.
func (e *machine) imageDir(id string) string { return filepath.Join(e.Root, "images", id) }

// seen is inside for one who reads: what is neither in a mount nor in the container's
// own layer is the image's.
func (e *machine) seen(c *container, path string) string {
	at := e.inside(c, path)
	if _, err := os.Lstat(at); err != nil {
		of := filepath.Join(e.imageDir(c.ImageID), path)
		if _, err := os.Lstat(of); err == nil {
			return of
		}
	}
	return at
}

// Networks looks at all networks that carry every label.
func (e lookCalls) Networks(_ context.Context, labels ...string) (out []engine.Network, err error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	for _, n := range e.networks {
		if hasLabels(n.Labels, labels) {
			out = append(out, n)
		}
	}
	order.By(out, func(a, b engine.Network) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Overview looks at everything, one after the other.
func (e lookCalls) Overview(ctx context.Context) (o engine.Overview, err error) {
	if o.Containers, err = containerCalls(e).Containers(ctx); err != nil {
		return o, err
	}
	if o.Volumes, err = thingCalls(e).Volumes(ctx); err != nil {
		return o, err
	}
	all, err := e.Networks(ctx)
	for _, n := range all {
		o.Networks = append(o.Networks, n.Name)
	}
	return o, err
}

// ModTime is when a file of a container was changed last.
func (e lookCalls) ModTime(_ context.Context, id, path string) (time.Time, error) {
	if err := e.call(); err != nil {
		return time.Time{}, err
	}
	c, err := e.find(id)
	if err != nil {
		return time.Time{}, err
	}
	info, err := os.Stat(e.seen(c, path))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, fmt.Errorf("%s: %w", path, engine.ErrNotFound)
	}
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// MemoryInUse is what a container uses, in bytes.
func (e lookCalls) MemoryInUse(_ context.Context, id string) (int64, error) {
	if err := e.call(); err != nil {
		return 0, err
	}
	c, err := e.find(id)
	if err != nil || c.State != "running" {
		return 0, err
	}
	return e.Memory, nil
}

// Beyond is how a container was made, beside what its spec says.
func (e lookCalls) Beyond(_ context.Context, id string) (options []string, record []byte, err error) {
	if err := e.call(); err != nil {
		return nil, nil, err
	}
	c, err := e.find(id)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range c.Networks {
		options = append(options, "--network "+name)
	}
	return options, nil, nil
}

// Exec runs nothing, and ends well.
func (e lookCalls) Exec(_ context.Context, id string, _ []string, _ string) (engine.ExecResult, error) {
	if err := e.call(); err != nil {
		return engine.ExecResult{}, err
	}
	_, err := e.find(id)
	return engine.ExecResult{}, err
}
