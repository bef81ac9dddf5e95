package install

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// A rollback needs the image that ran before the upgrade. Its tag moves to the new
// image, and Docker may remove an image without a name; containerd's store does
// so at once. So the image gets a tag of this program's own, in the repository
// where its digest names it, too. No registry has a tag of that form.
const ownTagPrefix = "openalgo-install-"

// ownTag is the tag for one image of a project.
func ownTag(project, imageID string) string {
	id := strings.TrimPrefix(imageID, "sha256:")
	return ownTagPrefix + project[:min(len(project), 80)] + "-" + id[:min(len(id), 12)]
}

// isOwnTag reports whether a reference has a tag of that form.
func isOwnTag(ref string) bool {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return false
	}
	tagged, ok := named.(reference.Tagged)
	return ok && strings.HasPrefix(tagged.Tag(), ownTagPrefix)
}

// ownTags finds the tags that a project's images were given, by reference.
func (in *Installer) ownTags(ctx context.Context, project string) map[string]string {
	tags, err := in.Engine.Tags(ctx)
	if err != nil {
		return nil
	}
	form := regexp.MustCompile(":" + regexp.QuoteMeta(strings.TrimSuffix(ownTag(project, "x"), "x")) + "[0-9a-f]{12}$")
	out := map[string]string{}
	for ref, id := range tags {
		if form.MatchString(ref) {
			out[ref] = id
		}
	}
	return out
}

// keepImageTag gives the image that is about to be replaced its own tag. Where
// that fails, a later rollback may have to pull it again.
func (in *Installer) keepImageTag(ctx context.Context, project, ref, imageID string) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil || project == "" || strings.HasPrefix(ref, "sha256:") {
		return // it was never named
	}
	target := reference.FamiliarName(named) + ":" + ownTag(project, imageID)
	if err := in.Engine.Tag(ctx, imageID, target); err != nil {
		in.note("the present image could not be tagged, so a rollback may have to pull it again: " + err.Error())
	}
}

// dropImageTags removes those tags that neither a rollback nor the running
// container needs.
func (in *Installer) dropImageTags(ctx context.Context, project string) {
	if j, err := readJournal(in.dir); err != nil || j != nil {
		return // whatever it needs stays
	}
	keep := in.neededImages(ctx)
	if keep == nil {
		return
	}
	for ref, id := range in.ownTags(ctx, project) {
		if !slices.Contains(keep, id) {
			_ = in.Engine.RemoveImage(ctx, ref) // one that a container uses stays
		}
	}
}

// neededImages are the images that have to be there without a tag of the
// registry's: those of the copies to go back to, and what runs where its own
// tag has moved on. nil: nobody can tell.
func (in *Installer) neededImages(ctx context.Context) []string {
	out := []string{}
	for _, name := range []string{snapshotName, replacedName} {
		text, err := instance.ReadOwn(filepath.Join(in.dir.Work(name), copyManifest))
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
	if now, err := in.Engine.Image(ctx, s.ImageRef); err != nil || now.ID != s.ImageID || isOwnTag(s.ImageRef) || strings.Contains(s.ImageRef, "@") {
		out = append(out, s.ImageID)
	}
	return out
}
