package install

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// The HTTPS proxy of a killed run is gone for good: the undo of the next
// command ends all the same, and says what is served.
func TestUndoWithoutTheProxy(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no nginx
	for name, before := range map[string]instance.Edge{"no domain before": {}, "another domain before": {Kind: edge.KindNginx, Domain: "old.example.com"}} {
		in, j := undoing(t)
		var said []string
		in.Report = event.ReporterFunc(func(e event.Event) { said = append(said, e.Message) })
		if err := in.dir.SaveState(instance.State{Edge: before}); err != nil {
			t.Fatal(err)
		}
		site := filepath.Join(t.TempDir(), "openalgo-new.example.com.conf")
		put(t, site, "ours")
		j.Edge = &edgeChange{State: instance.Edge{Kind: edge.KindNginx, Domain: "new.example.com"}, Files: []fileChange{{Name: site, SHA256: sha256Hex([]byte("ours"))}}}
		if err := in.restoreEdge(t.Context(), j); err == nil {
			t.Errorf("%s: the run itself does not say that its proxy does not answer", name)
		}
		j.resumed = true
		if err := in.restoreEdge(t.Context(), j); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if exists(site) {
			t.Errorf("%s: the site of the undone run is still there", name)
		}
		want := "openalgo-install domain old.example.com"
		if before.Kind == "" {
			want = "https://new.example.com is not this instance's"
		}
		if text := strings.Join(said, "\n"); !strings.Contains(text, want) {
			t.Errorf("%s: %q is not said:\n%s", name, want, text)
		}
	}
}

// A file that is not back is no undo that has ended.
func TestUndoWithoutAFileOfTheProxy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	in, j := undoing(t)
	j.resumed = true
	site := filepath.Join(t.TempDir(), "openalgo-x.conf")
	put(t, site, "ours")
	j.Edge = &edgeChange{State: instance.Edge{Kind: edge.KindNginx}, Files: []fileChange{{Name: site, SHA256: sha256Hex([]byte("ours")), Backup: in.dir.Work("backups/gone")}}}
	if err := in.restoreEdge(t.Context(), j); err == nil {
		t.Error("the previous file is not back, and the undo ends")
	}
}
