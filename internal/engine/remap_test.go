package engine

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"
)

// An archive out of a container goes into another one with the same owners.
func TestOwnersOfUsernsRemap(t *testing.T) {
	t.Parallel()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, owner := range map[string]int{"app/": 301000, "app/of-root": 300000, "app/other": 7} {
		h := &tar.Header{Name: name, Mode: 0o755, Uid: owner, Gid: owner, Typeflag: tar.TypeReg, Size: 3}
		if name == "app/" {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			_, _ = io.WriteString(w, "abc")
		}
	}
	_ = w.Close()
	text := archive.Bytes()
	open := func(i Info) io.ReadCloser { return inContainer(i, io.NopCloser(bytes.NewReader(text))) }
	want := map[string]int{"app/": 1000, "app/of-root": 0, "app/other": 7}
	in := open(Info{UserNS: true, UserBase: 300000})
	r := tar.NewReader(in)
	for range want {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || int64(len(content)) != h.Size || h.Uid != want[h.Name] || h.Gid != want[h.Name] {
			t.Errorf("%s is of %d:%d, has %q, %v", h.Name, h.Uid, h.Gid, content, err)
		}
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if same, err := io.ReadAll(open(Info{})); err != nil || !bytes.Equal(same, text) {
		t.Errorf("an engine without it has another archive: %v", err)
	}
}
