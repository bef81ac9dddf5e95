package image

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// A rollback needs the image that ran before the upgrade. Its tag moves to the new
// image, and Docker may remove an image without a name; containerd's store does
// so at once. So the image gets a tag of this program's own, in the repository
// where its digest names it, too. No registry has a tag of that form.
const ownTagPrefix = "openalgo-install-"

// OwnTag returns the tag for one image of a project.
func OwnTag(project, imageID string) string {
	id := strings.TrimPrefix(imageID, "sha256:")
	return ownTagPrefix + project[:min(len(project), 80)] + "-" + id[:min(len(id), 12)]
}

// IsOwnTag reports whether a reference has a tag of that form.
func IsOwnTag(ref string) bool {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return false
	}
	tagged, ok := named.(reference.Tagged)
	return ok && strings.HasPrefix(tagged.Tag(), ownTagPrefix)
}

// IsTagOf reports whether a reference has a tag that images of a project are given.
func IsTagOf(ref, project string) bool {
	before, id, found := strings.Cut(ref, ":"+strings.TrimSuffix(OwnTag(project, "x"), "x"))
	return found && before != "" && isShortID.MatchString(id)
}

var isShortID = regexp.MustCompile("^[0-9a-f]{12}$")

// ownTags finds the tags that a project's images were given, by reference.
func ownTags(ctx context.Context, e Docker, project string) map[string]string {
	tags, err := e.Tags(ctx)
	if err != nil {
		return nil
	}
	maps.DeleteFunc(tags, func(ref, _ string) bool { return !IsTagOf(ref, project) })
	return tags
}

// KeepTag gives the image that is about to be replaced its own tag. Where that
// fails, a later rollback may have to pull it again: note is told so.
func KeepTag(ctx context.Context, e Docker, project, ref, imageID string, note func(string)) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil || project == "" || strings.HasPrefix(ref, "sha256:") {
		return // it was never named
	}
	target := reference.FamiliarName(named) + ":" + OwnTag(project, imageID)
	if err := e.Tag(ctx, imageID, target); err != nil {
		note("cannot tag the current image, so a rollback may have to pull it again: " + err.Error())
	}
}

// DropTags removes those tags of a project whose images are not needed.
func DropTags(ctx context.Context, e Docker, project string, needed []string) {
	for ref, id := range ownTags(ctx, e, project) {
		if !slices.Contains(needed, id) {
			_ = e.RemoveImage(ctx, ref) // one that a container uses stays
		}
	}
}
