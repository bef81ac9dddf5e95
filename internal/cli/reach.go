package cli

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/publicip/recent"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// tellingWay is an install that says at its end how another computer reaches an
// OpenAlgo which listens on this machine only.
func tellingWay(c ops.Command) ops.Command {
	c.Ended = func(s *ops.Session, r event.Result, err error) {
		if err != nil || !r.Changed {
			return
		}
		// The ports may have been chosen only now: the saved answers have them.
		a, problems, ok := ops.SavedAnswers(string(s.Dir()), s.Dir().Path(instance.AnswersName))
		if ok && len(problems) == 0 && a.Domain == "" && !a.Ports.InNetwork() {
			way, elsewhere := tunnel.To(s.Engine.Info().Endpoint)
			if !elsewhere {
				way = tunnel.Find(recent.Find(context.Background()).Best())
			}
			s.Note("to open OpenAlgo from another computer, keep this command running there (it prints nothing), and open " +
				tunnel.Open(a.Ports) + " in the browser there: " + way.Command(a.Ports))
		}
	}
	return c
}
