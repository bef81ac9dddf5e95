package draft

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 26, 6, 30, 0, 0, time.UTC)

func storeIn(t *testing.T) (*Store, string) {
	t.Helper()
	place := filepath.Join(t.TempDir(), "state", "openalgo-install")
	return newStore("/opt/openalgo", place, func() time.Time { return noon }), place
}

func keep(t *testing.T, s *Store, given map[string]string) {
	t.Helper()
	s.Keep(given)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestDraftIsKeptAndDropped(t *testing.T) {
	t.Parallel()
	s, place := storeIn(t)
	if s.Load() != nil {
		t.Fatal("there is a draft before any answer")
	}
	for n := range 200 { // faster than a disk: the last one counts
		s.Keep(map[string]string{"domain": strings.Repeat("a", n)})
	}
	want := map[string]string{"domain": "algo.example.com", "broker.api_key": "key-123456"}
	keep(t, s, want)
	d := s.Load()
	if d == nil || !maps.Equal(d.Given, want) || !d.At.Equal(noon) {
		t.Fatalf("%+v", d)
	}
	for path, mode := range map[string]os.FileMode{place: 0o700, s.path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if other := newStore("/opt/openalgo-two", place, s.now); other.Load() != nil {
		t.Error("another instance gets these answers")
	}
	s.Keep(map[string]string{"domain": "late"})
	if err := s.Drop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Drop(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if entries, _ := os.ReadDir(place); len(entries) != 0 {
		t.Errorf("%v is left", entries)
	}
}

func TestDraftThatIsOld(t *testing.T) {
	t.Parallel()
	s, place := storeIn(t)
	keep(t, s, map[string]string{"domain": "a.example.com"})
	two := newStore("/opt/two", place, s.now)
	keep(t, two, map[string]string{"domain": "b.example.com"})
	fresh := filepath.Join(place, "draft-note.txt") // not openalgo-install's to remove
	if err := os.WriteFile(fresh, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	old := noon.Add(-8 * 24 * time.Hour)
	for _, path := range []string{two.path, fresh} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(s.path, noon, noon); err != nil {
		t.Fatal(err)
	}
	if s.Load() == nil {
		t.Error("a draft of today is not offered")
	}
	if _, err := os.Stat(two.path); err == nil {
		t.Error("an old draft of another instance is not removed")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error(err)
	}
	s.now = func() time.Time { return noon.Add(8 * 24 * time.Hour) }
	if s.Load() != nil {
		t.Error("an old draft is offered")
	}
}

// Whatever stands in the place of the draft is not followed, and does no harm.
func TestDraftOfSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(s *Store, place string) error{
		"a link": func(s *Store, place string) error {
			other := filepath.Join(t.TempDir(), "other.json")
			if err := os.Rename(s.path, other); err != nil {
				return err
			}
			return os.Symlink(other, s.path)
		},
		"a pipe's like": func(s *Store, _ string) error {
			if err := os.Remove(s.path); err != nil {
				return err
			}
			return os.Mkdir(s.path, 0o700)
		},
		"too large":               func(s *Store, _ string) error { return os.Truncate(s.path, 1<<20) },
		"no JSON":                 func(s *Store, _ string) error { return os.WriteFile(s.path, []byte("{"), 0o600) },
		"a directory others read": func(_ *Store, place string) error { return os.Chmod(place, 0o755) },
		"a directory that is a link": func(_ *Store, place string) error {
			if err := os.Rename(place, place+"-real"); err != nil {
				return err
			}
			return os.Symlink(place+"-real", place)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, place := storeIn(t)
			keep(t, s, map[string]string{"domain": "algo.example.com"})
			if err := spoil(s, place); err != nil {
				t.Fatal(err)
			}
			if d := s.Load(); d != nil {
				t.Errorf("%+v", d)
			}
		})
	}
	s, _ := storeIn(t)
	keep(t, s, map[string]string{"domain": "a\x1b[2Jb", "good": "yes", "long": strings.Repeat("x", mostLength+1)})
	if d := s.Load(); d == nil || len(d.Given) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestDraftWithoutAPlace(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStore("/opt/openalgo", filepath.Join(blocked, "openalgo-install"), time.Now)
	s.Keep(map[string]string{"domain": "x"})
	if err := s.Flush(); err == nil {
		t.Error("nothing is said")
	}
	if s.Load() != nil {
		t.Error("there is a draft")
	}
}

// Commands that load no draft remove the old ones, and those alone.
func TestSweep(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	old, fresh := For("/opt/alpha"), For("/opt/beta")
	for _, s := range []*Store{old, fresh} {
		keep(t, s, map[string]string{"broker.api_key": "key"})
	}
	long := time.Now().Add(-MostDays*24*time.Hour - time.Hour)
	if err := os.Chtimes(old.path, long, long); err != nil {
		t.Fatal(err)
	}
	Sweep()
	if _, err := os.Stat(old.path); err == nil {
		t.Error("an old draft stays")
	}
	if fresh.Load() == nil {
		t.Error("a draft that is of use is gone")
	}
	t.Setenv("XDG_STATE_HOME", filepath.Join(t.TempDir(), "none"))
	Sweep()
}
