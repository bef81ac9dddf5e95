package image

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Needed are the images that have to be there without a tag of the
// registry's: those of the copies to go back to, and what runs where its own
// tag has moved on. nil: nobody can tell.
func Needed(ctx context.Context, e Docker, d instance.Dir) []string {
	out := []string{}
	for _, name := range []string{instance.Snapshot, instance.Replaced} {
		text, err := instance.ReadOwn(filepath.Join(d.Work(name), backup.CopyManifest))
		var m backup.Manifest
		if err == nil && json.Unmarshal(text, &m) == nil {
			out = append(out, m.Image.ID)
		}
	}
	s, err := d.LoadState()
	if err != nil {
		return nil
	}
	if s.ImageID == "" {
		return out
	}
	if now, err := e.Image(ctx, s.ImageRef); err != nil || now.ID != s.ImageID || IsOwnTag(s.ImageRef) || strings.Contains(s.ImageRef, "@") {
		out = append(out, s.ImageID)
	}
	return out
}
