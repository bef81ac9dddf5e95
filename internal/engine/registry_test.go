package engine_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

const (
	manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	listType     = "application/vnd.docker.distribution.manifest.list.v2+json"
)

// registry is a Docker registry with one image, served on loopback, which
// engines trust without TLS.
type registry struct {
	host      string
	repo      string // a fresh name, so that no engine has it yet
	blobs     map[string][]byte
	manifests map[string]manifest // by tag and by digest
	login     string              // "user:password"; empty = anonymous
	basic     bool                // ask for the login itself, not for a token

	mu      sync.Mutex
	trouble []http.HandlerFunc // answers given instead, one a request, before it works
}

type manifest struct {
	kind string
	data []byte
}

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// newRegistry has repo:1 for the given architecture and repo:list, a list
// that has only that one.
func newRegistry(t *testing.T, arch string) *registry {
	t.Helper()
	r := &registry{repo: name(), blobs: map[string][]byte{}, manifests: map[string]manifest{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.host = server.Listener.Addr().String()

	rootfs := rootfs(t, r.repo)
	var layer bytes.Buffer
	w := gzip.NewWriter(&layer)
	w.Write(rootfs)
	w.Close()
	config := r.blob(t, map[string]any{
		"architecture": arch, "os": "linux", "created": "2026-01-02T03:04:05Z",
		"config": map[string]any{"Entrypoint": []string{"/probe"}, "Labels": map[string]string{"repo": r.repo}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digestOf(rootfs)}},
	})
	r.blobs[digestOf(layer.Bytes())] = layer.Bytes()
	image := r.manifest(t, "1", manifestType, map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": map[string]any{"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(r.blobs[config]), "digest": config},
		"layers": []any{map[string]any{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": layer.Len(), "digest": digestOf(layer.Bytes())}},
	})
	r.manifest(t, "list", listType, map[string]any{
		"schemaVersion": 2, "mediaType": listType,
		"manifests": []any{map[string]any{"mediaType": manifestType, "size": len(r.manifests["1"].data), "digest": image,
			"platform": map[string]string{"os": "linux", "architecture": arch}}},
	})
	return r
}

func (r *registry) blob(t *testing.T, content any) string {
	t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	r.blobs[digestOf(data)] = data
	return digestOf(data)
}

func (r *registry) manifest(t *testing.T, tag, kind string, content any) string {
	t.Helper()
	digest := r.blob(t, content)
	r.manifests[tag] = manifest{kind, r.blobs[digest]}
	r.manifests[digest] = r.manifests[tag]
	return digest
}

func (r *registry) ref(tag string) string { return r.host + "/" + r.repo + ":" + tag }

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if answer := r.nextTrouble(); answer != nil {
		answer(w, req)
		return
	}
	if req.URL.Path == "/token" {
		if !r.knows(req) {
			refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
			return
		}
		fmt.Fprint(w, `{"token":"good"}`)
		return
	}
	if !r.admits(req) {
		challenge := fmt.Sprintf(`Bearer realm="http://%s/token",service="test",scope="repository:%s:pull"`, r.host, r.repo)
		if r.basic {
			challenge = `Basic realm="test"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return
	}
	rest, ours := strings.CutPrefix(req.URL.Path, "/v2/"+r.repo+"/")
	kind, what, _ := strings.Cut(rest, "/")
	m, isManifest := r.manifests[what]
	blob, isBlob := r.blobs[what]
	switch {
	case req.URL.Path == "/v2/":
	case ours && kind == "manifests" && isManifest:
		w.Header().Set("Content-Type", m.kind)
		w.Header().Set("Docker-Content-Digest", digestOf(m.data))
		w.Write(m.data)
	case ours && kind == "blobs" && isBlob:
		w.Write(blob)
	default:
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
	}
}

func (r *registry) nextTrouble() http.HandlerFunc {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.trouble) == 0 {
		return nil
	}
	answer := r.trouble[0]
	r.trouble = r.trouble[1:]
	return answer
}

// knows reports whether the request has the right user and password.
func (r *registry) knows(req *http.Request) bool {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(r.login))
	return r.login == "" || req.Header.Get("Authorization") == want
}

func (r *registry) admits(req *http.Request) bool {
	return r.login == "" || r.basic && r.knows(req) || !r.basic && req.Header.Get("Authorization") == "Bearer good"
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
}
