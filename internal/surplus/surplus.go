// Package surplus finds what this program keeps on a machine for an instance and
// nothing needs any more: images of earlier releases, images that were built, and
// copies of data. What it is not certain about stays.
package surplus

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/logsize"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// keepFor is how long a copy of data stays that no command returns to.
const keepFor = 30 * 24 * time.Hour

// Item is something that nothing needs: an image, or a copy in the work directory.
type Item struct {
	Image string   // its ID; "" for a copy
	Names []string // of the image
	Copy  string   // the directory's name; "" for an image
	Why   string
	Bytes int64 // that become free at most: images share layers
}

// Copy is a copy of data and of the files that belong to it.
type Copy struct {
	Name  string // instance.Snapshot or instance.Replaced
	Image string // the ID of the image that the data was used with
	Made  time.Time
	Bytes int64
}

// Seen is what was looked at.
type Seen struct {
	Now     time.Time
	Project string
	Runs    string // the ID of the image that the instance runs, or ran last
	// Repositories are those that the instance's releases come from.
	Repositories []string
	Copies       []Copy
	Images       []engine.Image  // every image of this Docker
	Used         map[string]bool // by a container, or needed by another instance
	// Pulled are those of the repositories that a registry can give again.
	Pulled map[string]bool
	// Alone says that all other instances of this Docker are known, and none is being
	// changed.
	Alone bool
	// Logs are those of the instance, as status has them.
	Logs logsize.Logs
}

// Notes are what a person is told beside the items: why images stay, and logs.
func (s Seen) Notes() (out []string) {
	if !s.Alone {
		out = append(out, "no image is removed. Another instance may need one, and cannot be checked or is being changed")
	}
	if text := s.Logs.String(); text != "" {
		out = append(out, "logs stay. "+text)
	}
	return out
}

// Items returns what nothing needs, images before copies, the largest first.
func (s Seen) Items() (out []Item) {
	needed, copies := s.copies()
	if !s.returns(needed) {
		needed = append(needed, s.previous(needed))
	}
	for _, i := range s.Images {
		if why := s.spare(i); why != "" && !slices.Contains(needed, i.ID) {
			out = append(out, Item{Image: i.ID, Names: i.Tags, Why: why, Bytes: i.Size})
		}
	}
	order.By(out, func(a, b Item) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return append(out, copies...)
}

// copies returns the images that the instance needs, for what runs and for copies
// that stay, and the copies that go.
func (s Seen) copies() (needed []string, gone []Item) {
	needed = []string{s.Runs}
	for _, c := range s.Copies {
		returns := c.Name == instance.Snapshot && c.Image != s.Runs
		if returns || s.Now.Sub(c.Made) < keepFor {
			needed = append(needed, c.Image)
			continue
		}
		why := "data that a restore replaced on "
		if c.Name == instance.Snapshot {
			why = "copy for an upgrade that was rolled back, of "
		}
		gone = append(gone, Item{Copy: c.Name, Why: why + market.Day(c.Made), Bytes: c.Bytes})
	}
	return needed, gone
}

// returns reports whether a rollback has a release to return to.
func (s Seen) returns(needed []string) bool {
	return slices.ContainsFunc(needed, func(id string) bool { return id != s.Runs && s.has(id) })
}

func (s Seen) has(id string) bool {
	return slices.ContainsFunc(s.Images, func(i engine.Image) bool { return i.ID == id })
}

// previous is the newest release beside the running one: one stays in any case.
func (s Seen) previous(needed []string) (id string) {
	var made time.Time
	for _, i := range s.Images {
		if s.spare(i) != "" && !slices.Contains(needed, i.ID) && i.Created.After(made) {
			id, made = i.ID, i.Created
		}
	}
	return id
}

// spare says why an image is one that this instance had and may be removed; "" for
// every other one.
func (s Seen) spare(i engine.Image) string {
	switch {
	case !s.Alone || s.Runs == "" || s.Used[i.ID] || slices.ContainsFunc(i.Tags, func(ref string) bool { return !s.isOwnName(ref) }):
		return "" // in use, or somebody has given it a name
	case image.IsBuiltFor(i, s.Project):
		return "built for this instance, which now uses another image"
	case s.Pulled[i.ID] && s.isEarlier(i):
		return fmt.Sprintf("earlier release of %s; its registry still has it", market.Day(i.Created))
	}
	return ""
}

// isOwnName reports whether a name is one that an image of this instance has.
func (s Seen) isOwnName(ref string) bool {
	return image.IsTagOf(ref, s.Project) || image.IsBuild(ref) ||
		!image.IsOwnTag(ref) && slices.Contains(s.Repositories, spec.RepositoryOf(ref))
}

// isEarlier reports whether an image was made before the image that runs. A later one
// may be pulled for an upgrade that is about to begin.
func (s Seen) isEarlier(i engine.Image) bool {
	return slices.ContainsFunc(s.Images, func(runs engine.Image) bool { return runs.ID == s.Runs && i.Created.Before(runs.Created) })
}
