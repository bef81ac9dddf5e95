package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// An attacker is a user of this machine who plants files where root runs the
// program. The rules themselves are tested beside their code: trust in
// internal/instance, journals in internal/step, checkouts in internal/source,
// limits in internal/readfile, archives in internal/backup.
const attacker = 12345

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// victim is a file, and a directory with one, that no run may touch.
func victim(t *testing.T) (file string, untouched func(what string)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "victim")
	must(t, os.Mkdir(dir, 0o755))
	file = filepath.Join(dir, "passwd")
	must(t, os.WriteFile(file, []byte("root"), 0o644))
	before := snapshot(t, dir)
	return file, func(what string) {
		t.Helper()
		if now := snapshot(t, dir); now != before {
			t.Errorf("%s: it was\n%sand is\n%s", what, before, now)
		}
	}
}

// plant fills an instance's directory with what root would act on.
func plant(t *testing.T, dir, victim string) {
	t.Helper()
	work := filepath.Join(dir, ".openalgo-install")
	must(t, os.MkdirAll(filepath.Join(work, "planted"), 0o755))
	must(t, os.WriteFile(filepath.Join(work, "planted/job"), []byte("* * * * * root true\n"), 0o644))
	host, err := os.Hostname()
	must(t, err)
	journal, err := json.Marshal(map[string]any{
		"command": "upgrade", "done": []string{"start"}, "starting": true, "engine": docker.Info().Name, "project": host,
		"snapshot": map[string]any{"data": filepath.Dir(victim), "copy": filepath.Join(work, "planted"), "whole": true},
		"files":    []map[string]any{{"name": "../victim/passwd", "sha256": "x"}},
	})
	must(t, err)
	daily, err := json.Marshal(map[string]any{"clock": "02:30", "files": []string{victim}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(work, "journal.json"), journal, 0o600))
	must(t, os.WriteFile(filepath.Join(work, "daily.json"), daily, 0o600))
	for _, link := range []string{".openalgo-install/lock", ".openalgo-install/log", "openalgo-install.yaml"} {
		must(t, os.Symlink(victim, filepath.Join(dir, link)))
	}
}

func chownAll(t *testing.T, dir string, uid int) {
	t.Helper()
	must(t, filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err == nil {
			err = os.Lchown(path, uid, uid)
		}
		return err
	}))
}

func TestAttackerOwnsTheDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
	t.Parallel()
	i := newInstance(t)
	file, untouched := victim(t)
	plant(t, i.dir, file)
	chownAll(t, i.dir, attacker)
	commands := [][]string{{"--answers", i.answers}, {"--answers", i.answers, "--dry-run"}, {"status"},
		{"set", "--now", "A=b"}, {"backup", "--now"}, {"adopt"}, {"uninstall", "--yes", "--now"}, {"logs"}, {"restart", "--now"}}
	run := func(what string, refused bool) {
		t.Helper()
		for n, args := range commands {
			if !refused && n%3 > 0 {
				continue // the rest differs in nothing by then
			}
			out := i.run(args...)
			if refused && out.code != 3 && args[0] != "status" {
				t.Errorf("%s, %v: exit %d, want 3\n%s", what, args, out.code, out.all())
			}
			untouched(what + ", " + strings.Join(args, " "))
		}
	}
	run("the attacker's", true)
	// As the message says, and no more: what is in it is still the attacker's.
	must(t, os.Chown(i.dir, 0, 0))
	must(t, os.Chown(i.path(".openalgo-install"), 0, 0))
	run("given to root", false)
	// All of it blessed: nothing that it names could have been ours.
	chownAll(t, i.dir, 0)
	for _, link := range []string{".openalgo-install/lock", ".openalgo-install/log", "openalgo-install.yaml"} {
		must(t, os.Remove(i.path(link)))
	}
	run("all of it", false)
	if left := i.containers(); len(left) > 0 {
		t.Errorf("over another's journal %d containers were made", len(left))
	}
}

// A run that waits for its input ends with Ctrl+C and SIGTERM, and takes no
// more of it than makes sense.
func TestAttackerInput(t *testing.T) {
	t.Parallel()
	if docker == nil {
		t.Skip("no Docker Engine; OPENALGO_E2E=require makes this a failure")
	}
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	must(t, unix.Mkfifo(pipe, 0o600))
	endless := filepath.Join(dir, "answers.yaml")
	must(t, os.WriteFile(endless, []byte("version: 1\nbroker: {name: zerodha, api_key: {file: /dev/zero}, api_secret: x}\n"), 0o600))
	run := func(stdin *os.File, signal os.Signal, args ...string) (int, string) {
		t.Helper()
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--dir", filepath.Join(dir, "none")}, args...)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &out
		must(t, cmd.Start())
		if signal != nil {
			time.Sleep(500 * time.Millisecond) // until it reads; sooner, the signal ends it all the same
			must(t, cmd.Process.Signal(signal))
		}
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode(), out.String()
	}
	for _, args := range [][]string{{"answers", "check", "/dev/zero"}, {"answers", "check", endless}, {"--answers", "/dev/zero"}} {
		if code, out := run(nil, nil, args...); code != 2 || !strings.Contains(out, "too large") {
			t.Errorf("%v: exit %d\n%s", args, code, out)
		}
	}
	reader, writer, err := os.Pipe()
	must(t, err)
	defer reader.Close()
	defer writer.Close()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		for _, args := range [][]string{{"--answers", "-"}, {"answers", "check", "-"}, {"--answers", pipe}, {"set", "BROKER_API_KEY"}} {
			if code, out := run(reader, signal, args...); code != 130 && code != -1 {
				t.Errorf("%v, %v: exit %d\n%s", signal, args, code, out)
			}
		}
	}
}
