package ops

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// dropImageTags removes those tags that neither a rollback nor the running
// container needs.
func (in *Session) dropImageTags(ctx context.Context, project string) {
	if j, err := readJournal(in.dir); err != nil || j != nil {
		return // whatever it needs stays
	}
	keep := in.neededImages(ctx)
	if keep == nil {
		return
	}
	image.DropTags(ctx, in.Engine, project, keep)
}

// neededImages are the images that have to be there without a tag of the
// registry's: those of the copies to go back to, and what runs where its own
// tag has moved on. nil: nobody can tell.
func (in *Session) neededImages(ctx context.Context) []string {
	out := []string{}
	for _, name := range []string{instance.Snapshot, instance.Replaced} {
		text, err := instance.ReadOwn(filepath.Join(in.dir.Work(name), backup.CopyManifest))
		var m backup.Manifest
		if err == nil && json.Unmarshal(text, &m) == nil {
			out = append(out, m.Image.ID)
		}
	}
	s, err := in.dir.LoadState()
	if err != nil {
		return nil
	}
	if s.ImageID == "" {
		return out
	}
	if now, err := in.Engine.Image(ctx, s.ImageRef); err != nil || now.ID != s.ImageID || image.IsOwnTag(s.ImageRef) || strings.Contains(s.ImageRef, "@") {
		out = append(out, s.ImageID)
	}
	return out
}

// keepImageTag gives the image that is about to be replaced a tag of its own.
func (in *Session) keepImageTag(ctx context.Context, project, ref, imageID string) {
	image.KeepTag(ctx, in.Engine, project, ref, imageID, in.note)
}
