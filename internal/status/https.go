package status

import (
	"context"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ready"
)

// HTTPS is the way in that this program set up.
type HTTPS struct {
	By      string `json:"by"` // caddy or nginx
	Domain  string `json:"domain"`
	Until   string `json:"until,omitempty"`   // RFC 3339: the certificate's end
	Problem string `json:"problem,omitempty"` // why it does not work
}

// readHTTPS asks this machine's edge; nil where there is none.
func readHTTPS(ctx context.Context, dir string) *HTTPS {
	state, err := instance.Dir(dir).LoadState()
	s := state.Edge
	if err != nil || s.Kind == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ready.HTTPSPatience)
	defer cancel()
	out := &HTTPS{By: s.Kind, Domain: s.Domain}
	site := ready.SiteOf(s)
	leaf, err := edge.Certificate(ctx, edge.Local(s.HTTPS), s.Domain, site.Trust)
	if err != nil {
		out.Problem = fmt.Sprintf("https://%s is not served: %v", s.Domain, ready.Cause(err))
		return out
	}
	out.Until = leaf.NotAfter.Format(time.RFC3339)
	if time.Now().After(leaf.NotAfter) {
		out.Problem = "the certificate of " + s.Domain + " has expired"
	} else if err := ready.AskHTTPS(ctx, site); err != nil {
		out.Problem = err.Error()
	}
	return out
}

// String is one line for a person; "" where there is none.
func (h *HTTPS) String() string {
	if h == nil {
		return ""
	}
	text := h.Domain + " by " + h.By
	if h.Until != "" {
		text += ", certificate until " + h.Until[:10]
	}
	return text
}
