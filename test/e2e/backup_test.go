package e2e_test

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/backup"
	directory "github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// volume is where this machine has what the instance sees as target.
func (i *instance) volume(target string) string {
	i.t.Helper()
	for _, m := range i.running().Mounts {
		if m.Target != target {
			continue
		}
		if m.Type == "bind" {
			return m.Source
		}
		v, err := docker.Volume(i.t.Context(), m.Name)
		if err != nil {
			i.t.Fatal(err)
		}
		return v.Mountpoint
	}
	i.t.Fatalf("nothing is mounted at %s", target)
	return ""
}

// place writes a file of the app's user into a volume.
func (i *instance) place(path string, size int, age time.Duration) {
	i.t.Helper()
	content := make([]byte, size)
	_, _ = rand.Read(content)
	if err := os.WriteFile(path, content, 0o640); err != nil {
		i.t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chown(path, docker.Info().UserBase+1000, docker.Info().UserBase+1000); err != nil {
		i.t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		i.t.Fatal(err)
	}
}

// backedUp makes a backup and returns its file.
func (i *instance) backedUp(args ...string) string {
	i.t.Helper()
	out := i.run(append([]string{"backup", "--now"}, args...)...)
	if out.code != 0 {
		i.t.Fatal(out.all())
	}
	last := lastBackup(i)
	if last == nil || !last.OK {
		i.t.Fatalf("the result of the backup is not known: %+v", last)
	}
	return last.File
}

// data is every file of the instance's volumes, with owner, mode, time and
// content.
func (i *instance) data() string {
	i.t.Helper()
	var out strings.Builder
	for _, target := range []string{"/app/db", "/app/strategies", "/app/keys"} {
		cmd := exec.Command("sh", "-c", `cd "$1" && find . -printf '%p %U:%G %m %l\n' | sort && find . -type f -printf '%p %t\n' | sort && find . -type f -exec sha256sum {} + | sort`, "sh", i.volume(target))
		text, err := cmd.CombinedOutput()
		if err != nil {
			i.t.Fatalf("%v: %s", err, text)
		}
		out.Write(text)
	}
	return out.String()
}

// backupable is an instance with an account, a large file that nobody writes,
// a strategy, a link and a key.
func backupable(t *testing.T) *instance {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("volumes are read by root")
	}
	i := newInstance(t)
	i.install(0)
	i.addUser()
	i.place(filepath.Join(i.volume("/app/db"), "historify.duckdb"), 20<<20, time.Hour)
	i.place(filepath.Join(i.volume("/app/strategies"), "ema\ncross.py"), 2000, time.Minute)
	i.place(filepath.Join(i.volume("/app/keys"), "jwt.pem"), 1700, 0)
	if err := os.Symlink("historify.duckdb", filepath.Join(i.volume("/app/db"), "latest")); err != nil {
		t.Fatal(err)
	}
	return i
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	users, keys, before := i.users(), i.keys(), i.container().ID
	out := i.run("backup", "--now")
	out.mustTell(t, "Wrote and checked", "OpenAlgo was frozen for")
	file := lastBackup(i).File
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || i.container().ID != before {
		t.Fatalf("%v %v", info, err)
	}
	i.mustBeReady()
	data := i.data()
	if status := i.run("status").stdout; !strings.Contains(status, file) {
		t.Errorf("status does not tell of the backup:\n%s", status)
	}
	text, err := os.ReadFile(file)
	if err != nil || bytes.Contains(text, []byte(canaryKey)) {
		t.Error("the archive is not packed", err)
	}

	// The same instance, changed since.
	i.place(filepath.Join(i.volume("/app/db"), "openalgo.db"), 300, 0)
	i.place(filepath.Join(i.volume("/app/strategies"), "later.py"), 300, 0)
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 5 {
		t.Fatalf("the damaged database is taken for one, exit %d", out.code)
	}
	if out := i.run("restore", file, "--dry-run"); out.code != 0 || !strings.Contains(out.all(), "replaced by the data of") {
		t.Fatal(out.all())
	}
	if out := i.run("restore", file, "--now"); out.code != 2 || !strings.Contains(out.all(), "add --yes") {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if out := i.run("restore", file, "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if i.users() != users || i.keys() != keys || i.data() != data {
		t.Errorf("restored otherwise:\n%s\nwas\n%s", i.data(), data)
	}
	if _, err := os.Stat(i.path(".openalgo-install/replaced/strategies/later.py")); err != nil {
		t.Errorf("what was replaced is not kept: %v", err)
	}

	// Another instance on the same host.
	other := newInstance(t)
	if out := other.run("restore", file, "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	other.mustBeReady()
	if other.keys() != keys || other.users() != users || other.data() != data {
		t.Error("another instance has other data")
	}
	if got := other.read(".env"); !strings.Contains(got, "session_"+strings.ReplaceAll(other.project, "-", "_")) {
		t.Error("two instances have the same cookies")
	}

	// A host that has nothing of it.
	if out := i.run("uninstall", "--yes", "--purge="+i.project); out.code != 0 {
		t.Fatal(out.all())
	}
	if out := i.run("restore", file, "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if i.keys() != keys || i.users() != users || i.data() != data || i.report().Users != 1 {
		t.Error("restored otherwise on an empty host")
	}
	if out := i.install(0); !strings.Contains(out.stdout, "Nothing to do") {
		t.Errorf("a restored instance has something to do: %s", out.all())
	}
}

// TestRestoreRefuses wants nothing touched by a file that is no whole backup.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	file := i.backedUp("--to", filepath.Join(t.TempDir(), "one.tar.zst"))
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(at int) []byte {
		out := slices.Clone(whole)
		out[at] ^= 4
		return out
	}
	before, id := i.data(), i.container().ID
	bad := filepath.Join(t.TempDir(), "bad")
	for name, text := range map[string][]byte{
		"empty": nil, "foreign": []byte("PK\x03\x04 something else"), "cut off": whole[:len(whole)/2], "without its end": whole[:len(whole)-5],
		"flipped early": flipped(len(whole) / 10), "flipped late": flipped(len(whole) * 9 / 10), "with more": append(slices.Clone(whole), "more"...),
	} {
		if err := os.WriteFile(bad, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out := i.run("restore", bad, "--now", "--yes"); out.code != 2 || !strings.Contains(out.stderr, "not a complete backup") && !strings.Contains(out.stderr, "not an openalgo-install backup") {
			t.Errorf("%s: exit %d\n%s", name, out.code, out.all())
		}
	}
	for name, entry := range map[string]*tar.Header{
		"device": {Name: "data/db/sda", Typeflag: tar.TypeBlock, Devmajor: 8}, "link out": {Name: "data/db/out", Typeflag: tar.TypeSymlink, Linkname: "/etc"},
		"elsewhere": {Name: "data/db/../../../etc/cron.d/x", Typeflag: tar.TypeReg}, "no data": nil,
	} {
		forged := reforged(t, file, func(h *tar.Header, text []byte) (*tar.Header, []byte) {
			switch {
			case h == nil:
				return entry, nil
			case entry == nil && strings.HasPrefix(h.Name, "data/db/"):
				return nil, nil
			}
			return h, text
		})
		if out := i.run("restore", forged, "--now", "--yes"); out.code != 2 {
			t.Errorf("%s: exit %d\n%s", name, out.code, out.all())
		}
	}
	if out := i.run("restore", bad+"-none", "--now", "--yes"); out.code != 2 {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	if i.data() != before || i.container().ID != id {
		t.Error("something was touched")
	}
	i.mustBeReady()
}

func TestBackupEncrypted(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	users := i.users()
	dir := t.TempDir()
	word, wrong := filepath.Join(dir, "word"), filepath.Join(dir, "wrong")
	for path, text := range map[string]string{word: "correct horse\n", wrong: "battery\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := i.backedUp("--to", dir, "--passphrase-file", word)
	if !strings.HasSuffix(file, ".tar.zst.age") {
		t.Errorf("it is called %s", file)
	}
	for _, args := range [][]string{{}, {"--passphrase-file", wrong}, {"--identity", wrong}} {
		if out := i.run(append([]string{"restore", file, "--now", "--yes"}, args...)...); out.code != 2 {
			t.Errorf("%v: exit %d\n%s", args, out.code, out.all())
		}
	}
	if out := i.run("restore", file, "--now", "--yes", "--passphrase-file", word); out.code != 0 || i.users() != users {
		t.Error(out.all())
	}
	if out := i.run("backup", "--now", "--recipient", "age1nonsense"); out.code != 2 {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	out := i.run("backup", "--now", "--to", "-", "--recipient", "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa")
	if out.code != 0 || !strings.HasPrefix(out.stdout, "age-encryption.org/v1") {
		t.Errorf("exit %d\n%s", out.code, out.stderr)
	}
}

func TestBackupsAreKept(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	dir := t.TempDir()
	strange := filepath.Join(dir, i.project+"-notes.tar.zst")
	if err := os.WriteFile(strange, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var files []string
	for range 3 {
		files = append(files, i.backedUp("--to", dir, "--keep", "2"))
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if want := append(slices.Clone(files[1:]), strange); !slices.Equal(left, want) {
		t.Errorf("%v are left, want %v", left, want)
	}
	for want, args := range map[int][]string{
		2: {"backup", "--now", "--to", files[2]},
		3: {"backup", "--now", "--to", "/proc/openalgo/one"},
	} {
		if out := i.run(args...); out.code != want {
			t.Errorf("%v: exit %d\n%s", args, out.code, out.all())
		}
	}
	i.mustBeReady()
}

// TestBackupDaily has the host make backups, with the command that it was told.
func TestBackupDaily(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	dir := t.TempDir()
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		t.Skip("this machine would really make a timer")
	}
	if _, err := os.Stat("/etc/cron.d"); err != nil {
		if out := i.run("backup", "--schedule", "02:30"); out.code != 3 || !strings.Contains(out.stderr, "neither systemd nor") {
			t.Errorf("exit %d\n%s", out.code, out.all())
		}
		return
	}
	t.Cleanup(func() {
		tables, _ := filepath.Glob("/etc/cron.d/openalgo-backup-" + i.project + "-*")
		for _, table := range tables {
			_ = os.Remove(table)
		}
	})
	for want, args := range map[string][]string{
		"is not a time of day": {"--schedule", "25:00"}, "a market is open": {"--schedule", "00:00"}, "characters": {"--schedule", "02:30", "--to", dir + "/a b"},
		"cannot ask you": {"--schedule", "02:30", "--to", "-"},
	} {
		if strings.Contains(want, "market") {
			args[1] = "11:00"
			if day := time.Now().In(time.FixedZone("IST", 19800)).AddDate(0, 0, 1).Weekday(); day == time.Saturday || day == time.Sunday {
				continue
			}
			if day := time.Now().In(time.FixedZone("IST", 19800)).Weekday(); day == time.Saturday || day == time.Sunday {
				continue
			}
		}
		if out := i.run(append([]string{"backup"}, args...)...); out.code != 2 || !strings.Contains(out.stderr, want) {
			t.Errorf("%v: exit %d\n%s", args, out.code, out.all())
		}
	}
	if out := i.run("backup", "--schedule", "02:30", "--to", dir, "--keep", "3", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	daily := later.LoadDaily(directory.Dir(i.dir))
	if daily == nil || len(daily.Files) != 1 {
		t.Fatalf("%+v", daily)
	}
	table := daily.Files[0]
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	_, command, _ := strings.Cut(string(text), " root ")
	command, _, _ = strings.Cut(command, " >")
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	if last := lastBackup(i); last == nil || !last.OK || filepath.Dir(last.File) != dir {
		t.Errorf("%+v", last)
	}
	if status := i.run("status").stdout; !strings.Contains(status, "every day at 02:30") {
		t.Error(status)
	}
	if out := i.run("uninstall", "--dry-run"); !strings.Contains(out.stdout, table) {
		t.Error(out.all())
	}
	if out := i.run("backup", "--schedule", "off"); out.code != 0 {
		t.Error(out.all())
	}
	if _, err := os.Stat(table); err == nil {
		t.Error("cron's table is still there")
	}
	i.mustBeReady()
}

// TestBackupKilled wants the app up and its data whole, wherever a backup or a
// restore is killed.
func TestBackupKilled(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	i.program = failing
	users, keys := i.users(), i.keys()
	dir := t.TempDir()
	for _, point := range []string{"backup-early", "backup-stopped", "backup-db"} {
		i.kill(point, "backup", "--now", "--stop", "--to", dir)
		if out := i.run("start"); out.code != 0 {
			t.Fatalf("after %s: %s", point, out.all())
		}
		i.mustBeReady()
	}
	file := i.backedUp("--to", dir)
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
	data := i.data()
	i.place(filepath.Join(i.volume("/app/strategies"), "later.py"), 300, 0)
	changed := i.data()
	if err := os.WriteFile(i.path(".env"), []byte(i.read(".env")+"LATER = 'yes'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, point := range []string{"stopping", "replaced-db", "restore-unpacked", "env-placed", "undo-data"} {
		args := []string{"restore", file, "--now", "--yes"}
		if strings.HasPrefix(point, "undo") {
			i.kill("restore-unpacked", args...)
			i.kill(point, "start")
		} else {
			i.kill(point, args...)
		}
		if out := i.run("start"); out.code != 0 {
			t.Fatalf("after %s: %s", point, out.all())
		}
		i.mustBeReady()
		if got := i.data(); got != changed || i.keys() != keys || !strings.Contains(i.read(".env"), "LATER") {
			t.Fatalf("after %s the data is neither:\n%s", point, got)
		}
	}
	// Once it is verified, it is finished.
	i.kill("committing", "restore", file, "--now", "--yes")
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if i.data() != data || i.keys() != keys || i.users() != users {
		t.Error("the restored data is not what it was")
	}
}

// TestBackupDiskFull fills the disk of the backup while it is written.
func TestBackupDiskFull(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=30m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	filled := make(chan error, 1)
	go func() {
		for range 3000 {
			if partial, _ := filepath.Glob(filepath.Join(disk, "*.partial")); len(partial) > 0 {
				filled <- os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 40<<20), 0o600)
				return
			}
			time.Sleep(time.Millisecond)
		}
		filled <- nil
	}()
	before := i.container().ID
	out := i.run("backup", "--now", "--to", disk)
	if err := <-filled; err == nil {
		t.Skip("the disk was not full in time")
	}
	if out.code != 1 || !strings.Contains(out.stderr, "No backup was made") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	i.mustBeReady()
	if left, _ := filepath.Glob(filepath.Join(disk, "*")); len(left) != 1 || i.container().ID != before {
		t.Errorf("left over: %v", left)
	}
	if last := lastBackup(i); last == nil || last.OK {
		t.Errorf("status would tell %+v", last)
	}
	// Seen before anything is stopped.
	if out := i.run("backup", "--now", "--to", disk); out.code != 3 || !strings.Contains(out.stderr, "Free some space") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
}

// TestRestoreDiskFull has no room for what would be replaced.
func TestRestoreDiskFull(t *testing.T) {
	t.Parallel()
	i := onSmallDisk(t)
	i.install(0)
	i.addUser()
	file := i.backedUp("--to", t.TempDir())
	i.place(filepath.Join(i.volume("/app/db"), "historify.duckdb"), 5<<20, 0)
	data, env := i.data(), i.read(".env")
	if out := i.run("restore", file, "--now", "--yes"); out.code != 3 || !strings.Contains(out.stderr, "Free some space") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	i.mustBeReady()
	if i.data() != data || i.read(".env") != env {
		t.Error("it is not as it was")
	}
}

// TestRestoreOfAChangedBackup asks by name for what somebody wrote into it.
func TestRestoreOfAChangedBackup(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	file := i.backedUp("--to", t.TempDir())
	id := i.container().ID
	forged := reforged(t, file, func(h *tar.Header, text []byte) (*tar.Header, []byte) {
		if h != nil && h.Name == "files/docker-compose.yaml" {
			text = bytes.Replace(text, []byte("    init: true\n"), []byte("    init: true\n    privileged: true\n"), 1)
			text = bytes.Replace(text, []byte("    volumes:\n"), []byte("    volumes:\n      - /:/host\n"), 1)
		}
		return h, text
	})
	out := i.run("restore", forged, "--now", "--yes")
	if out.code != 2 || !strings.Contains(out.stderr, "privileged") || !strings.Contains(out.stderr, "/host") || !strings.Contains(out.stderr, "--allow-rights") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	dry := i.run("restore", forged, "--dry-run", "--json")
	if dry.code != 0 || !strings.Contains(dry.stdout, `"kind": "rights"`) || !strings.Contains(dry.stdout, `+    privileged: true`) {
		t.Errorf("exit %d\n%s", dry.code, dry.all())
	}
	if i.container().ID != id || strings.Contains(i.read("docker-compose.yaml"), "privileged") {
		t.Error("something was touched")
	}
	i.mustBeReady()
}

// TestRestoreFails wants everything as it was when the restored instance does
// not get ready.
func TestRestoreFails(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	file := i.backedUp("--to", t.TempDir())
	i.place(filepath.Join(i.volume("/app/strategies"), "later.py"), 300, 0)
	data, env := i.data(), i.read(".env")
	// An image that never answers.
	ref := "openalgo-e2e/silent:" + i.project
	cmd := exec.Command("docker", "build", "--quiet", "--tag", ref, "-")
	cmd.Stdin = strings.NewReader("FROM " + i.container().Image + "\nLABEL " + rehearsal.LabelRehearsal + "=silent\nCMD [\"/none\"]\n") // else it goes with the test apps of others
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", ref).Run() })
	if out := i.run("restore", file, "--now", "--yes", "--image", ref); out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	i.mustBeReady()
	if i.data() != data || i.read(".env") != env {
		t.Error("it is not as it was")
	}
}

// TestBackupOfABusyDatabase backs up a database in WAL mode while it is
// written, and looks for every row that was committed before the stop.
func TestBackupOfABusyDatabase(t *testing.T) {
	t.Parallel()
	i := withPython(t)
	busy := `
import sqlite3, time
con = sqlite3.connect("/app/db/busy.db")
con.execute("PRAGMA journal_mode=WAL"); con.execute("PRAGMA wal_autocheckpoint=0")
con.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, text TEXT)")
n = 0
while True:
    n += 1
    con.execute("INSERT INTO orders VALUES (?, ?)", (n, "x" * 500)); con.commit()
    open("/app/db/committed", "w").write(str(n)) if n % 20 == 0 else None
    time.sleep(0.0005)
`
	if out, err := exec.Command("docker", "exec", "--detach", i.container().ID, "python3", "-c", busy).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	committed := filepath.Join(i.volume("/app/db"), "committed")
	i.until("rows are written", func() bool { text, _ := os.ReadFile(committed); return len(text) > 0 })
	out := i.run("backup", "--now", "--stop", "--to", t.TempDir())
	if out.code != 0 || strings.Contains(out.all(), "could not check") {
		t.Fatal(out.all())
	}
	file := lastBackup(i).File
	other := newInstance(t)
	if out := other.run("restore", file, "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	text, err := os.ReadFile(filepath.Join(other.volume("/app/db"), "committed"))
	if err != nil {
		t.Fatal(err)
	}
	check := `
import sqlite3
con = sqlite3.connect("/app/db/busy.db")
print(con.execute("PRAGMA integrity_check").fetchone()[0], con.execute("SELECT count(*), max(id) FROM orders").fetchone())
`
	rows, err := exec.Command("docker", "exec", other.container().ID, "python3", "-c", check).CombinedOutput()
	var count, last, want int
	if _, scan := fmt.Sscanf(string(rows), "ok (%d, %d)", &count, &last); err != nil || scan != nil {
		t.Fatalf("%v: %s", err, rows)
	}
	_, _ = fmt.Sscan(string(text), &want)
	if count != last || count < want || want == 0 {
		t.Errorf("%d rows up to %d, and %d were committed", count, last, want)
	}

	// A damaged database is told, and no older backup goes for it.
	_ = exec.Command("docker", "exec", i.container().ID, "python3", "-c", `
import sqlite3
con = sqlite3.connect("/app/db/busy.db"); con.execute("PRAGMA wal_checkpoint(TRUNCATE)"); con.close()
f = open("/app/db/busy.db", "r+b"); f.seek(8192); f.write(b"garbage" * 600)
`).Run()
	dir := filepath.Dir(file)
	out = i.run("backup", "--now", "--to", dir, "--keep", "1")
	if out.code != 1 || !strings.Contains(out.stderr, "db/busy.db") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	if _, err := os.Stat(file); err != nil {
		t.Error("the last sound backup was removed")
	}
}

// withPython is an instance whose image has Python, as OpenAlgo's has.
func withPython(t *testing.T) *instance {
	t.Helper()
	i := newInstance(t)
	if os.Getenv("OPENALGO_BASE") == "" {
		missing(t, "no OPENALGO_BASE: test/tools/base.sh makes it, as root and with debootstrap")
	}
	base, err := baseImage()
	if err != nil {
		t.Fatal(err)
	}
	i.install(0)
	var spec struct{ Config struct{ Cmd []string } }
	text, err := exec.Command("docker", "inspect", i.container().ID, "--format", "{{json .}}").Output()
	if err == nil {
		err = json.Unmarshal(text, &spec)
	}
	if err != nil {
		t.Fatal(err)
	}
	ref := "openalgo-e2e/python:" + i.project
	command, _ := json.Marshal(spec.Config.Cmd)
	build := exec.Command("docker", "build", "--quiet", "--tag", ref, "-")
	build.Stdin = strings.NewReader("FROM " + i.container().Image + " AS app\nFROM " + base + "\nCOPY --from=app / /\nUSER 1000\nWORKDIR /app\nCMD " + string(command) + "\n")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", ref).Run() })
	if out := i.run("uninstall", "--yes", "--purge="+i.project); out.code != 0 {
		t.Fatal(out.all())
	}
	i.image("source: registry, ref: %q", ref)
	i.install(0)
	i.addUser()
	return i
}

// TestBackupOfALinkedDirectory follows a link to another disk, as the engine does.
func TestBackupOfALinkedDirectory(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.write("volumes: bind")
	i.install(0)
	i.addUser()
	if out := i.run("stop"); out.code != 0 {
		t.Fatal(out.all())
	}
	elsewhere := filepath.Join(t.TempDir(), "db")
	if out, err := exec.Command("sh", "-c", `mv "$1" "$2" && ln -s "$2" "$1"`, "sh", i.path("db"), elsewhere).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	file := i.backedUp("--to", t.TempDir())
	i.place(filepath.Join(elsewhere, "later"), 10, 0)
	if out := i.run("restore", file, "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "later")); err == nil || i.report().Users != 1 {
		t.Errorf("not restored behind the link: %d accounts", i.report().Users)
	}
}

// TestRestoreKilledAndMeddledWith loses containers, or is to be uninstalled,
// while the data is in pieces.
func TestRestoreKilledAndMeddledWith(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	i.program = failing
	file := i.backedUp("--to", t.TempDir())
	i.place(filepath.Join(i.volume("/app/strategies"), "later.py"), 300, 0)
	data, keys := i.data(), i.keys()
	args := []string{"restore", file, "--now", "--yes"}
	same := func(what string) {
		t.Helper()
		i.install(0)
		i.mustBeReady()
		if i.data() != data || i.keys() != keys {
			t.Fatalf("%s: the data is neither:\n%s", what, i.data())
		}
	}
	i.kill("restore-cleared", args...)
	for _, c := range i.containers() {
		if err := docker.Remove(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	same("no container is left")
	i.kill("restore-cleared", args...)
	if out := i.run("uninstall", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	same("uninstalled")

	// Nobody came for the killed run, and the new one was used.
	since := filepath.Join(i.volume("/app/strategies"), "made-since.py")
	i.kill("before-verify", args...)
	i.until("the restored one answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
	i.place(since, 300, 0)
	for _, c := range i.containers() {
		_ = docker.Stop(t.Context(), c.ID, 5*time.Second)
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if _, err := os.Stat(since); err != nil {
		t.Error("what was made since is gone")
	}
}

// lastBackup is how the last backup of an instance ended.
func lastBackup(i *instance) *backup.Last { return backup.LoadLast(directory.Dir(i.dir)) }
