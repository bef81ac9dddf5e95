package watch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// Every finding that is told has a text of its own, and an ID that doctor or the watch
// knows.
func TestManners(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	own := []string{"process-killed", "memory-limit", "shm-limit", "disk-fills", "watch-state", "round-long", "recover-failed", "holidays-unknown"}
	for id, m := range manners {
		if m.title == "" || strings.HasSuffix(m.title, ".") {
			t.Errorf("%s: %q", id, m.title)
		}
		if !strings.Contains(string(page), "`"+id+"`") && !slices.Contains(own, id) {
			t.Errorf("%s is an ID that nothing finds", id)
		}
		p, ok := problem(Finding{ID: id, Text: "why"}, "alpha", monday)
		if !ok || strings.Contains(p.Title+p.Over, "%s") || p.NoEnd != (m.over == "") {
			t.Errorf("%s: %+v", id, p)
		}
	}
	for id, want := range map[string]string{
		"not-running": "OpenAlgo (alpha) is down", "address-changed": "The public address of OpenAlgo (alpha) has changed", "disk-fills": "The disk will be full soon",
		"backup-not-copied": "The last backup of OpenAlgo (alpha) is on this machine only",
	} {
		if p, _ := problem(Finding{ID: id}, "alpha", monday); p.Title != want {
			t.Errorf("%s: %q, want %q", id, p.Title, want)
		}
	}
	if _, ok := problem(Finding{ID: "resize-due"}, "alpha", monday); ok {
		t.Error("a resize that is due is told")
	}
}

func TestLimits(t *testing.T) {
	const gib = 1 << 30
	for name, test := range map[string]struct {
		load engine.Load
		shm  int64
		want []string
	}{
		"well":            {engine.Load{Memory: gib, Limit: 2 * gib}, 512 << 20, nil},
		"near its limit":  {engine.Load{Memory: 19 * gib / 10, Limit: 2 * gib}, 0, []string{"memory-limit"}},
		"all of the host": {engine.Load{Memory: 39 * gib / 10, Limit: 4 * gib}, 0, nil},
		"shm":             {engine.Load{Memory: gib, Limit: 2 * gib, Shared: 500 << 20}, 512 << 20, []string{"shm-limit"}},
	} {
		var got []string
		for _, f := range limits(Seen{shared: -1, load: &test.load, container: &engine.Container{ShmBytes: test.shm}}, 4*gib) {
			got = append(got, f.ID)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, s := stage(daily / 2); s != notify.Problem {
		t.Error("the last day is no problem")
	}
}
