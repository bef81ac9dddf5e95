package rehearsal_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestCurl(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			_, _ = io.WriteString(w, "fine")
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()

	tests := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"as the health check", []string{"-f", server.URL + "/ok"}, 0, "fine", ""},
		{"joined flags", []string{"-fsS", server.URL + "/ok"}, 0, "fine", ""},
		{"server error", []string{"-f", server.URL + "/broken"}, 22, "", "500"},
		{"redirect", []string{"--fail", server.URL + "/moved"}, 22, "", "302"},
		{"nobody there", []string{"-f", gone.URL}, 7, "", "refused"},
		{"unknown flag", []string{"-X", "POST", server.URL}, 2, "", `"-X"`},
		{"two URLs", []string{server.URL, server.URL}, 2, "", "one http:// URL"},
		{"no URL", nil, 2, "", "no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := rehearsal.Curl(tt.args, &stdout, &stderr)
			if code != tt.code || stdout.String() != tt.stdout || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("Curl = %d, stdout %q, stderr %q; want %d, %q, %q", code, &stdout, &stderr, tt.code, tt.stdout, tt.stderr)
			}
		})
	}
}
