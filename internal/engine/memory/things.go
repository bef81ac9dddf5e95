package memory

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// Image looks at an image.
func (e thingCalls) Image(_ context.Context, ref string) (engine.Image, error) {
	if err := e.call(); err != nil {
		return engine.Image{}, err
	}
	return e.image(ref)
}

func (e *machine) image(ref string) (engine.Image, error) {
	if image, ok := e.images[ref]; ok {
		return image, nil
	}
	for _, image := range e.images {
		if image.ID == ref {
			return image, nil
		}
	}
	return engine.Image{}, fmt.Errorf("%s: %w", ref, engine.ErrImageNotFound)
}

// Volume looks at one volume.
func (e thingCalls) Volume(_ context.Context, name string) (engine.Volume, error) {
	if err := e.call(); err != nil {
		return engine.Volume{}, err
	}
	v, ok := e.volumes[name]
	if !ok {
		return v, fmt.Errorf("volume %s: %w", name, engine.ErrNotFound)
	}
	return v, nil
}

// Volumes looks at all volumes that carry every label.
func (e thingCalls) Volumes(_ context.Context, labels ...string) (out []engine.Volume, err error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	for _, v := range e.volumes {
		if hasLabels(v.Labels, labels) {
			out = append(out, v)
		}
	}
	order.By(out, func(a, b engine.Volume) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// CreateVolume creates a volume; one that is there already stays as it is.
func (e thingCalls) CreateVolume(_ context.Context, s engine.VolumeSpec) (engine.Volume, error) {
	if err := e.call(); err != nil {
		return engine.Volume{}, err
	}
	e.hook("create volume")
	v, err := e.makeVolume(s)
	e.hook("created volume")
	return v, err
}

func (e *machine) makeVolume(s engine.VolumeSpec) (engine.Volume, error) {
	if v, ok := e.volumes[s.Name]; ok {
		return v, nil
	}
	v := engine.Volume{Name: s.Name, Driver: "local", Labels: s.Labels, Created: e.clock, Mountpoint: filepath.Join(e.Root, "volumes", s.Name, "_data")}
	if err := os.MkdirAll(v.Mountpoint, 0o755); err != nil {
		return v, err
	}
	e.volumes[s.Name] = v
	return v, nil
}

// RemoveVolume removes a volume and its data.
func (e thingCalls) RemoveVolume(_ context.Context, name string) error {
	if err := e.call(); err != nil {
		return err
	}
	v, ok := e.volumes[name]
	if !ok {
		return nil
	}
	for _, c := range e.containers {
		if slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return m.Name == name }) {
			return fmt.Errorf("remove volume %s: %s uses it: %w", name, c.Name, engine.ErrConflict)
		}
	}
	e.hook("remove volume")
	delete(e.volumes, name)
	err := os.RemoveAll(filepath.Dir(v.Mountpoint))
	e.hook("removed volume")
	return err
}

// Network looks at one network.
func (e thingCalls) Network(_ context.Context, name string) (engine.Network, error) {
	if err := e.call(); err != nil {
		return engine.Network{}, err
	}
	n, ok := e.networks[name]
	if !ok {
		return n, fmt.Errorf("network %s: %w", name, engine.ErrNotFound)
	}
	return n, nil
}

// CreateNetwork creates a network.
func (e thingCalls) CreateNetwork(_ context.Context, s engine.NetworkSpec) (engine.Network, error) {
	if err := e.call(); err != nil {
		return engine.Network{}, err
	}
	if _, ok := e.networks[s.Name]; ok {
		return engine.Network{}, fmt.Errorf("create network %s: %w", s.Name, engine.ErrConflict)
	}
	e.hook("create network")
	n := engine.Network{ID: e.id(), Name: s.Name, Labels: s.Labels}
	e.networks[s.Name] = n
	e.hook("created network")
	return n, nil
}

// RemoveNetwork removes a network that no container uses.
func (e thingCalls) RemoveNetwork(_ context.Context, name string) error {
	if err := e.call(); err != nil {
		return err
	}
	for _, c := range e.containers {
		if slices.Contains(c.Networks, name) {
			return fmt.Errorf("remove network %s: %w", name, engine.ErrConflict)
		}
	}
	e.hook("remove network")
	delete(e.networks, name)
	e.hook("removed network")
	return nil
}

// ReadFile reads a file of a container.
func (e fileCalls) ReadFile(_ context.Context, id, name string, _ int64) ([]byte, error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	c, err := e.find(id)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(e.seen(c, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, engine.ErrNotFound)
	}
	return text, err
}

// Logs prints what a container printed.
func (e fileCalls) Logs(_ context.Context, id string, _ engine.LogOptions, stdout, _ io.Writer) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err != nil || e.Says == nil || stdout == nil {
		return err
	}
	_, err = io.WriteString(stdout, e.Says(c.Container))
	return err
}

// CopyFrom is a tar archive of a directory in a container, whose name begins with
// the directory's own.
func (e fileCalls) CopyFrom(_ context.Context, id, path string) (io.ReadCloser, error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	c, err := e.find(id)
	if err != nil {
		return nil, err
	}
	from := e.inside(c, path)
	if _, err := os.Stat(from); err != nil {
		return nil, fmt.Errorf("%s: %w", path, engine.ErrNotFound)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	err = filepath.WalkDir(from, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(filepath.Dir(from), at) // both are absolute
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return io.NopCloser(&out), nil
}

// CopyTo unpacks a tar archive in a directory of a container.
func (e fileCalls) CopyTo(_ context.Context, id, dir string, archive io.Reader) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err != nil {
		return err
	}
	e.hook("copy into container")
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := e.Put(c.ID, filepath.Join(dir, h.Name), text); err != nil {
			return err
		}
	}
	e.hook("copied into container")
	return nil
}

// Put writes a file of a container.
func (e fileCalls) Put(id, path string, text []byte) error {
	c, err := e.find(id)
	if err != nil {
		return err
	}
	at := e.inside(c, path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	return os.WriteFile(at, text, 0o644)
}
