package install

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLeftovers lays out what install-docker.sh leaves beside what others have.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"usr/local/bin/openalgo-status":                     "#!/bin/bash\ncd /opt/openalgo\ndocker compose ps\n",
		"usr/local/bin/openalgo-backup":                     "#!/bin/bash\ncd /opt/openalgo-two && tar\n", // another instance's
		"usr/local/bin/openalgo-logs":                       "cd /opt/openalgo",                           // no script
		"usr/local/bin/openalgo-other":                      "#!/bin/sh\ncd /opt/openalgo\n",
		"etc/nginx/sites-available/algo.conf":               "server {\n  server_name algo.example.com www.algo.example.com;\n  proxy_pass http://127.0.0.1:5000;\n}\n",
		"etc/nginx/sites-available/two.conf":                "server {\n  server_name two.example.com;\n  proxy_pass http://127.0.0.1:5001;\n}\n",
		"etc/nginx/conf.d/shared.conf":                      "server {\n server_name algo.example.com;\n proxy_pass http://localhost:5000/;\n}\nserver {\n server_name shop.example.com;\n}\n",
		"etc/nginx/conf.d/port.conf":                        "server {\n server_name algo.example.com;\n proxy_pass http://127.0.0.1:50001;\n}\n",
		"etc/nginx/conf.d/ours.conf":                        "# https://algo.example.com, written by openalgo-install\n# instance: openalgo (/opt/openalgo)\nserver {\n server_name algo.example.com;\n proxy_pass http://127.0.0.1:5000;\n}\n",
		"etc/cron.d/openalgo":                               "SHELL=/bin/sh\n# nightly\n0 3 * * * root /usr/local/bin/openalgo-backup\n",
		"etc/cron.d/other":                                  "0 3 * * * root /usr/bin/true\n",
		"var/spool/cron/crontabs/root":                      "0 3 * * * cd /opt/openalgo && ./x\n5 5 * * * other\n",
		"etc/letsencrypt/renewal-hooks/deploy/reload-nginx": "#!/bin/bash\nsystemctl reload nginx\n",
		"etc/letsencrypt/live/algo.example.com/README":      "",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	enabled := filepath.Join(root, "etc/nginx/sites-enabled")
	if err := os.Mkdir(enabled, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../sites-available/algo.conf", filepath.Join(enabled, "algo.conf")); err != nil {
		t.Fatal(err)
	}
	var goes, stays []string
	for _, l := range (traces{dir: "/opt/openalgo", domain: "algo.example.com", web: 5000}).leftovers(root) {
		name := strings.TrimPrefix(l.path, root+"/")
		if l.stays == "" {
			goes = append(goes, name)
		} else {
			stays = append(stays, name)
		}
	}
	if want := []string{"usr/local/bin/openalgo-status", "etc/nginx/sites-enabled/algo.conf", "etc/nginx/sites-available/algo.conf", "etc/cron.d/openalgo"}; !slices.Equal(goes, want) {
		t.Errorf("goes %v\nwant %v", goes, want)
	}
	if want := []string{"etc/nginx/conf.d/shared.conf", "var/spool/cron/crontabs/root", "etc/letsencrypt/renewal-hooks/deploy/reload-nginx", "etc/letsencrypt/live/algo.example.com"}; !slices.Equal(stays, want) {
		t.Errorf("stays %v\nwant %v", stays, want)
	}
}

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
		if err := moveFile(path, path+".aside"); err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(file + ".aside")
	if target, _ := os.Readlink(link + ".aside"); err != nil || info.Mode() != 0o755 || target != "file" {
		t.Errorf("%v %v %s", info, err, target)
	}
}
