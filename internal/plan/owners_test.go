package plan

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func TestOthersIn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "db")
	outside := filepath.Join(dir, "outside")
	for _, path := range []string{data, filepath.Join(data, "sub"), outside} {
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path string) {
		t.Helper()
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(data, "sub", "of-root"))
	write(filepath.Join(data, "of-the-app"))
	write(filepath.Join(outside, "secret"))
	if err := os.Symlink(outside, filepath.Join(data, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(data, "of-the-app"), openalgo.User, openalgo.User); err != nil {
		t.Fatal(err)
	}
	others, err := world.OthersIn(data, openalgo.User)
	if err != nil || len(others) != 3 { // db, sub, of-root
		t.Fatalf("%+v, %v", others, err)
	}
	give := &step.GiveOwner{Dir: run.Path(data), User: openalgo.User}
	for _, c := range others {
		give.Files = append(give.Files, step.Owner{Name: c.Name, UID: c.UID, GID: c.GID})
	}
	tools := &run.Tools{Dir: instance.Dir(dir)}
	if err := give.Do(t.Context(), tools); err != nil {
		t.Fatal(err)
	}
	if again, err := world.OthersIn(data, openalgo.User); err != nil || len(again) != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	if info, err := os.Stat(filepath.Join(outside, "secret")); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Error("what a link leads to changed hands")
	}
	for range 2 {
		if err := give.Undo(t.Context(), tools); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := world.OthersIn(data, openalgo.User); err != nil || len(again) != 3 {
		t.Errorf("%+v, %v", again, err)
	}
	if err := os.Link(filepath.Join(outside, "secret"), filepath.Join(data, "second-name")); err != nil {
		t.Fatal(err)
	}
	if _, err := world.OthersIn(data, openalgo.User); err == nil {
		t.Error("a hard link would give away what is elsewhere")
	}
	// The app can write it: nothing changes hands.
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if changes, err := world.OthersIn(open, openalgo.User); err != nil || len(changes) != 0 {
		t.Errorf("%+v, %v", changes, err)
	}
}

func TestUserOfStack(t *testing.T) {
	for user, want := range map[string]int{"": 1000, "1001": 1001, "1001:33": 1001, "appuser": 1000, "0": 0} {
		if got := stacks.UserOf(user); got != want {
			t.Errorf("%q: %d, want %d", user, got, want)
		}
	}
}
