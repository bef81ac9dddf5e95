package main

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// service is the name the challenge gives; clients repeat it when they ask
// for a token.
const service = "registry.test"

// guard puts the login in front of next. Without a user everybody may come in.
func guard(next http.Handler, user, password, auth string) (http.Handler, error) {
	if user == "" {
		return next, nil
	}
	switch auth {
	case "basic":
		return basicAuth(next, user, password), nil
	case "bearer":
		return bearerAuth(next, user, password), nil
	}
	return nil, fmt.Errorf("-auth %s: it is bearer or basic", auth)
}

func basicAuth(next http.Handler, user, password string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !knows(r, user, password) {
			refuse(w, fmt.Sprintf(`Basic realm=%q`, service))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bearerAuth follows the token flow of the distribution specification: an
// unknown caller gets a challenge that names the token endpoint, shows its
// password there, and comes back with the token. One token serves them all,
// since it lives no longer than this process.
func bearerAuth(next http.Handler, user, password string) http.Handler {
	token := rand.Text()
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		given := token
		switch u, p, hasLogin := login(r); {
		case !hasLogin:
			// Like Docker Hub: anybody gets a token, but not one that opens
			// a private repository.
			given = rand.Text()
		case !same(u, user) || !same(p, password):
			refuse(w, fmt.Sprintf(`Basic realm=%q`, service))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"token": given, "access_token": given, "expires_in": 300})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !same(given, token) {
			challenge := fmt.Sprintf(`Bearer realm="http://%s/token",service=%q`, r.Host, service)
			if scope := scopeOf(r); scope != "" {
				challenge += fmt.Sprintf(`,scope=%q`, scope)
			}
			refuse(w, challenge)
			return
		}
		next.ServeHTTP(w, r)
	})
	return mux
}

// login is what a caller shows for a token. Docker with containerd's store sends
// a form (OAuth 2's password grant), other clients a header.
func login(r *http.Request) (user, password string, ok bool) {
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(nil, r.Body, 1<<16)
		return r.PostFormValue("username"), r.PostFormValue("password"), r.PostFormValue("grant_type") == "password"
	}
	return r.BasicAuth()
}

// scopeOf names what a request needs, as "repository:NAME:pull,push", or
// nothing for a request that is not about one repository.
func scopeOf(r *http.Request) string {
	path := strings.TrimPrefix(r.URL.Path, "/v2/")
	for _, kind := range []string{"/manifests/", "/blobs/", "/tags/"} {
		if name, _, found := strings.Cut(path, kind); found {
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				return "repository:" + name + ":pull"
			}
			return "repository:" + name + ":pull,push"
		}
	}
	return ""
}

// refuse answers 401 with the body that registries send.
func refuse(w http.ResponseWriter, challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprintln(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
}

func knows(r *http.Request, user, password string) bool {
	u, p, ok := r.BasicAuth()
	return ok && same(u, user) && same(p, password)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
