package engine_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// The proxies of docker's config are those of each container and build, as Docker
// Compose has it; what runs there reaches itself without them.
func TestProxies(t *testing.T) {
	field, err := os.ReadFile("testdata/field/docker-config-proxies.json")
	if err != nil {
		t.Fatal(err)
	}
	const proxy, own = "http://10.1.1.1:3128", "localhost,127.0.0.1,::1"
	for name, c := range map[string]struct {
		config, http, noProxy string
		lacks                 bool
	}{
		"of the field":      {string(field), proxy, own, true},
		"with exceptions":   {`{"proxies":{"default":{"httpProxy":"` + proxy + `","noProxy":"10.0.0.0/8, 127.0.0.1"}}}`, proxy, "10.0.0.0/8, 127.0.0.1,localhost,::1", false},
		"all are excepted":  {`{"proxies":{"default":{"httpProxy":"` + proxy + `","noProxy":"*"}}}`, proxy, "*", false},
		"none":              {"{}", "", "", false},
		"of another Docker": {`{"proxies":{"tcp://192.0.2.1:2376":{"httpProxy":"` + proxy + `"}}}`, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			built := ""
			socket, _ := fake{api: "1.43", routes: map[string]http.HandlerFunc{"/{v}/build": func(w http.ResponseWriter, r *http.Request) {
				built = r.URL.Query().Get("buildargs")
				http.Error(w, `{"message":"not here"}`, http.StatusInternalServerError)
			}}}.socket(t, "")
			dir := t.TempDir()
			writeFile(t, dir+"/config.json", []byte(c.config), 0o600)
			e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket, "DOCKER_CONFIG", dir)})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			info := e.Info()
			got := info.Proxied([]string{"TZ=Asia/Kolkata", "https_proxy=mine"})
			if info.ProxiesLackLoopback != c.lacks || got[0] != "TZ=Asia/Kolkata" || !slices.Contains(got, "https_proxy=mine") || slices.Contains(got, "https_proxy="+proxy) {
				t.Errorf("%v, %q", info.ProxiesLackLoopback, got)
			}
			if c.http == "" {
				if len(got) != 2 {
					t.Errorf("%q", got)
				}
				return
			}
			for _, want := range []string{"HTTP_PROXY=" + c.http, "http_proxy=" + c.http, "NO_PROXY=" + c.noProxy, "no_proxy=" + c.noProxy} {
				if !slices.Contains(got, want) {
					t.Errorf("%q lacks %s", got, want)
				}
			}
			if text, err := json.Marshal(info); err != nil || strings.Contains(string(text), "3128") {
				t.Errorf("a proxy's address may have a password: %s, %v", text, err)
			}
			_, _ = e.Build(t.Context(), engine.BuildSpec{Ref: "x:1", Classic: true, Args: map[string]string{"no_proxy": "mine"},
				Context: func(context.Context, io.Writer) error { return nil }}, engine.BuildWatch{})
			args := map[string]string{}
			if err := json.Unmarshal([]byte(built), &args); err != nil || args["HTTP_PROXY"] != c.http || args["no_proxy"] != "mine" {
				t.Errorf("build arguments: %s, %v", built, err)
			}
		})
	}
}
