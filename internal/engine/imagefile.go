package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/docker/docker/client"
)

// LoadImage makes the images of an archive of docker save, which is not compressed.
func (e imageFiles) LoadImage(ctx context.Context, tar io.Reader) error {
	const doing = "load an image"
	in := &source{from: tar}
	answer, err := e.api.ImageLoad(ctx, in, client.ImageLoadWithQuiet(true))
	if broken := in.broken(); broken != nil {
		return fmt.Errorf("%s: %w", doing, broken)
	}
	if err != nil {
		return e.explain(ctx, doing, err)
	}
	defer answer.Body.Close()
	return e.explain(ctx, doing, readMessages(answer.Body, func(message) {}))
}

// SaveImage writes an image as docker save does.
func (e imageFiles) SaveImage(ctx context.Context, ref string, to io.Writer) error {
	doing := "save image " + ref
	stream, err := e.api.ImageSave(ctx, []string{ref})
	if err != nil {
		return e.explain(ctx, doing, err)
	}
	defer stream.Close()
	if _, err := io.Copy(to, stream); err != nil {
		return e.explain(ctx, doing, err)
	}
	return nil
}
