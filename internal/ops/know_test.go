package ops

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// A restore starts OpenAlgo with secrets that the instance never had.
func TestSecretsOfTheBackupAreKnown(t *testing.T) {
	t.Parallel()
	env := func(pepper string) *envfile.File {
		f, err := envfile.Parse([]byte("API_KEY_PEPPER = '" + pepper + "'\n"))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	in := &kit{}
	in.know(plan.Intent{Backup: &plan.Restoring{Env: env("of-the-backup")}}, &world.Observation{Env: env("of-the-instance")})
	if got := in.redact.Redact("of-the-backup, of-the-instance"); got != "[secret], [secret]" {
		t.Errorf("shown: %q", got)
	}
}
