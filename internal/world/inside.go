package world

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// images looks into images, through containers that are made for that and never
// started.
type images struct {
	engine  Engine
	dir     string
	samples map[string][]byte // .sample.env of those that were looked into
}

// read reads one file of an image; nothing in the image runs.
func (i *images) read(ctx context.Context, image, path string) ([]byte, error) {
	id, discard, err := helper.Create(ctx, i.engine, i.dir, engine.ContainerSpec{
		Config: engine.Config{Image: image, Entrypoint: []string{"/none"}},
		Host:   engine.HostConfig{NetworkMode: "none"},
	})
	if err != nil {
		return nil, fmt.Errorf("looking into the image: %w", err)
	}
	defer discard()
	return i.engine.ReadFile(ctx, id, path, 1<<20)
}

// readSample reads the base of .env out of an image, through a container that
// is made for that and never started; nil where it has none.
func (i *images) readSample(ctx context.Context, image string) ([]byte, error) {
	sample, err := i.read(ctx, image, openalgo.Sample)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil // the built-in base serves
	}
	return sample, err
}

// sample is the .sample.env of an image, nil where it has none.
func (i *images) sample(ctx context.Context, id string) ([]byte, error) {
	if sample, known := i.samples[id]; known {
		return sample, nil
	}
	sample, err := i.readSample(ctx, id)
	if err != nil {
		return nil, err
	}
	i.samples[id] = sample
	return sample, nil
}

// version is OpenAlgo's own version in an image; "" where it is not known.
func (i *images) version(ctx context.Context, image string) string {
	text, err := i.read(ctx, image, openalgo.Version)
	if err != nil {
		return ""
	}
	if m := openalgo.Release.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// user is the number of an image's user, "" where it is not known. A name
// is looked up in the image's own list.
func (i *images) user(ctx context.Context, image, user string) string {
	user, _, _ = strings.Cut(user, ":")
	switch {
	case user == "" || user == "root":
		return "0"
	case strings.Trim(user, "0123456789") == "":
		return user
	}
	list, err := i.read(ctx, image, "/etc/passwd")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(list)) {
		if fields := strings.Split(line, ":"); len(fields) > 2 && fields[0] == user {
			return strings.TrimSpace(fields[2])
		}
	}
	return ""
}
