package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An OpenAlgo in a directory of a user's own: what needs root says how root gets
// to work on it, and that way works.
func TestBackupInADirectoryOfOnesOwn(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	s := socket(t)
	if s.Mode&0o060 != 0o060 {
		t.Skip("the engine's socket is for its owner alone")
	}
	const user = 12345
	home := filepath.Join(i.placeOfAll(), "home")
	must(t, os.Mkdir(home, 0o755))
	must(t, os.Chown(home, user, user))
	i.dir = filepath.Join(home, i.project)
	as := func(want int, args ...string) outcome {
		t.Helper()
		out := i.as(user, []uint32{s.Gid}, args...)
		if out.code != want {
			t.Fatalf("%v: exit %d, want %d\n%s", args, out.code, want, out.all())
		}
		return out
	}
	as(0, "--answers", i.answers)
	as(3, "rollback", "--now").mustSay(t, "sudo mv -T "+i.dir)
	out := as(3, "backup", "--now")
	out.mustSay(t, "sudo mv -T "+i.dir)
	if out := i.run("backup", "--now"); out.code != 3 || !strings.Contains(out.all(), "sudo mv -T") {
		t.Errorf("as root it says another thing: exit %d\n%s", out.code, out.all())
	}
	keys, to := i.keys(), filepath.Join(t.TempDir(), i.project)
	script := strings.ReplaceAll(commandsOf(out.all()), "/opt/"+i.project, to)
	// An exchange may be open while this runs.
	script = strings.ReplaceAll(script, " start\n", " start --now\n")
	script = strings.ReplaceAll(script, "openalgo-install --dir", i.program+" --yes --dir")
	if text, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		t.Fatalf("%s%v\n%s", script, err, text)
	}
	i.dir = to
	if out := i.run("backup", "--now"); out.code != 0 || i.keys() != keys {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	i.mustBeReady()
}

// A first install of a user who may not read the .env that it has written, killed at
// any point: the same command again completes it, without root.
func TestFirstInstallOfAnotherUserKilled(t *testing.T) {
	t.Parallel()
	s := socket(t)
	if s.Mode&0o060 != 0o060 {
		t.Skip("the engine's socket is for its owner alone")
	}
	const user = 12345
	for _, point := range sample([]string{"env-placed", "volume", "created"}, 0) {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t)
			i.program = failing
			home := filepath.Join(i.placeOfAll(), "home")
			must(t, os.Mkdir(home, 0o755))
			must(t, os.Chown(home, user, user))
			i.dir = filepath.Join(home, i.project)
			i.env = append(i.env, "OPENALGO_FAILPOINT="+point+":KILL")
			if out := i.as(user, []uint32{s.Gid}, "--answers", i.answers); out.code != -1 {
				t.Fatalf("not killed at %s: %s", point, out.all())
			}
			before := i.keys()
			i.env = i.env[:len(i.env)-1]
			if out := i.as(user, []uint32{s.Gid}, "--answers", i.answers); out.code != 0 {
				t.Fatalf("exit %d\n%s", out.code, out.all())
			}
			if i.volumes() > 0 && point != "env-placed" && i.keys() != before {
				t.Error("the keys are others than those that the volumes were made for")
			}
		})
	}
}

// commandsOf are the commands that a text says to run with sudo.
func commandsOf(text string) (script string) {
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "sudo "); ok {
			script += command + "\n"
		}
	}
	return script
}
