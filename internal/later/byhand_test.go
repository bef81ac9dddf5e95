package later

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func TestByHand(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 3, 7, 0, 0, time.Local)
	err := ByHand(Job{At: at, Backup: []string{"/usr/bin/openalgo-install", "backup", "--dir=/home/a/openalgo"}, Recover: []string{"/usr/bin/openalgo-install", "recover", "--dir=/home/a/openalgo"}})
	text := finding.Prompt{}.Text(err)
	for _, want := range []string{"7 3 * * * /usr/bin/openalgo-install backup --dir=/home/a/openalgo", "@reboot /usr/bin/openalgo-install recover", "crontab -e"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if finding.KindOf(err) != finding.HostNotReady {
		t.Error(finding.KindOf(err))
	}
}
