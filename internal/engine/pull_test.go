package engine_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
)

// quick are the delays between tries that the tests use.
var quick = []time.Duration{time.Millisecond, time.Millisecond}

// puller is the real engine with docker's config in a directory of its own.
func puller(t *testing.T, config string) *engine.Engine {
	t.Helper()
	dir := t.TempDir()
	if config != "" {
		writeFile(t, dir+"/config.json", []byte(config), 0o600)
	}
	e := connect(t, engine.Options{PullDelays: quick, Getenv: func(key string) string {
		if key == "DOCKER_CONFIG" {
			return dir
		}
		return os.Getenv(key)
	}})
	if !e.Info().Local {
		t.Skip("the engine does not see our loopback")
	}
	return e
}

func pulled(t *testing.T, e *engine.Engine, ref string, progress func(event.PullProgress)) engine.Image {
	t.Helper()
	img, err := e.Pull(t.Context(), ref, progress)
	forget(t, e, ref)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func forget(t *testing.T, e *engine.Engine, ref string) {
	t.Cleanup(func() {
		ctx, cancel := cleanup()
		defer cancel()
		if err := e.RemoveImage(ctx, ref); err != nil {
			t.Error(err)
		}
	})
}

func TestPull(t *testing.T) {
	e := puller(t, "")
	r := newRegistry(t, e.Info().Arch)
	var steps []event.PullProgress
	img := pulled(t, e, r.ref("list"), func(p event.PullProgress) { steps = append(steps, p) })
	if img.Ref != r.ref("list") || img.Arch != e.Info().Arch || img.Labels["repo"] != r.repo || img.Digest != digestOf(r.manifests["list"].data) {
		t.Errorf("%+v", img)
	}
	if len(steps) == 0 {
		t.Fatal("no progress")
	}
	last := steps[len(steps)-1]
	if last.Layers != 1 || last.LayersDone != 1 || last.Current == 0 || last.Current != last.Total {
		t.Errorf("the last step is %+v", last)
	}
	if !slices.IsSortedFunc(steps, func(a, b event.PullProgress) int { return int(a.Current - b.Current) }) {
		t.Errorf("bytes fell: %+v", steps)
	}
	if again := pulled(t, e, r.ref("list"), nil); again.ID != img.ID {
		t.Errorf("pulled again: %+v", again)
	}
	if byDigest := pulled(t, e, r.host+"/"+r.repo+"@"+img.Digest, nil); byDigest.ID != img.ID {
		t.Errorf("by digest: %+v", byDigest)
	}
}

func TestPullWithLogin(t *testing.T) {
	auth := base64.StdEncoding.EncodeToString([]byte("trader:s3cret-canary"))
	for _, c := range []struct {
		name   string
		basic  bool
		config func(host string) string
		helper string // script of a credential helper called "oatest"
		fails  bool
	}{
		{name: "token, none stored", fails: true},
		{name: "basic, none stored", basic: true, fails: true},
		{name: "token", config: func(h string) string { return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, h, auth) }},
		{name: "basic", basic: true, config: func(h string) string { return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, h, auth) }},
		{name: "wrong password", fails: true, config: func(h string) string {
			return fmt.Sprintf(`{"auths":{%q:{"username":"trader","password":"bad-canary"}}}`, h)
		}},
		{name: "credHelpers", config: func(h string) string { return fmt.Sprintf(`{"credHelpers":{%q:"oatest"}}`, h) },
			helper: `echo '{"ServerURL":"x","Username":"trader","Secret":"s3cret-canary"}'`},
		{name: "credsStore", config: func(string) string { return `{"credsStore":"oatest"}` },
			helper: `echo '{"ServerURL":"x","Username":"trader","Secret":"s3cret-canary"}'`},
		{name: "helper breaks", fails: true, config: func(string) string { return `{"credsStore":"oatest"}` },
			helper: `echo keychain is locked; exit 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRegistry(t, connect(t, engine.Options{}).Info().Arch)
			r.login, r.basic = "trader:s3cret-canary", c.basic
			config := ""
			if c.config != nil {
				config = c.config(r.host)
			}
			if c.helper != "" {
				dir := shortDir(t)
				writeFile(t, dir+"/docker-credential-oatest", []byte("#!/bin/sh\n"+c.helper+"\n"), 0o755)
				t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			}
			e := puller(t, config)
			if !c.fails {
				pulled(t, e, r.ref("1"), nil)
				return
			}
			_, err := e.Pull(t.Context(), r.ref("1"), nil)
			wants(t, err, engine.ErrLoginNeeded, "docker login "+r.host)
			if errors.Is(err, engine.ErrImageNotFound) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v", err)
			}
			if c.name == "helper breaks" {
				wants(t, err, engine.ErrLoginNeeded, "keychain is locked")
			}
		})
	}
}

func TestPullFails(t *testing.T) {
	e := puller(t, "")
	other := "arm64"
	if e.Info().Arch == other {
		other = "amd64"
	}
	r, foreign := newRegistry(t, e.Info().Arch), newRegistry(t, other)

	// What a registry has for which platform is known without a pull.
	for _, tag := range []string{"1", "list"} {
		for at, arch := range map[*registry]string{r: e.Info().Arch, foreign: other} {
			if has, err := e.RemotePlatforms(t.Context(), at.ref(tag)); err != nil || !slices.Equal(has, []string{"linux/" + arch}) {
				t.Errorf("%s for %s: %q, %v", tag, arch, has, err)
			}
		}
	}
	_, err := e.RemotePlatforms(t.Context(), r.ref("none"))
	wants(t, err, engine.ErrImageNotFound, r.host)

	_, err = e.Pull(t.Context(), r.ref("none"), nil)
	wants(t, err, engine.ErrImageNotFound, r.host, "Check its name and tag")
	if errors.Is(err, engine.ErrLoginNeeded) {
		t.Errorf("asks for a login: %v", err)
	}
	_, err = e.Pull(t.Context(), foreign.ref("list"), nil)
	wants(t, err, engine.ErrWrongPlatform, e.Info().Arch)
	forget(t, e, foreign.ref("1")) // an image without a list comes, and only then shows what it is
	_, err = e.Pull(t.Context(), foreign.ref("1"), nil)
	wants(t, err, engine.ErrWrongPlatform, e.Info().Arch)

	if _, err = e.Pull(t.Context(), "UPPER case", nil); err == nil || !strings.Contains(err.Error(), "not the name of an image") {
		t.Errorf("a bad name gave %v", err)
	}
	closed := newRegistry(t, "amd64")
	closed.host = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	_, err = e.Pull(t.Context(), closed.ref("1"), nil)
	wants(t, err, engine.ErrRegistry, closed.host, "network and DNS")
}

func TestPullRateLimited(t *testing.T) {
	e := puller(t, "")
	r := newRegistry(t, e.Info().Arch)
	for range 20 {
		r.trouble = append(r.trouble, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "You have reached your pull rate limit.")
		})
	}
	_, err := e.Pull(t.Context(), r.ref("1"), nil)
	wants(t, err, engine.ErrRateLimited, "docker login")
}

func TestPullTriesAgain(t *testing.T) {
	e := puller(t, "")
	r := newRegistry(t, e.Info().Arch)
	r.trouble = []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		hangUp,
	}
	said := false
	pulled(t, e, r.ref("1"), func(p event.PullProgress) { said = said || strings.Contains(p.Status, "next attempt") })
	if !said {
		t.Error("the second try was not reported")
	}
}

// hangUp closes the connection in the middle.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestPullCancelled(t *testing.T) {
	e := puller(t, "")
	r := newRegistry(t, e.Info().Arch)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	r.trouble = []http.HandlerFunc{func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}}
	if _, err := e.Pull(ctx, r.ref("1"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("gave %v", err)
	}
}

// What cannot be had from a real engine at will: these are the words of real ones.
func TestPullSaysWhatTheEngineMeans(t *testing.T) {
	for _, c := range []struct {
		said   string
		causes []error
		words  string
	}{
		{"write /var/lib/docker/tmp/GetImageBlob1: no space left on device", []error{engine.ErrNoSpace}, "/data/docker"},
		{"failed to register layer: ApplyLayer exit status 1 stdout: stderr: write /x: no space left on device", []error{engine.ErrNoSpace}, "disk is full"},
		{"toomanyrequests: You have reached your pull rate limit.", []error{engine.ErrRateLimited}, "docker login"},
		{"pull access denied for a/b, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
			[]error{engine.ErrImageNotFound, engine.ErrLoginNeeded}, "image is private"},
		{"no matching manifest for linux/arm64/v8 in the manifest list entries", []error{engine.ErrWrongPlatform}, "arm64"},
		{"manifest for a/b:1 not found: manifest unknown: manifest unknown", []error{engine.ErrImageNotFound}, "name and tag"},
		{`unknown: {"errors":[{"code":"NAME_UNKNOWN","message":"Unknown name"}]}`, []error{engine.ErrImageNotFound}, "name and tag"},
		{"Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host", []error{engine.ErrRegistry}, "DNS"},
		{"Get \"https://registry-1.docker.io/v2/\": net/http: TLS handshake timeout", []error{engine.ErrRegistry}, "network"},
	} {
		f := fake{api: "1.43", routes: map[string]http.HandlerFunc{"/{v}/images/create": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "{\"errorDetail\":{\"message\":%q},\"error\":%q}\n", c.said, c.said)
		}}}
		socket, _ := f.socket(t, "")
		e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket), PullDelays: quick})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Pull(t.Context(), "a/b:1", nil)
		for _, cause := range c.causes {
			wants(t, err, cause, c.words)
		}
		e.Close()
	}
}

func TestEngineLostInTheMiddleOfAPull(t *testing.T) {
	f := fake{api: "1.43", routes: map[string]http.HandlerFunc{"/{v}/images/create": func(w http.ResponseWriter, req *http.Request) {
		io.WriteString(w, `{"status":"Downloading","id":"a","progressDetail":{"current":1,"total":2}}`+"\n{")
		w.(http.Flusher).Flush()
		hangUp(w, req)
	}}}
	socket, _ := f.socket(t, "")
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket), PullDelays: quick})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	_, err = e.Pull(t.Context(), "a/b:1", nil)
	wants(t, err, engine.ErrUnreachable)
}
