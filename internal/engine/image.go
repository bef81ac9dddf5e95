package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// Image looks at one image; ErrImageNotFound when the engine has none.
func (e images) Image(ctx context.Context, ref string) (Image, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	r, err := e.api.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return Image{}, fail([]error{ErrImageNotFound, err}, "Docker has no image %s", ref)
	}
	if err != nil {
		return Image{}, e.explain(ctx, "look at image "+ref, err)
	}
	return fromImage(r, ref), nil
}

// Images looks at all images, unnamed ones too, that carry the label ("key" or
// "key=value"), sorted by their first tag.
func (e images) Images(ctx context.Context, label string) ([]Image, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	list, err := e.api.ImageList(ctx, image.ListOptions{Filters: labelFilter([]string{label})})
	if err != nil {
		return nil, e.explain(ctx, "list images", err)
	}
	out := make([]Image, 0, len(list))
	for _, summary := range list {
		r, err := e.api.ImageInspect(ctx, summary.ID)
		if errdefs.IsNotFound(err) {
			continue // removed in between
		}
		if err != nil {
			return nil, e.explain(ctx, "look at image "+summary.ID, err)
		}
		ref := ""
		if len(r.RepoTags) > 0 {
			ref = r.RepoTags[0]
		}
		out = append(out, fromImage(r, ref))
	}
	order.By(out, func(a, b Image) int { return cmp.Compare(a.Ref, b.Ref) })
	return out, nil
}

// Tags are the names with tags of all images, each with the image's ID.
func (e images) Tags(ctx context.Context) (map[string]string, error) {
	list, err := e.api.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, e.explain(ctx, "list images", err)
	}
	out := map[string]string{}
	for _, summary := range list {
		for _, ref := range summary.RepoTags {
			out[ref] = summary.ID
		}
	}
	return out, nil
}

// List returns all images as Docker lists them, unnamed ones too: without platform,
// user and environment.
func (e images) List(ctx context.Context) ([]Image, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	list, err := e.api.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, e.explain(ctx, "list images", err)
	}
	named := func(names []string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "<none>") || strings.HasSuffix(name, "<none>") })
	}
	out := make([]Image, 0, len(list))
	for _, i := range list {
		one := Image{ID: i.ID, Size: i.Size, Created: time.Unix(i.Created, 0), Labels: i.Labels, Digests: named(i.RepoDigests), Tags: named(i.RepoTags)}
		if len(one.Tags) > 0 {
			one.Ref = one.Tags[0]
		}
		out = append(out, one)
	}
	return out, nil
}

// Tag gives an image a further name. A name that another image has moves to
// this one.
func (e images) Tag(ctx context.Context, id, ref string) error {
	return e.explain(ctx, "name image "+ref, e.api.ImageTag(ctx, id, ref))
}

// RemoveImage takes the name away, and the image when that was its last one.
// One that is not there is fine; ErrConflict when a container uses it.
func (e images) RemoveImage(ctx context.Context, ref string) error {
	ctx, cancel := e.change(ctx)
	defer cancel()
	_, err := e.api.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return e.explain(ctx, "remove image "+ref, err)
}

// Import makes an image of one layer out of a tar of its files. changes are
// Dockerfile lines: `ENTRYPOINT ["/app"]`, `LABEL a=b`.
func (e images) Import(ctx context.Context, ref string, tar io.Reader, changes []string) (Image, error) {
	doing := "make image " + ref
	in := &source{from: tar}
	stream, err := e.api.ImageImport(ctx, image.ImportSource{Source: in, SourceName: "-"}, ref, image.ImportOptions{Changes: changes})
	if broken := in.broken(); broken != nil {
		return Image{}, fmt.Errorf("%s: %w", doing, broken)
	}
	if err != nil {
		return Image{}, e.explain(ctx, doing, err)
	}
	defer stream.Close()
	if err := readMessages(stream, func(message) {}); err != nil {
		return Image{}, e.explain(ctx, doing, err)
	}
	return e.Image(ctx, ref)
}

func fromImage(r image.InspectResponse, ref string) Image {
	img := Image{
		ID: r.ID, Ref: ref, Digest: spec.RepoDigest(r.RepoDigests, ref), Arch: r.Architecture, OS: r.Os,
		Size: r.Size, Created: parseTime(r.Created), Digests: r.RepoDigests,
	}
	if r.Config != nil {
		img.Labels, img.Env, img.User = r.Config.Labels, r.Config.Env, r.Config.User
		img.Entrypoint, img.Cmd = r.Config.Entrypoint, r.Config.Cmd
	}
	return img
}

// message is one line of the engine's progress stream.
type message struct {
	ID, Status     string
	ProgressDetail struct{ Current, Total int64 }
	ErrorDetail    *struct{ Message string }
	Error          string
}

// readMessages hands over each line until the stream ends or reports an error.
func readMessages(stream io.Reader, each func(message)) error {
	decoder := json.NewDecoder(stream)
	for {
		var m message
		err := decoder.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the answer of Docker ended early: %w", err)
		case m.ErrorDetail != nil && m.ErrorDetail.Message != "":
			return errors.New(m.ErrorDetail.Message)
		case m.Error != "":
			return errors.New(m.Error)
		}
		each(m)
	}
}
