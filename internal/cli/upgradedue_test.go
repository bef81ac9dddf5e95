package cli

import (
	"bytes"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// Nobody is there to be asked in a window. A crypto market never closes: the window is
// the answer to that alone.
func TestUnwatched(t *testing.T) {
	t.Parallel()
	market, down := plan.Ask{Kind: plan.AskMarket, Text: "it is open"}, plan.Ask{Kind: plan.AskDown, Text: "less memory"}
	for _, test := range []struct {
		crypto bool
		ask    plan.Ask
		want   string
	}{{false, market, "market-open"}, {true, market, ""}, {true, down, "not-confirmed"}} {
		u := &upgraded{app: &app{stdin: &bytes.Buffer{}, stderr: &bytes.Buffer{}}, session: &ops.Session{}, crypto: test.crypto}
		u.unwatched()
		if _, err := u.session.Confirm(&plan.Plan{Asks: []plan.Ask{test.ask}}); finding.IDOf(err) != test.want {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
