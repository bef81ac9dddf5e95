package where

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

const fstab = `# /etc/fstab
UUID=1 / ext4 defaults 0 1
UUID=2 /mnt/backup ext4 defaults,nofail 0 2
nas:/share  /srv/nas\040share nfs noauto 0 0
/swapfile none swap sw 0 0
broken
`

// now is a mountinfo with these places mounted.
func now(places ...string) string {
	text := ""
	for _, place := range places {
		text += "36 35 98:0 / " + strings.ReplaceAll(place, " ", `\040`) + " rw,noatime master:1 - ext4 /dev/x rw\n"
	}
	return text
}

// A directory of a disk that is not mounted is on this machine's own: no backup is
// written there.
func TestDiskThatIsNotMounted(t *testing.T) {
	for name, c := range map[string]struct {
		mounted []string
		dir     string
		last    *Place
		missing string
	}{
		"of fstab":                         {[]string{"/"}, "/mnt/backup", nil, "/mnt/backup"},
		"below one of fstab":               {[]string{"/", "/mnt"}, "/mnt/backup/openalgo/a", nil, "/mnt/backup"},
		"with a blank":                     {[]string{"/"}, "/srv/nas share/a", nil, "/srv/nas share"},
		"mounted":                          {[]string{"/", "/mnt/backup"}, "/mnt/backup/a", nil, ""},
		"mounted, with a blank":            {[]string{"/", "/srv/nas share"}, "/srv/nas share/a", nil, ""},
		"another disk below":               {[]string{"/", "/mnt/backup/usb"}, "/mnt/backup/usb/a", nil, ""},
		"a name that only begins so":       {[]string{"/"}, "/mnt/backups", nil, ""},
		"beside it":                        {[]string{"/"}, "/opt/openalgo-backups", nil, ""},
		"the last one was mounted":         {[]string{"/"}, "/media/usb/a", &Place{"/media/usb/a", "/media/usb"}, "/media/usb"},
		"the last one, and is":             {[]string{"/", "/media/usb"}, "/media/usb/a", &Place{"/media/usb/a", "/media/usb"}, ""},
		"the last one was elsewhere":       {[]string{"/"}, "/srv/a", &Place{"/media/usb/a", "/media/usb"}, ""},
		"the last one was on this disk":    {[]string{"/", "/srv"}, "/srv/a", &Place{"/srv/a", "/"}, ""},
		"of a release that noted no mount": {[]string{"/"}, "/srv/a", &Place{Dir: "/srv/a"}, ""},
		"nothing is known":                 {nil, "/srv/a", nil, ""},
	} {
		m := mounts{column(now(c.mounted...), 4), column(fstab, 1)}
		err := m.check(c.dir, c.dir, c.last)
		if c.missing == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if finding.IDOf(err) != "backup-not-mounted" || finding.KindOf(err) != finding.HostNotReady || !strings.HasPrefix(err.Error(), c.missing+" is not mounted, so ") || len(finding.HintsOf(err)) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What this machine has is read, and its own root is mounted.
func TestOwnMounts(t *testing.T) {
	dir := t.TempDir()
	if got := Of(dir); got.Dir != dir || !strings.HasPrefix(got.Mount, "/") {
		t.Errorf("%+v", got)
	}
	if err := Check(filepath.Join(dir, "not", "there"), Of(dir)); err != nil {
		t.Error(err)
	}
}

// A link leads to the disk that counts.
func TestRealPath(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("disk", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"link": "disk", "link/new/a": "disk/new/a", "disk/../link/": "disk", "none/a": "none/a"} {
		if got := real(filepath.Join(root, path)); got != filepath.Join(root, want) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestMakesADirectory(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "backups")
	for _, want := range []bool{true, false} {
		if made, err := Make(dir); made != want || err != nil {
			t.Errorf("%v, %v", made, err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"the one above is not there": filepath.Join(root, "a", "b"), "a file": file, "below a file": filepath.Join(file, "a")} {
		if made, err := Make(path); made || finding.IDOf(err) != "backup-unwritable" || finding.KindOf(err) != finding.HostNotReady {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "a")); err == nil {
		t.Error("the directory above was made")
	}
}

func TestIsFile(t *testing.T) {
	for path, want := range map[string]bool{"/mnt/backup": false, "a.tar.zst": true, "/x/a.tar.zst.age": true, "a.age": true, "/mnt/2026.11": false, "": false} {
		if IsFile(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}

func TestMachine(t *testing.T) {
	for path, want := range map[string]string{
		"root@nas:/x": "root@nas", "nas:backups": "nas", "root@192.0.2.7:": "root@192.0.2.7", "s3://bucket/a": "s3://", "https://a.example.com/x.tar.zst": "https://",
		"rclone:drive": "rclone", `C:\backups`: "C",
		"/mnt/a:b": "", "./a:b": "", "a/b:c": "", "-": "", "": "", "/opt/openalgo": "", "a b:c": "", ":x": "",
	} {
		if got := Machine(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a:b", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Machine("a:b"); got != "" {
		t.Errorf("a file that is there: %q", got)
	}
}
