package install

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// answering is an OpenAlgo that is ready, with both of its ports on one.
func answering(t *testing.T) (port int) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			fmt.Fprint(w, `{"needs_setup": false}`)
			return
		}
		if conn, err := websocket.Accept(w, r, nil); err == nil {
			conn.CloseRead(r.Context())
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().(*net.TCPAddr).Port
}

// engineOfContainers is an engine with these containers, which notes what it is
// asked to change.
func engineOfContainers(t *testing.T, all map[string]string) (e *engine.Engine, did func() []string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	e = engineThat(t, func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // v1.43/containers/ID/json
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodGet {
			asked = append(asked, r.Method+" "+strings.Join(parts[2:], "/"))
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "/networks"), strings.Contains(r.URL.Query().Get("filters"), "label"):
			fmt.Fprint(w, "[]")
		case strings.HasSuffix(r.URL.Path, "/volumes"):
			fmt.Fprint(w, `{"Volumes": []}`)
		case strings.HasSuffix(r.URL.Path, "/containers/json"):
			var ids []string
			for id := range all {
				ids = append(ids, fmt.Sprintf(`{"Id": %q}`, id))
			}
			fmt.Fprintf(w, "[%s]", strings.Join(ids, ","))
		case len(parts) > 3 && parts[3] == "json" && all[parts[2]] != "":
			fmt.Fprint(w, all[parts[2]])
		case r.Method == http.MethodDelete || len(parts) > 3 && parts[3] != "json":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message": "no such container"}`)
		}
	})
	return e, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(asked)
	}
}

// openalgoContainer is what Docker says about a container of OpenAlgo.
func openalgoContainer(id, status, data string, port int) string {
	return fmt.Sprintf(`{"Id": %[1]q, "Name": "/%[1]s", "Created": "2026-01-02T03:04:05Z", "State": {"Status": %[2]q, "StartedAt": "2026-01-02T03:04:05Z"},
		"Config": {"Image": %[3]q}, "Mounts": [{"Type": "bind", "Source": %[4]q, "Destination": "/app/db"}, {"Type": "bind", "Source": %[5]q, "Destination": "/app/.env"}],
		"NetworkSettings": {}, "HostConfig": {"PortBindings": {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "%[6]d"}], "8765/tcp": [{"HostIp": "127.0.0.1", "HostPort": "%[6]d"}]}}}`,
		id, status, rehearsal.Repository+":x", data, filepath.Join(filepath.Dir(data), ".env"), port)
}

// While a run was unfinished, the user created a container of their own on the
// data: neither the run's new one nor the previous one is started beside it.
func TestNoSecondContainerOnTheData(t *testing.T) {
	for name, c := range map[string]struct {
		old  bool // the previous one is there
		want string
	}{
		"the previous one is gone": {false, "DELETE new"},
		"it is there":              {true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in, j := undoing(t)
			data := in.dir.Path("db")
			put(t, in.dir.Env(), "LOG_LEVEL = 'INFO'\n")
			put(t, filepath.Join(data, "openalgo.db"), "rows")
			all := map[string]string{"theirs": openalgoContainer("theirs", "running", data, answering(t))}
			if c.old {
				all["old"] = openalgoContainer("old", "exited", data, 1)
			} else {
				all["new"] = openalgoContainer("new", "created", data, 1)
				j.NewID = "new"
			}
			var did func() []string
			in.Engine, did = engineOfContainers(t, all)
			j.Command, j.Starting, j.resumed = "set", false, true
			j.Old = &oldContainer{ID: "old", Name: "old", Running: true, Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			if err := j.save(); err != nil {
				t.Fatal(err)
			}
			if err := in.rollBack(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			for _, what := range did() {
				if strings.HasSuffix(what, "/start") || strings.Contains(what, "theirs") {
					t.Errorf("it did %s", what)
				}
			}
			if c.want != "" && !slices.Contains(did(), c.want) {
				t.Errorf("it did %v, not %s", did(), c.want)
			}
			if exists(in.dir.Work(instance.JournalName)) {
				t.Error("the journal is still open")
			}
		})
	}
}

// The new container of a killed run once ran, and the user's own runs on its
// data now.
func TestNewOneIsNotStartedBesideAnother(t *testing.T) {
	in, j := undoing(t)
	data := t.TempDir()
	var did func() []string
	in.Engine, did = engineOfContainers(t, map[string]string{
		"new": openalgoContainer("new", "exited", data, 1), "theirs": openalgoContainer("theirs", "running", data, answering(t))})
	j.NewID = "new"
	if in.newAnswers(t.Context(), j) || len(did()) > 0 {
		t.Errorf("it did %v", did())
	}
}

// The new container of a killed run answers, and only its HTTPS does not: it is
// in use, and an undo would take what came into its data since.
func TestNewOneStaysWithoutItsHTTPS(t *testing.T) {
	t.Parallel()
	in, j := undoing(t)
	var warned []string
	in.Report = event.ReporterFunc(func(e event.Event) {
		if e.Type == event.TypeWarning {
			warned = append(warned, e.Message)
		}
	})
	in.Engine, _ = engineOfContainers(t, map[string]string{"new": openalgoContainer("new", "running", t.TempDir(), answering(t))})
	j.NewID, j.Edge = "new", &edgeChange{State: instance.Edge{Kind: "nginx", Domain: "algo.example.com", HTTPS: 1}}
	if !in.newAnswers(t.Context(), j) {
		t.Error("it would be undone")
	}
	if text := strings.Join(warned, "\n"); !strings.Contains(text, "https://algo.example.com is not served") || !strings.Contains(text, "domain algo.example.com") {
		t.Errorf("no warning says so: %q", text)
	}
}

// Who does not wait for the answer has not asked for an undo.
func TestRecoveryThatIsCancelled(t *testing.T) {
	in, j := undoing(t)
	put(t, in.dir.Env(), "LOG_LEVEL = 'INFO'\n")
	var did func() []string
	in.Engine, did = engineOfContainers(t, map[string]string{"new": openalgoContainer("new", "running", t.TempDir(), 1)})
	j.NewID = "new"
	if err := j.save(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	in.Report = event.ReporterFunc(func(e event.Event) {
		if strings.Contains(e.Message, "did not finish") {
			time.AfterFunc(time.Second, cancel)
		}
	})
	if err := in.recover(ctx, mustAnswer); finding.KindOf(err) != finding.Cancelled || len(did()) > 0 || !exists(in.dir.Work(instance.JournalName)) {
		t.Errorf("%v; it did %v", err, did())
	}
}
