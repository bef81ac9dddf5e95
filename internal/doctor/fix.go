package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// Fix is what can be fixed without a decision of a person's: nothing is lost
// by it, and nothing is down longer than it is.
type Fix string

// The fixes, in the order in which they are made.
const (
	FixEncoding Fix = "encoding" // .env as plain UTF-8
	FixMode     Fix = "mode"     // .env for its owner alone
	FixPolicy   Fix = "policy"   // the container comes up again after a crash
	FixStart    Fix = "start"    // finishes what a killed run left, and starts the container
	FixRemove   Fix = "remove"   // finishes an uninstall
	FixPurge    Fix = "purge"    // finishes an uninstall that deletes the data
	FixAddress  Fix = "address"  // the new public address is registered at the broker
	FixRestart  Fix = "restart"  // the container runs and does not answer
)

var fixOrder = []Fix{FixPurge, FixRemove, FixEncoding, FixMode, FixPolicy, FixStart, FixRestart, FixAddress}

// titles say what a fix does, for a person.
var titles = map[Fix]string{
	FixEncoding: "save .env as plain UTF-8 and keep every setting; a copy of the previous file is kept",
	FixMode:     "let only OpenAlgo's user read .env", FixPolicy: "let Docker start the container again after a crash or a reboot",
	FixAddress: "record the new public address, which you have registered at your broker",
	FixRemove:  "complete the interrupted uninstall; the data stays", FixPurge: "complete the interrupted uninstall, which deletes the data and the encryption keys",
	FixStart: "complete the interrupted run, and start OpenAlgo", FixRestart: "restart OpenAlgo",
}

func (f Fix) String() string { return titles[f] }

// fixed marks findings as ones that --fix repairs.
func fixed(f Fix, findings []Finding) []Finding {
	for i := range findings {
		findings[i].Fix = f
	}
	return findings
}

// fixFor is the fix that is the same as a command that a finding advises.
func fixFor(hints []finding.Hint) Fix {
	fixes := map[string]Fix{"start": FixStart, "restart": FixRestart, "uninstall": FixRemove, "uninstall --purge": FixPurge}
	for _, h := range hints {
		if fix := fixes[strings.Join(h.Args, " ")]; fix != "" {
			return fix
		}
	}
	return ""
}

// Fixes are those that would repair something in a report. A start makes a
// restart needless, and an uninstall all else.
func (r Report) Fixes() []Fix {
	wanted := map[Fix]bool{}
	for _, f := range r.Findings {
		wanted[f.Fix] = true
	}
	var out []Fix
	for _, f := range fixOrder {
		if wanted[f] && (f == FixPurge || f == FixRemove) {
			return []Fix{f}
		}
		if wanted[f] && (f != FixRestart || !wanted[FixStart]) {
			out = append(out, f)
		}
	}
	return out
}

// Apply makes one fix.
func (l Look) Apply(ctx context.Context, f Fix, in *ops.Session) error {
	switch f {
	case FixEncoding:
		return l.fixEncoding(ctx)
	case FixMode:
		return l.fixMode(ctx)
	case FixAddress:
		return l.fixAddress(ctx)
	case FixPolicy:
		c := l.gather(ctx).container
		if c == nil {
			return nil
		}
		return l.Engine.RestartPolicy(ctx, c.ID, "unless-stopped")
	case FixStart:
		_, err := in.Do(ctx, ops.Start())
		return err
	case FixRemove, FixPurge:
		_, err := in.Do(ctx, ops.Uninstall(ops.RemovalOptions{Purge: f == FixPurge}))
		return err
	case FixRestart:
		_, err := in.Do(ctx, ops.Restart())
		return err
	}
	return fmt.Errorf("there is no fix named %q", f)
}
