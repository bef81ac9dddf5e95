package surplus

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

const repository = "marketcalls/openalgo"

var now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func id(n int) string { return fmt.Sprintf("sha256:%064d", n) }

// release is the n-th release, each a month after the one before.
func release(n int, tags ...string) engine.Image {
	return engine.Image{ID: id(n), Tags: tags, Size: int64(n) << 30, Created: now.AddDate(0, n-12, 0), Digests: []string{fmt.Sprintf("%s@sha256:%064d", repository, 100+n)}}
}

// built is an image that was built for a project.
func built(n int, project string) engine.Image {
	return engine.Image{ID: id(n), Tags: []string{fmt.Sprintf("openalgo-install/openalgo:%d", n)}, Size: 1 << 30, Created: now, Labels: map[string]string{"io.openalgo.install.project": project}}
}

// machine has the releases 1 to 5, and runs the last one. A rollback returns to 4.
func machine() Seen {
	s := Seen{Now: now, Project: "openalgo", Runs: id(5), Repositories: []string{repository}, Used: map[string]bool{id(5): true}, Pulled: map[string]bool{}, Alone: true,
		Copies: []Copy{{Name: instance.Snapshot, Image: id(4), Made: now.AddDate(0, -3, 0), Bytes: 7}}}
	for n := 1; n <= 5; n++ {
		s.Images = append(s.Images, release(n, fmt.Sprintf("%s:%d", repository, n)))
		s.Pulled[id(n)] = true
	}
	return s
}

func TestItems(t *testing.T) {
	t.Parallel()
	old := now.AddDate(0, -2, 0)
	for name, c := range map[string]struct {
		change func(*Seen)
		want   string // numbers of images, and names of copies
	}{
		"earlier releases":                       {func(*Seen) {}, "3 2 1"},
		"one of them is used":                    {func(s *Seen) { s.Used[id(2)] = true }, "3 1"},
		"nothing to return to: the newest stays": {func(s *Seen) { s.Copies = nil }, "3 2 1"},
		"what to return to is gone from Docker":  {func(s *Seen) { s.Copies[0].Image = id(9) }, "3 2 1"},
		"the copy is of what runs, and young":    {func(s *Seen) { s.Copies[0].Image, s.Copies[0].Made = id(5), now.AddDate(0, 0, -3) }, "3 2 1"},
		"the copy is of what runs, and old":      {func(s *Seen) { s.Copies[0].Image = id(5) }, "3 2 1 snapshot"},
		"what a restore replaced lately":         {func(s *Seen) { s.Copies = append(s.Copies, Copy{Name: instance.Replaced, Image: id(2), Made: now}) }, "3 1"},
		"what a restore replaced long ago":       {func(s *Seen) { s.Copies = append(s.Copies, Copy{Name: instance.Replaced, Image: id(2), Made: old}) }, "3 2 1 replaced"},
		"no registry has one":                    {func(s *Seen) { s.Pulled[id(3)] = false }, "2 1"},
		"another instance cannot be asked":       {func(s *Seen) { s.Alone = false }, ""},
		"somebody gave one a name":               {func(s *Seen) { s.Images[1].Tags = append(s.Images[1].Tags, "mine:2") }, "3 1"},
		"a tag of openalgo-install's":            {func(s *Seen) { s.Images[1].Tags = []string{repository + ":" + image.OwnTag("openalgo", id(2))} }, "3 2 1"},
		"a tag for another instance":             {func(s *Seen) { s.Images[1].Tags = []string{repository + ":" + image.OwnTag("second", id(2))} }, "3 1"},
		"one without a name":                     {func(s *Seen) { s.Images[1].Tags = nil }, "3 2 1"},
		"one without a name, of another project": {func(s *Seen) {
			s.Pulled[id(2)], s.Images[1] = false, engine.Image{ID: id(2), Size: 1, Digests: []string{"postgres@" + id(102)}}
		}, "3 1"},
		"builds of this instance and of another": {func(s *Seen) {
			s.Images = []engine.Image{built(7, "openalgo"), built(8, "second"), built(5, "openalgo"), release(4)}
		}, "7"},
		"builds, where others cannot be asked": {func(s *Seen) { s.Alone, s.Images = false, append(s.Images, built(7, "openalgo")) }, ""},
		"a later release":                      {func(s *Seen) { s.Runs, s.Used, s.Copies[0].Image = id(3), map[string]bool{id(3): true}, id(2) }, "1"},
		"an instance whose image is not known": {func(s *Seen) { s.Runs, s.Copies = "", nil }, ""},
	} {
		s := machine()
		c.change(&s)
		var got []string
		for _, i := range s.Items() {
			if i.Why == "" || (i.Image == "") == (i.Copy == "") {
				t.Errorf("%s: half of an item: %+v", name, i)
			}
			if i.Copy != "" {
				got = append(got, i.Copy)
			} else {
				got = append(got, strings.TrimLeft(strings.TrimPrefix(i.Image, "sha256:"), "0"))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, strings.Join(got, " "), c.want)
		}
	}
}

// Whatever is there, what runs and what a rollback returns to stays.
func TestWhatIsNeededStays(t *testing.T) {
	t.Parallel()
	for n := range 32 {
		s := machine()
		for bit := range 5 {
			if n>>bit&1 == 1 {
				s.Images[bit].Tags = nil
				delete(s.Used, id(bit+1))
			}
		}
		if slices.ContainsFunc(s.Items(), func(i Item) bool { return i.Image == id(5) || i.Image == id(4) || i.Copy != "" }) {
			t.Errorf("%05b: %+v", n, s.Items())
		}
	}
}
