package rehearsal_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

func TestReport(t *testing.T) {
	t.Setenv("OMP_NUM_THREADS", "4")
	t.Setenv("MKL_NUM_THREADS", "4")
	r := up(t, newRoot(t, nil))
	if err := os.RemoveAll(filepath.Join(r.root, "tmp")); err != nil {
		t.Fatal(err)
	}
	var got rehearsal.Report
	r.getJSON("/rehearsal/report", &got)

	if got.UID != os.Getuid() || got.GID != os.Getgid() {
		t.Errorf("uid %d gid %d, want %d and %d", got.UID, got.GID, os.Getuid(), os.Getgid())
	}
	hostname, _ := os.Hostname()
	if got.Hostname != hostname || got.PID1 == "" || got.ShmBytes <= 0 || got.Version != "9.9.9" {
		t.Errorf("report %+v", got)
	}
	if got.EnvFile.Mode != "0600" || got.EnvFile.UID != os.Getuid() || !got.EnvFile.Writable {
		t.Errorf(".env: %+v", got.EnvFile)
	}
	checkSettings(t, got.Settings)
	checkDirectories(t, got.Directories)

	_, body := r.get("/rehearsal/report")
	if strings.Contains(body, "canary") || strings.Contains(body, "00112233") {
		t.Errorf("a secret in the report: %s", body)
	}
	entries, err := os.ReadDir(filepath.Join(r.root, "keys"))
	if err != nil || len(entries) != 0 {
		t.Errorf("the report left %v in keys (%v)", entries, err)
	}
}

func checkSettings(t *testing.T, settings []rehearsal.Setting) {
	t.Helper()
	if len(settings) != 7 {
		t.Errorf("%d settings, want seven", len(settings))
	}
	want := map[string][3]string{ // environment, .env, in force
		"OMP_NUM_THREADS": {"4", "1", "1"},
		"MKL_NUM_THREADS": {"4", "-", "4"},
		"SHM_SIZE":        {"-", "256m", "256m"},
	}
	for _, s := range settings {
		got := [3]string{orDash(s.Environment), orDash(s.EnvFile), orDash(s.InForce)}
		if w, ok := want[s.Key]; ok && got != w {
			t.Errorf("%s: %v, want %v", s.Key, got, w)
		}
	}
}

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func checkDirectories(t *testing.T, directories []rehearsal.FileInfo) {
	t.Helper()
	var names []string
	for _, d := range directories {
		name := filepath.Base(d.Path)
		names = append(names, name)
		if wantWritable := name != "tmp"; d.Writable != wantWritable || (d.Error == "") != wantWritable {
			t.Errorf("%s: %+v", name, d)
		}
		if name == "keys" && d.Mode != "0700" {
			t.Errorf("keys has mode %s, want 0700", d.Mode)
		}
	}
	if got := strings.Join(names, " "); got != "db log strategies keys tmp" {
		t.Errorf("directories %s", got)
	}
}

func TestRequestShowsWhatAProxySends(t *testing.T) {
	r := up(t, newRoot(t, nil))
	req, err := http.NewRequest(http.MethodPut, "http://"+r.web+"/rehearsal/request?a=b", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "algo.example.com"
	req.Header.Set("X-Forwarded-For", "203.0.113.7")
	req.Header.Set("Cookie", "session=canary")
	req.Header.Set("Authorization", "Bearer canary")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body := readAll(t, resp)
	for _, want := range []string{`"PUT"`, `"algo.example.com"`, `"/rehearsal/request?a=b"`, `"203.0.113.7"`, `"127.0.0.1:`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if strings.Contains(body, "canary") {
		t.Errorf("credentials in %s", body)
	}
}
