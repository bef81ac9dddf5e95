package memory

import (
	"archive/tar"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// imageCalls are those about images.
type imageCalls struct{ *machine }

// Publish makes a registry have an image under a reference.
func (e imageCalls) Publish(ref string, image engine.Image) {
	image.Ref = ref
	e.registry[ref] = image
}

// Pull brings an image that was published.
func (e imageCalls) Pull(_ context.Context, ref string, _ func(event.PullProgress)) (engine.Image, error) {
	if err := e.call(); err != nil {
		return engine.Image{}, err
	}
	image, ok := e.registry[ref]
	if !ok {
		return engine.Image{}, fmt.Errorf("%s: %w", ref, engine.ErrImageNotFound)
	}
	e.images[ref] = image
	return image, nil
}

// Withdraw takes an image out of its registry.
func (e imageCalls) Withdraw(ref string) { delete(e.registry, ref) }

// RemoteDigest is what the registry has under a reference.
func (e imageCalls) RemoteDigest(_ context.Context, ref string) (string, error) {
	if err := e.call(); err != nil {
		return "", err
	}
	image, ok := e.registry[ref]
	if !ok {
		return "", fmt.Errorf("%s: %w", ref, engine.ErrImageNotFound)
	}
	return image.Digest, nil
}

// RemotePlatforms are those of the image that the registry has.
func (e imageCalls) RemotePlatforms(_ context.Context, ref string) ([]string, error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	image, ok := e.registry[ref]
	if !ok {
		return nil, fmt.Errorf("%s: %w", ref, engine.ErrImageNotFound)
	}
	return []string{"linux/" + cmp.Or(image.Arch, e.Facts.Arch)}, nil
}

// Images looks at the images that carry a label.
func (e imageCalls) Images(_ context.Context, label string) (out []engine.Image, err error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	for _, image := range e.images {
		if label == "" || hasLabels(image.Labels, []string{label}) {
			out = append(out, image)
		}
	}
	order.By(out, func(a, b engine.Image) int { return strings.Compare(a.Ref, b.Ref) })
	return out, nil
}

// Tags are the references of all images, with their IDs.
func (e imageCalls) Tags(context.Context) (map[string]string, error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for ref, image := range e.images {
		out[ref] = image.ID
	}
	return out, nil
}

// List returns all images.
func (e imageCalls) List(context.Context) ([]engine.Image, error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	byID := map[string]*engine.Image{}
	for _, ref := range slices.Sorted(maps.Keys(e.images)) {
		image := e.images[ref]
		if byID[image.ID] == nil {
			byID[image.ID] = &image
		}
		if ref != image.ID { // one without a name
			byID[image.ID].Tags = append(byID[image.ID].Tags, ref)
		}
	}
	out := []engine.Image{}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		out = append(out, *byID[id])
	}
	return out, nil
}

// Tag gives an image one more reference.
func (e imageCalls) Tag(_ context.Context, id, ref string) error {
	if err := e.call(); err != nil {
		return err
	}
	image, err := e.image(id)
	if err != nil {
		return err
	}
	image.Ref = ref
	e.images[ref] = image
	return nil
}

// RemoveImage takes a reference away, or all those of an ID; an image that a
// container uses stays under its others.
func (e imageCalls) RemoveImage(_ context.Context, ref string) error {
	if err := e.call(); err != nil {
		return err
	}
	e.hook("image remove")
	defer e.hook("image removed")
	had := len(e.images)
	maps.DeleteFunc(e.images, func(name string, image engine.Image) bool { return name == ref || image.ID == ref })
	if len(e.images) == had {
		return fmt.Errorf("%s: %w", ref, engine.ErrImageNotFound)
	}
	return nil
}

// Import reads an image to its end, and knows it by its reference and its labels.
func (e imageCalls) Import(_ context.Context, ref string, tar io.Reader, changes []string) (engine.Image, error) {
	if _, err := io.Copy(io.Discard, tar); err != nil {
		return engine.Image{}, err
	}
	if err := e.call(); err != nil {
		return engine.Image{}, err
	}
	labels := map[string]string{}
	for _, change := range changes {
		if label, ok := strings.CutPrefix(change, "LABEL "); ok {
			key, value, _ := strings.Cut(label, "=")
			labels[key] = strings.Trim(value, `"`)
		}
	}
	e.images[ref] = engine.Image{ID: "sha256:" + e.id(), Ref: ref, Labels: labels}
	return e.images[ref], nil
}

// LoadImage makes the image of an archive's manifest.json under its names.
func (e imageCalls) LoadImage(_ context.Context, in io.Reader) error {
	images, archive := []struct {
		Config   string
		RepoTags []string
	}{}, tar.NewReader(in)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && h.Name == "manifest.json" {
			err = json.NewDecoder(archive).Decode(&images)
		}
		if err != nil {
			return err
		}
	}
	if err := e.call(); err != nil {
		return err
	}
	for _, image := range images {
		id := strings.TrimSuffix(path.Base(image.Config), ".json")
		for _, ref := range image.RepoTags {
			e.images[ref] = engine.Image{ID: "sha256:" + id, Ref: ref, Arch: e.Facts.Arch, OS: "linux"}
		}
	}
	return nil
}

// Build fails: nothing runs here.
func (e imageCalls) Build(context.Context, engine.BuildSpec, engine.BuildWatch) (engine.Image, error) {
	return engine.Image{}, errors.New("a Docker in memory builds nothing")
}

// ExecInput runs nothing, keeps the input, and ends well.
func (e imageCalls) ExecInput(_ context.Context, id string, _ []string, input []byte) (engine.ExecResult, error) {
	_, err := e.find(id)
	e.Told = append(e.Told, string(input))
	return engine.ExecResult{}, err
}

// ExecTerminal runs nothing, and ends well.
func (e imageCalls) ExecTerminal(_ context.Context, id string, _, _ []string, _ engine.Terminal) (int, error) {
	_, err := e.find(id)
	return 0, err
}
