package engine_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Several who look in one moment have each container looked at once, and get copies.
func TestOneLook(t *testing.T) {
	var lists, inspects, networks atomic.Int32
	var broken atomic.Bool
	reply := func(count *atomic.Int32, body func(r *http.Request) any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			if broken.Load() {
				http.Error(w, `{"message": "no"}`, http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(body(r))
		}
	}
	path, _ := fake{api: "1.43", version: "24.0.9", name: "a", routes: map[string]http.HandlerFunc{
		"/{v}/containers/json": reply(&lists, func(*http.Request) any { return []map[string]any{{"Id": "1"}, {"Id": "2"}} }),
		"/{v}/containers/{id}/json": reply(&inspects, func(r *http.Request) any {
			return map[string]any{"Id": r.PathValue("id"), "Name": "/name-" + r.PathValue("id")}
		}),
		"/{v}/volumes":  reply(new(atomic.Int32), func(*http.Request) any { return map[string]any{} }),
		"/{v}/networks": reply(&networks, func(*http.Request) any { return []any{} }),
	}}.socket(t, "")
	e := connect(t, engine.Options{Getenv: env("DOCKER_HOST", "unix://"+path, "HOME", t.TempDir())})
	ctx := engine.WithOneLook(t.Context())
	broken.Store(true)
	if _, err := e.Overview(ctx); err == nil {
		t.Error("what failed counts as seen")
	}
	broken.Store(false)
	lists.Store(0)
	inspects.Store(0)
	networks.Store(0)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			o, err := e.Overview(ctx)
			seen, err2 := e.Containers(ctx)
			c, err3 := e.Container(ctx, "name-2")
			if err := errors.Join(err, err2, err3); err != nil || len(o.Containers) != 2 || len(seen) != 2 || c.ID != "2" {
				t.Errorf("%v, %v, %v, %v", o, seen, c, err)
			}
			clear(seen)
			clear(o.Containers)
		})
	}
	all.Wait()
	if lists.Load() != 1 || inspects.Load() != 2 || networks.Load() != 1 {
		t.Errorf("%d lists, %d inspects, %d lists of networks", lists.Load(), inspects.Load(), networks.Load())
	}
	if _, err := e.Container(ctx, "3"); err != nil || inspects.Load() != 3 {
		t.Errorf("one that came later: %v", err)
	}
	if _, err := e.Containers(ctx, "a=b"); err != nil || lists.Load() != 2 {
		t.Errorf("with a label: %v", err)
	}
	if _, err := e.Containers(t.Context()); err != nil || inspects.Load() < 7 {
		t.Errorf("in another context: %v, %d inspects", err, inspects.Load())
	}
}
