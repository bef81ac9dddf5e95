package e2e_test

import (
	"net/http"
	"strings"
	"testing"
)

// The main way: from nothing to https, over either challenge.
func TestEdgeIssues(t *testing.T) {
	t.Parallel()
	for name, closed := range map[string]string{"http-01": "https", "tls-alpn-01": "http"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEdge(t, closed)
			i := newInstance(t)
			i.write(h.answers(h.domain))
			out := i.install(0)
			out.mustSay(t, "OpenAlgo is ready at https://"+h.domain)
			res, err := h.client().Get("https://" + h.domain + "/auth/check-setup")
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%v %v", res, err)
			}
			_ = res.Body.Close()
			i.mustBeReady()
			if env := i.read(".env"); !strings.Contains(env, "https://"+h.domain) || !strings.Contains(env, "wss://"+h.domain+"/ws") {
				t.Error("the domain is not in .env")
			}
			again := i.install(0)
			again.mustSay(t, "Nothing to do")
		})
	}
}
