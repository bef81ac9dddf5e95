package install

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// undoing is an installer on a directory of its own, with a journal.
func undoing(t *testing.T) (*Installer, *journal) {
	t.Helper()
	in := &Installer{Report: event.ReporterFunc(func(event.Event) {}), dir: instance.Dir(t.TempDir())}
	if _, err := in.dir.Create(); err != nil {
		t.Fatal(err)
	}
	return in, &journal{Command: "upgrade", Started: time.Unix(1700000000, 0), Starting: true, dir: in.dir}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, path, want string) {
	t.Helper()
	if text, err := os.ReadFile(path); err != nil || string(text) != want {
		t.Errorf("%s holds %q, want %q (%v)", path, text, want, err)
	}
}

// changedFile is docker-compose.yaml as a run changed it.
func changedFile(t *testing.T, in *Installer, j *journal) (path string) {
	t.Helper()
	path = in.dir.Path("docker-compose.yaml")
	backup, err := in.dir.Keep("docker-compose.yaml", []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, "ours")
	j.Files = []fileChange{{Name: "docker-compose.yaml", Backup: backup, Former: sha256Hex([]byte("before")), SHA256: sha256Hex([]byte("ours"))}}
	return path
}

func TestFileIsRestoredOnce(t *testing.T) {
	in, j := undoing(t)
	path := changedFile(t, in, j)
	for range 2 {
		if err := in.restore(t.Context(), j, &j.Files[0]); err != nil {
			t.Fatal(err)
		}
		mustRead(t, path, "before")
	}
	put(t, path, "the user's")
	again, err := readJournal(in.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.restore(t.Context(), again, &again.Files[0]); err != nil {
		t.Fatal(err)
	}
	mustRead(t, path, "the user's")
}

// Killed before the journal says that the file is back, and edited since.
func TestFileThatWasMovedBackAndEdited(t *testing.T) {
	in, j := undoing(t)
	path := changedFile(t, in, j)
	if err := os.Rename(j.Files[0].Backup, path); err != nil {
		t.Fatal(err)
	}
	put(t, path, "the user's")
	for range 3 {
		j.Files[0].Back = false
		if err := in.restore(t.Context(), j, &j.Files[0]); err != nil {
			t.Fatal(err)
		}
		mustRead(t, path, "the user's")
	}
}

func TestEditedFileStaysWithThePreviousBesideIt(t *testing.T) {
	in, j := undoing(t)
	path := changedFile(t, in, j)
	put(t, path, "the user's")
	if err := in.restore(t.Context(), j, &j.Files[0]); err != nil {
		t.Fatal(err)
	}
	mustRead(t, path, "the user's")
	mustRead(t, path+".previous", "before")
}

func TestFileWhoseCopyIsGone(t *testing.T) {
	in, j := undoing(t)
	path := changedFile(t, in, j)
	if err := os.Remove(j.Files[0].Backup); err != nil {
		t.Fatal(err)
	}
	if err := in.restore(t.Context(), j, &j.Files[0]); err != nil {
		t.Error(err)
	}
	mustRead(t, path, "ours")
}

func TestEnvIsRestoredOnce(t *testing.T) {
	in, j := undoing(t)
	backup, err := in.dir.Keep(instance.EnvName, []byte("LOG_LEVEL = 'INFO'\n"))
	if err != nil {
		t.Fatal(err)
	}
	wrote := "LOG_LEVEL = 'DEBUG'\n"
	put(t, in.dir.Env(), wrote)
	j.State.Foreign = true // its owner is whoever runs this
	j.Files = []fileChange{{Name: instance.EnvName, Backup: backup, Former: sha256Hex([]byte("LOG_LEVEL = 'INFO'\n")), SHA256: sha256Hex([]byte(wrote))}}
	if err := in.restore(t.Context(), j, &j.Files[0]); err != nil {
		t.Fatal(err)
	}
	mustRead(t, in.dir.Env(), "LOG_LEVEL = 'INFO'\n")
	put(t, in.dir.Env(), "LOG_LEVEL = 'ERROR'\n")
	for range 2 {
		if err := in.restore(t.Context(), j, &j.Files[0]); err != nil {
			t.Fatal(err)
		}
		mustRead(t, in.dir.Env(), "LOG_LEVEL = 'ERROR'\n")
		j.Files[0].Back = false // as if killed before that was noted
	}
}

// snapshotted is data that a failed upgrade changed, with its copy.
func snapshotted(t *testing.T, in *Installer, j *journal) *snapshot {
	t.Helper()
	s := &snapshot{Data: t.TempDir(), Copy: in.dir.Work("snapshot/db"), Whole: true}
	put(t, filepath.Join(s.Copy, "openalgo.db"), "before")
	put(t, filepath.Join(s.Data, "openalgo.db"), "rows since")
	put(t, filepath.Join(s.Data, "migrated.db"), "half")
	j.Snapshot = s
	return s
}

func TestDataIsKeptBeforeItIsReplaced(t *testing.T) {
	in, j := undoing(t)
	s := snapshotted(t, in, j)
	if err := in.bringBack(t.Context(), j, s); err != nil {
		t.Fatal(err)
	}
	mustRead(t, filepath.Join(s.Data, "openalgo.db"), "before")
	mustRead(t, filepath.Join(s.Kept, "openalgo.db"), "rows since")
	mustRead(t, filepath.Join(s.Kept, "migrated.db"), "half")
	if exists(filepath.Join(s.Data, "migrated.db")) {
		t.Error("what the failed run made is still among the data")
	}
	removeEmptyAside(in.dir, j)
	mustRead(t, filepath.Join(s.Kept, "openalgo.db"), "rows since")
}

// Killed after the data was moved aside or in the middle of the copy: nothing
// of what was there is lost, whatever the journal says.
func TestUndoOfDataIsRepeated(t *testing.T) {
	for _, noted := range []bool{true, false} {
		in, j := undoing(t)
		s := snapshotted(t, in, j)
		if err := in.moveDataAside(j, s); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(s.Data, "openalgo.db"), "bef")
		s.Moved = noted
		if err := in.bringBack(t.Context(), j, s); err != nil {
			t.Fatal(err)
		}
		mustRead(t, filepath.Join(s.Data, "openalgo.db"), "before")
		mustRead(t, filepath.Join(s.Kept, "openalgo.db"), "rows since")
	}
}

