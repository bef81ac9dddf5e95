package ops

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ready"
)

// prober asks the instance's OpenAlgo.
func prober(in *kit) *ready.Prober {
	return &ready.Prober{Engine: in.Engine, Report: in.Report, Redact: in.redact, Wait: in.Wait}
}

// asks asks the OpenAlgo in a container once.
func (in *kit) asks(ctx context.Context, c engine.Container) (needsSetup bool, err error) {
	p := prober(in)
	return p.Ask(ctx, p.TargetOf(c))
}

func checkOf(in *Session, s *compose.Stack, a answers.Answers) ready.Target {
	return ready.Target{Name: s.ContainerName(), Local: in.Engine.Info().Local, TestApp: a.Image.Source == "rehearsal",
		Web: ready.Address(s.Published(openalgo.WebPort)), WebSocket: ready.Address(s.Published(openalgo.WebSocketPort))}
}

// withoutSecrets is a line of a log, fit to be shown.
func (in *kit) withoutSecrets(line string) string { return ready.Line(in.redact, line) }

func (in *kit) warn(message string) {
	in.Report.Report(event.Event{Type: event.TypeWarning, Time: time.Now(), Message: message})
}
