package install

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
)

// engineOfVolumes is an engine without a container, which keeps volumes in root.
func engineOfVolumes(t *testing.T, root string) (e *engine.Engine, labels map[string]map[string]string) {
	t.Helper()
	labels = map[string]map[string]string{}
	describe := func(name string) string {
		return fmt.Sprintf(`{"Name": %q, "Driver": "local", "Mountpoint": %q}`, name, filepath.Join(root, "volumes", name, "_data"))
	}
	return engineThat(t, func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Base(r.URL.Path)
		switch {
		case strings.HasSuffix(r.URL.Path, "/containers/json"):
			fmt.Fprint(w, `[]`)
		case strings.HasSuffix(r.URL.Path, "/volumes/create"):
			var spec struct {
				Name   string
				Labels map[string]string
			}
			if err := json.NewDecoder(r.Body).Decode(&spec); err != nil {
				t.Error(err)
			}
			labels[spec.Name] = spec.Labels
			put(t, filepath.Join(root, "volumes", spec.Name, "_data", "x"), "")
			_ = os.Remove(filepath.Join(root, "volumes", spec.Name, "_data", "x"))
			fmt.Fprint(w, describe(spec.Name))
		case name == "volumes":
			var all []string
			for name := range labels {
				all = append(all, describe(name))
			}
			fmt.Fprintf(w, `{"Volumes": [%s]}`, strings.Join(all, ","))
		case labels[name] != nil:
			fmt.Fprint(w, describe(name))
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message": "no such volume"}`)
		}
	}), labels
}

// Docker was installed again without its volumes while an upgrade was
// unfinished, before or after the new container began: the copy, the only one,
// comes back into a volume of the same name, wherever Docker keeps it now.
func TestVolumeThatDockerLost(t *testing.T) {
	for name, starting := range map[string]bool{"before the start": false, "after it": true} {
		in, j := undoing(t)
		root := t.TempDir()
		var labels map[string]map[string]string
		in.Engine, labels = engineOfVolumes(t, root)
		j.Project, j.Starting = "oa", starting
		s := &snapshot{Data: filepath.Join(t.TempDir(), "volumes/oa_openalgo_db/_data"), Copy: in.dir.Work("snapshot/db"), Whole: true, Moved: true}
		put(t, filepath.Join(s.Copy, "openalgo.db"), "before")
		j.Snapshot = s
		for range 2 {
			if err := in.restoreData(t.Context(), j); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		mustRead(t, filepath.Join(root, "volumes/oa_openalgo_db/_data/openalgo.db"), "before")
		mustRead(t, filepath.Join(s.Copy, "openalgo.db"), "before")
		got := labels["oa_openalgo_db"]
		if got[compose.LabelProject] != "oa" || got[compose.LabelVolume] != "openalgo_db" || got[LabelDir] != string(in.dir) {
			t.Errorf("%s: the volume has labels %v", name, got)
		}
	}
}

// A directory that is gone could be anybody's: the way is said, and the copy
// stays.
func TestDirectoryThatIsGone(t *testing.T) {
	in, j := undoing(t)
	in.Engine, _ = engineOfVolumes(t, t.TempDir())
	s := snapshotted(t, in, j)
	s.Data = filepath.Join(t.TempDir(), "srv/db")
	err := in.restoreData(t.Context(), j)
	if err == nil || !strings.Contains(err.Error(), "sudo cp -a "+s.Copy) || !strings.Contains(err.Error(), "journal.json") {
		t.Errorf("%v", err)
	}
	mustRead(t, filepath.Join(s.Copy, "openalgo.db"), "before")
	if exists(s.Data) {
		t.Error("something was written there")
	}
}

func TestVolumeAt(t *testing.T) {
	for path, want := range map[string]string{
		"/var/lib/docker/volumes/oa_openalgo_db/_data": "oa_openalgo_db",
		"/srv/openalgo/db":              "",
		"/_data":                        "",
		"/var/lib/docker/volumes/_data": "",
	} {
		if got := volumeAt(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
