package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path"
	"path/filepath"
	"strings"
)

// Image is the one image of an archive.
type Image struct {
	Path     string // absolute
	ID       string // the digest of its configuration, "sha256:..."
	OS, Arch string
	Name     string // that it had where it was saved; "" is none. For a person
	// ids are those that an engine may give it: Docker's own store that of the
	// configuration, containerd's that of the manifest or its index.
	ids     map[string]bool
	config  string // the configuration's name in the archive
	indexed bool
}

// Is reports whether an engine's ID is that of this image: engines compute it from
// what they loaded, so it says that nothing was changed on the way. containerd's store
// makes a manifest of its own for an archive without one, as releases before 25 write it:
// there what Write checks must do.
func (i *Image) Is(id string, containerd bool) bool {
	return i.ids[id] || containerd && !i.indexed && id != ""
}

// Look reads through an archive and says which image it holds. It takes as long as
// its compression is undone.
func Look(ctx context.Context, name string) (*Image, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	o, err := open(ctx, abs)
	if err != nil {
		return nil, err
	}
	defer o.close()
	texts, total := map[string][]byte{}, int64(0)
	for {
		h, err := o.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		isText := isIndex(h.Name) || total+h.Size <= mostTexts && h.Size <= mostText && digestIn(h.Name) != ""
		if h.Typeflag != tar.TypeReg || !isText {
			continue
		}
		if texts[h.Name], err = o.text(h); err != nil {
			return nil, err
		}
		total += h.Size
	}
	i := &Image{Path: abs, ids: map[string]bool{}}
	return i, i.read(texts)
}

// digestIn is the digest by which a file is called; "" where it is not.
func digestIn(name string) string {
	digest := strings.TrimSuffix(path.Base(name), ".json")
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha256.Size {
		return ""
	}
	return digest
}

// read finds the image in the small files of its archive.
func (i *Image) read(texts map[string][]byte) error {
	var images []manifest
	if err := json.Unmarshal(texts[manifestName], &images); err != nil {
		return broken("it has no %s that can be read", manifestName)
	}
	if len(images) != 1 {
		return broken("it holds %d images", len(images))
	}
	config, digest := texts[images[0].Config], digestIn(images[0].Config)
	if config == nil || digestOf(config) != digest {
		return broken("the image's configuration is missing or damaged")
	}
	var facts struct{ OS, Architecture string }
	if err := json.Unmarshal(config, &facts); err != nil {
		return broken("the image's configuration: %v", err)
	}
	i.ID, i.OS, i.Arch, i.config = "sha256:"+digest, facts.OS, facts.Architecture, images[0].Config
	if len(images[0].RepoTags) > 0 {
		i.Name = images[0].RepoTags[0]
	}
	i.ids[i.ID] = true
	return i.readIndex(texts)
}

// readIndex adds the IDs of containerd's store. An old archive has no index.
func (i *Image) readIndex(texts map[string][]byte) error {
	text, ok := texts[indexName]
	if !ok {
		return nil
	}
	var top list
	if err := json.Unmarshal(text, &top); err != nil || len(top.Manifests) == 0 {
		return broken("its %s cannot be read", indexName)
	}
	first := top.Manifests[0].Digest
	i.indexed = true
	for _, m := range top.Manifests { // one for each name that was saved
		if m.Digest != first {
			return broken("it holds several images")
		}
	}
	i.ids[first] = true
	digest := strings.TrimPrefix(first, "sha256:")
	blob := texts["blobs/sha256/"+digest]
	if blob == nil || digestOf(blob) != digest {
		return broken("the image's manifest is missing or damaged")
	}
	var inner list
	if json.Unmarshal(blob, &inner) == nil {
		for _, m := range inner.Manifests {
			i.ids[m.Digest] = true
		}
	}
	return nil
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// IsName reports whether a text has the form of such a file's name, and not of an
// image's or a checkout's.
func IsName(text string) bool {
	if !strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "./") && !strings.HasPrefix(text, "../") {
		return false
	}
	for _, end := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst"} {
		if strings.HasSuffix(text, end) {
			return true
		}
	}
	return false
}
