package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func serve(t *testing.T, user, password, auth string) string {
	t.Helper()
	handler, err := guard(registry.New(), user, password, auth)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	u, _ := url.Parse(server.URL)
	return u.Host
}

func TestLogin(t *testing.T) {
	for _, auth := range []string{"bearer", "basic"} {
		t.Run(auth, func(t *testing.T) {
			ref, err := name.ParseReference(serve(t, "alice", "s3cret", auth) + "/app:1")
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				who  string
				auth authn.Authenticator
				in   bool
			}{
				{"the right password", &authn.Basic{Username: "alice", Password: "s3cret"}, true},
				{"a wrong password", &authn.Basic{Username: "alice", Password: "other"}, false},
				{"nobody", authn.Anonymous, false},
			} {
				err := remote.Write(ref, empty.Image, remote.WithAuth(c.auth))
				if (err == nil) != c.in {
					t.Errorf("push with %s: %v", c.who, err)
				}
				_, err = remote.Head(ref, remote.WithAuth(c.auth))
				if (err == nil) != c.in {
					t.Errorf("pull with %s: %v", c.who, err)
				}
			}
		})
	}
}

// Docker with containerd's store asks for its token with a form.
func TestLoginByForm(t *testing.T) {
	host := serve(t, "alice", "s3cret", "bearer")
	for password, want := range map[string]int{"s3cret": http.StatusOK, "other": http.StatusUnauthorized} {
		answer, err := http.PostForm("http://"+host+"/token", url.Values{
			"grant_type": {"password"}, "username": {"alice"}, "password": {password}, "service": {service},
		})
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Token string `json:"access_token"`
		}
		_ = json.NewDecoder(answer.Body).Decode(&body)
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("the answer to %q is %d, want %d", password, answer.StatusCode, want)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+body.Token)
		answer, err = http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("the token for %q opens with %d, want %d", password, answer.StatusCode, want)
		}
	}
}

func TestOpenWithoutUser(t *testing.T) {
	ref, err := name.ParseReference(serve(t, "", "", "bearer") + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, empty.Image); err != nil {
		t.Fatal(err)
	}
}

func TestChallengeNamesTheTokenEndpoint(t *testing.T) {
	host := serve(t, "alice", "s3cret", "bearer")
	answer, err := http.Get("http://" + host + "/v2/team/app/manifests/latest")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	want := `Bearer realm="http://` + host + `/token",service="registry.test",scope="repository:team/app:pull"`
	if got := answer.Header.Get("WWW-Authenticate"); answer.StatusCode != http.StatusUnauthorized || got != want {
		t.Errorf("answer %d, challenge %q; want 401 and %q", answer.StatusCode, got, want)
	}
	var body struct{ Errors []struct{ Code string } }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || len(body.Errors) != 1 || body.Errors[0].Code != "UNAUTHORIZED" {
		t.Errorf("body %+v, %v", body, err)
	}
}

func TestUnknownAuthIsRefused(t *testing.T) {
	if _, err := guard(registry.New(), "alice", "s3cret", "digest"); err == nil || !strings.Contains(err.Error(), "bearer or basic") {
		t.Errorf("got %v", err)
	}
}
