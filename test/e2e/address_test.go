package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/publicip"
)

// The public address is told and remembered; doctor fails when it changes, until the
// user says that the broker knows the new one.
func TestPublicAddress(t *testing.T) {
	t.Parallel()
	var now atomic.Value
	now.Store("203.0.113.7")
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, now.Load()) }))
	t.Cleanup(service.Close)
	i := newInstance(t)
	i.env = append(i.env, publicip.Off+"=", publicip.Services+"="+service.URL+"/a,"+service.URL+"/b")
	if out := i.install(0, "--json"); !strings.Contains(out.stdout, `"public_ip":{"ipv4":"203.0.113.7"`) {
		t.Error(out.all())
	}
	if out := i.run("status"); !strings.Contains(out.stdout, "203.0.113.7, found on ") {
		t.Error(out.all())
	}
	if out := i.run("doctor"); !strings.Contains(out.stdout, "brokers see this machine as 203.0.113.7") {
		t.Error(out.all())
	}
	now.Store("203.0.113.8")
	if out := i.run("doctor", "--json"); out.code != 1 || !strings.Contains(out.stdout, `"address-changed"`) {
		t.Error(out.all())
	}
	i.run("doctor", "--fix", "--yes")
	if out := i.run("doctor", "--json"); strings.Contains(out.stdout, `"address-changed"`) || !strings.Contains(out.stdout, "203.0.113.8") {
		t.Error(out.all())
	}
}
