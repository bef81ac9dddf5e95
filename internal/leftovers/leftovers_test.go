package leftovers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
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
	for _, l := range (Traces{Dir: "/opt/openalgo", Domain: "algo.example.com", Web: 5000}).Find(root) {
		name := strings.TrimPrefix(l.Path, root+"/")
		if l.Stays == "" {
			goes = append(goes, name)
		} else {
			stays = append(stays, name)
		}
	}
	if want := []string{"usr/local/bin/openalgo-status", "etc/nginx/sites-enabled/algo.conf", "etc/nginx/sites-available/algo.conf", "etc/cron.d/openalgo"}; !slices.Equal(goes, want) {
		t.Errorf("goes %v\nwant %v", goes, want)
	}
	traces := Traces{Dir: "/opt/openalgo", Domain: "algo.example.com", Web: 5000}
	asked := []string{root + "/etc/cron.d/other", root + "/etc/cron.d/openalgo", root + "/etc/nginx/conf.d/shared.conf", root + "/etc/cron.d/gone"}
	if got := traces.Still(root, asked); !slices.Equal(got, []string{asked[1], asked[3]}) {
		t.Errorf("still to be removed: %v", got)
	}
	if want := []string{"etc/nginx/conf.d/shared.conf", "var/spool/cron/crontabs/root", "etc/letsencrypt/renewal-hooks/deploy/reload-nginx", "etc/letsencrypt/live/algo.example.com"}; !slices.Equal(stays, want) {
		t.Errorf("stays %v\nwant %v", stays, want)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for server, domain := range map[string]string{"https://algo.example.com": "algo.example.com", "http://127.0.0.1:5000": "", "://": ""} {
		env, err := envfile.Parse([]byte("HOST_SERVER = '" + server + "'\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := Of("/opt/openalgo", env, 5000); got != (Traces{"/opt/openalgo", domain, 5000}) {
			t.Errorf("%s: %+v", server, got)
		}
	}
	if got := Of("/opt/openalgo", nil, 0); got != (Traces{Dir: "/opt/openalgo"}) {
		t.Errorf("%+v", got)
	}
}

func TestRemoveMovesAside(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("owners are kept as root")
	}
	dir, aside := t.TempDir(), filepath.Join(t.TempDir(), "aside")
	script := filepath.Join(dir, "openalgo-status")
	if err := os.WriteFile(script, []byte("text"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Remove(t.Context(), []string{script, filepath.Join(dir, "none")}, aside, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(script); !os.IsNotExist(err) {
		t.Error("it is still there", err)
	}
	left, _ := os.ReadDir(aside)
	if len(left) != 1 || !strings.HasSuffix(left[0].Name(), "_openalgo-status") {
		t.Error(left)
	}
}
