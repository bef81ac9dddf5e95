package plan

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/preflight"
)

func TestTooSmall(t *testing.T) {
	for name, test := range map[string]struct {
		ram, swap, disk int
		frontend        bool
		says            []string
	}{
		"fits":                        {3910, 0, 20000, true, nil},
		"swap makes up for it":        {1960, 2048, 20000, true, nil},
		"a 1 GB host":                 {953, 0, 20000, true, []string{"953 MiB of RAM", "web interface", "Add swap", "source: registry"}},
		"a 2 GB host":                 {1960, 0, 20000, true, []string{"1.9 GiB of RAM"}},
		"a 2 GB host, frontend there": {1960, 0, 20000, false, nil},
		"little disk":                 {3910, 0, 5000, true, []string{"4.9 GiB free", "docker system df", "source: registry"}},
		"both":                        {953, 0, 100, false, []string{"953 MiB", "100 MiB free"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, p := range preflight.TooSmall(test.ram, test.swap, test.disk, test.frontend, "/var/lib/docker") {
				got += finding.Prompt{}.Sentence(p) + "\n"
			}
			if (got == "") != (test.says == nil) {
				t.Errorf("%q", got)
			}
			for _, text := range test.says {
				if !strings.Contains(got, text) {
					t.Errorf("no %q in %q", text, got)
				}
			}
		})
	}
}
