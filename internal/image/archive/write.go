package archive

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Write writes the archive without compression, with ref, a name with a tag, as the
// image's one name: whatever names are in the file, none of them moves to it.
func (i *Image) Write(ctx context.Context, to io.Writer, ref string) error {
	o, err := open(ctx, i.Path)
	if err != nil {
		return err
	}
	defer o.close()
	out := tar.NewWriter(to)
	for {
		h, err := o.next()
		if errors.Is(err, io.EOF) && (!o.seen[i.config] || !o.seen[manifestName]) {
			return errChanged
		}
		if errors.Is(err, io.EOF) {
			return out.Close()
		}
		if err != nil {
			return err
		}
		if h.Name == oldName {
			continue
		}
		if err := o.copy(i, out, h, ref); err != nil {
			return err
		}
	}
}

// errChanged: Docker gets no end of such an archive, so it makes no image of it.
var errChanged = broken("it has changed since it was read")

func (o *opened) copy(i *Image, out *tar.Writer, h *tar.Header, ref string) error {
	if !isIndex(h.Name) && h.Name != i.config {
		if h.Typeflag == tar.TypeDir {
			h.Name += "/"
		}
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		_, err := io.Copy(out, o)
		return err
	}
	text, err := o.text(h)
	if err != nil {
		return err
	}
	switch h.Name {
	case manifestName:
		text, err = renameManifest(text, i.config, ref)
	case indexName:
		text, err = renameIndex(text, ref)
	default: // the layers have the digests that it names: Docker holds them to that
		if "sha256:"+digestOf(text) != i.ID {
			return errChanged
		}
	}
	if err != nil {
		return broken("%s: %v", h.Name, err)
	}
	h.Size = int64(len(text))
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// What is written instead of an archive's own lists has these fields and no others:
// Docker is told nothing that was not read here.
type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations"`
}

type list struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Manifests     []descriptor `json:"manifests"`
}

func renameManifest(text []byte, config, ref string) ([]byte, error) {
	var images []manifest
	if err := json.Unmarshal(text, &images); err != nil {
		return nil, err
	}
	if len(images) != 1 || images[0].Config != config {
		return nil, errChanged
	}
	images[0].RepoTags = []string{ref}
	return json.Marshal(images)
}

// renameIndex leaves one entry, since each name of an image had one of its own.
func renameIndex(text []byte, ref string) ([]byte, error) {
	var top list
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, err
	}
	if len(top.Manifests) == 0 {
		return nil, errors.New("it has no manifest")
	}
	_, tag, _ := strings.Cut(ref, ":")
	top.Manifests = top.Manifests[:1]
	top.Manifests[0].Annotations = map[string]string{
		"io.containerd.image.name": "docker.io/" + ref, "org.opencontainers.image.ref.name": tag}
	return json.Marshal(top)
}
