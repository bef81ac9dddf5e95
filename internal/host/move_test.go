package host

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMoveFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("text"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("owners are kept as root")
	}
	for _, path := range []string{file, link, filepath.Join(dir, "none")} {
		if err := MoveFile(path, path+".aside"); err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(file + ".aside")
	if target, _ := os.Readlink(link + ".aside"); err != nil || info.Mode() != 0o755 || target != "file" {
		t.Errorf("%v %v %s", info, err, target)
	}
	if err := MoveFile(dir, dir+".aside"); err == nil {
		t.Error("a directory is moved")
	}
}
