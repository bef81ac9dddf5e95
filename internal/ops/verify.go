package ops

import (
	"context"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ready"
)

// prober asks the instance's OpenAlgo.
func (in *Session) prober() *ready.Prober {
	return &ready.Prober{Engine: in.Engine, Report: in.Report, Redact: in.redact, Wait: in.Wait}
}

// asks asks the OpenAlgo in a container once.
func (in *Session) asks(ctx context.Context, c engine.Container) (needsSetup bool, err error) {
	p := in.prober()
	return p.Ask(ctx, p.TargetOf(c))
}

func (in *Session) checkOf(s *compose.Stack, a answers.Answers) ready.Target {
	return ready.Target{Name: s.ContainerName(), Local: in.Engine.Info().Local, TestApp: a.Image.Source == "rehearsal",
		Web: ready.Address(s.Published(openalgo.WebPort)), WebSocket: ready.Address(s.Published(openalgo.WebSocketPort))}
}

func (in *Session) checkOfID(ctx context.Context, id string) (ready.Target, error) {
	c, err := in.Engine.Container(ctx, id)
	if err != nil {
		return ready.Target{}, fmt.Errorf("looking at the container: %w", err)
	}
	return in.prober().TargetOf(c), nil
}

// verify waits until OpenAlgo is ready, and for a Docker that is restarted
// meanwhile. It reports whether OpenAlgo still waits for its first account.
func (in *Session) verify(ctx context.Context, t ready.Target) (needsSetup bool, err error) {
	err = in.acrossRestart(ctx, func(ctx context.Context) error {
		needsSetup, err = in.prober().Await(ctx, t)
		return err
	})
	return needsSetup, err
}

// verifyEdge waits until the instance's address answers over HTTPS.
func (in *Session) verifyEdge(ctx context.Context, s instance.Edge) error {
	if s.Kind == "" {
		return nil
	}
	return in.prober().AwaitHTTPS(ctx, ready.SiteOf(s))
}

// askMCP asks the endpoints of remote MCP, over HTTPS where this program set that
// up.
func askMCP(ctx context.Context, s instance.Edge, web string) error {
	if s.Kind == "" {
		return ready.MCP(ctx, nil, web)
	}
	site := ready.SiteOf(s)
	return ready.MCP(ctx, &site, web)
}

// withoutSecrets is a line of a log, fit to be shown.
func (in *Session) withoutSecrets(line string) string { return ready.Line(in.redact, line) }