func TestLastDataAsideIsKept(t *testing.T) {
	in, j := undoing(t)
	s := snapshotted(t, in, j)
	if err := in.bringBack(t.Context(), j, s); err != nil {
		t.Fatal(err)
	}
	first := s.Kept
	j.Started = j.Started.Add(time.Hour)
	s = snapshotted(t, in, j)
	if err := in.bringBack(t.Context(), j, s); err != nil {
		t.Fatal(err)
	}
	if exists(first) || !exists(s.Kept) {
		t.Errorf("%s is there: %v; %s is there: %v", first, exists(first), s.Kept, exists(s.Kept))
	}
}

// The copy itself is renamed into its place where there is no room, and a kill
// in between loses nothing of it.
func TestCopyIsRenamedBack(t *testing.T) {
	in, j := undoing(t)
	s := snapshotted(t, in, j)
	put(t, filepath.Join(s.Copy, "logs.db"), "logs")
	if err := in.moveDataAside(j, s); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(s.Data, "openalgo.db"), "bef")
	if err := in.renameBack(j, s); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(s.Data, "logs.db"), filepath.Join(s.Copy, "logs.db")); err != nil {
		t.Fatal(err)
	}
	again, err := readJournal(in.dir)
	if err != nil || !again.Snapshot.Renaming {
		t.Fatalf("it is not journaled before: %v", err)
	}
	if err := in.bringBack(t.Context(), again, again.Snapshot); err != nil {
		t.Fatal(err)
	}
	mustRead(t, filepath.Join(s.Data, "openalgo.db"), "before")
	mustRead(t, filepath.Join(s.Data, "logs.db"), "logs")
	mustRead(t, filepath.Join(s.Kept, "openalgo.db"), "rows since")
}

func TestStartedAgain(t *testing.T) {
	first, later := time.Unix(1700000000, 0), time.Unix(1700000100, 0)
	for name, test := range map[string]struct {
		j    journal
		c    engine.Container
		want bool
	}{
		"still as it was":               {journal{Old: &oldContainer{Began: first, Running: true}}, engine.Container{State: "running", StartedAt: first}, false},
		"stopped by the run":            {journal{Old: &oldContainer{Began: first, Running: true}}, engine.Container{State: "exited", StartedAt: first}, false},
		"started since":                 {journal{Old: &oldContainer{Began: first, Running: true}}, engine.Container{State: "running", StartedAt: later}, true},
		"started since, and stopped":    {journal{Old: &oldContainer{Began: first, Running: true}}, engine.Container{State: "exited", StartedAt: later}, true},
		"older journal, stop under way": {journal{Old: &oldContainer{Running: true, Stopping: true}}, engine.Container{State: "running", StartedAt: first}, false},
		"older journal, new one ran":    {journal{Starting: true, Old: &oldContainer{Running: true}}, engine.Container{State: "running", StartedAt: first}, true},
	} {
		if got := test.j.startedAgain(test.c); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// What is left as it is, because somebody uses it, is not brought back.
func TestDataInUseIsNoCopyToBringBack(t *testing.T) {
	in, j := undoing(t)
	s := snapshotted(t, in, j)
	if len(j.copies()) != 1 {
		t.Fatal("the copy is not known")
	}
	s.Left = true
	if len(j.copies()) != 0 {
		t.Error("data in use would be replaced")
	}
	if err := in.restoreData(t.Context(), j); err != nil {
		t.Error(err)
	}
	mustRead(t, filepath.Join(s.Data, "openalgo.db"), "rows since")
	if (&silentError{errors.New("x")}).Unwrap() == nil {
		t.Error("the cause is lost")
	}
}

func TestNeverStopped(t *testing.T) {
	began := time.Unix(1700000000, 0)
	killed := began.Add(time.Hour)
	for name, test := range map[string]struct {
		j    journal
		c    engine.Container
		now  time.Time
		want bool
	}{
		"runs on, days later":       {journal{saved: killed, Old: &oldContainer{Began: began}}, engine.Container{State: "running", StartedAt: began}, killed.Add(48 * time.Hour), true},
		"a stop may be under way":   {journal{saved: killed, Old: &oldContainer{Began: began}}, engine.Container{State: "running", StartedAt: began}, killed.Add(time.Minute), false},
		"stopped":                   {journal{saved: killed, Old: &oldContainer{Began: began}}, engine.Container{State: "exited", StartedAt: began}, killed.Add(48 * time.Hour), false},
		"the run itself undoes":     {journal{Old: &oldContainer{Began: began}}, engine.Container{State: "running", StartedAt: began}, killed.Add(48 * time.Hour), false},
		"started since by somebody": {journal{saved: killed, Old: &oldContainer{Began: began}}, engine.Container{State: "running", StartedAt: killed}, killed.Add(48 * time.Hour), false},
	} {
		if got := test.j.neverStopped(test.c, test.now); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
