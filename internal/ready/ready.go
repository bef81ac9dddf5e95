// Package ready asks OpenAlgo whether it is ready: over HTTP, its WebSocket and
// HTTPS, once or until it is. While it waits it watches the container and its
// log, so that a start that cannot succeed ends with its reason.
package ready

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	image "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Engine is what this package uses of Docker.
type Engine interface {
	Info() engine.Info
	Container(ctx context.Context, nameOrID string) (engine.Container, error)
	ReadFile(ctx context.Context, id, name string, max int64) ([]byte, error)
	Logs(ctx context.Context, id string, o engine.LogOptions, stdout, stderr io.Writer) error
}

// Prober asks. One prober may ask about several containers at once.
type Prober struct {
	Engine Engine
	Report event.Reporter   // gets log lines and progress; nil: nobody does
	Redact *secret.Redactor // of what the log must not show
	Wait   time.Duration    // how long a start may take; 0: as long as OpenAlgo needs

	times *times // nil: those of the target; for tests
}

// Target is the OpenAlgo that is asked.
type Target struct {
	ID             string // the container's; "": it is looked up by Name
	Name           string
	Web, WebSocket string // host:port; "": not published
	Local          bool   // the ports can be reached from this machine
	TestApp        bool
	// SetupDone says that there was an account: an empty database is the wrong one.
	SetupDone bool
	// Before says that the previous container is brought back. It gets the time of
	// a start, even if Wait gives a new one less.
	Before bool
	// Proven says when OpenAlgo was ready in the container's run that began then;
	// zero: nobody knows. Another right answer in that run proves what the wait for
	// it would. nil: answers must last, however long it has run.
	Proven func(began time.Time) time.Time
}

// TargetOf is the OpenAlgo in a container.
func (p *Prober) TargetOf(c engine.Container) Target {
	return Target{
		ID: c.ID, Name: c.Name, Local: p.Engine.Info().Local,
		Web: Address(c.Published(openalgo.WebPort)), WebSocket: Address(c.Published(openalgo.WebSocketPort)),
		TestApp: image.IsTest(c.Image),
	}
}

// Address is how this machine reaches a published port; "" for none.
func Address(hostIP string, port int) string {
	if port == 0 {
		return ""
	}
	return edge.Upstream(hostIP, port)
}

// NotReadyError says why OpenAlgo is not ready, with the last lines of its log.
type NotReadyError struct {
	Reason string
	Log    []string
}

func (e *NotReadyError) Error() string { return e.Reason }

// FindingID names it for programs.
func (e *NotReadyError) FindingID() string { return "not-ready" }

// LogOf returns the log lines of a NotReadyError; nil for another error.
func LogOf(err error) []string {
	if e := (*NotReadyError)(nil); errors.As(err, &e) {
		return e.Log
	}
	return nil
}

// Await waits until OpenAlgo is ready, or there is evidence that it will not be:
// right answers over HTTP and the WebSocket, while the container and its log are
// watched. It reports whether OpenAlgo still waits for its first account. Where
// Docker goes away meanwhile, it returns engine.ErrUnreachable.
func (p *Prober) Await(ctx context.Context, t Target) (needsSetup bool, err error) {
	if t.ID == "" {
		found, err := p.Engine.Container(ctx, t.Name)
		if err != nil {
			return false, &NotReadyError{Reason: "its container is gone"}
		}
		t.ID = found.ID
		if p.hasLasted(t, found, time.Now()) {
			if needsSetup, err := p.Ask(ctx, t); err == nil && (!needsSetup || !t.SetupDone) {
				return needsSetup, nil
			}
		}
	}
	times := p.timesOf(t)
	ctx, cancel := context.WithTimeout(ctx, times.whole)
	defer cancel()
	log := p.watch(ctx, t.ID)
	now := time.Now()
	w := waiting{Prober: p, target: t, times: times, log: log, began: now, said: now}
	needsSetup, err = w.run(ctx)
	if err == nil {
		return needsSetup, nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, errStandsStill) {
		err = fmt.Errorf("OpenAlgo was not ready after %s: %w", time.Since(w.began).Round(time.Second), w.last)
	}
	notReady := (*NotReadyError)(nil)
	switch {
	case errors.As(err, &notReady):
		return false, notReady
	case errors.Is(err, context.Canceled), errors.Is(err, engine.ErrUnreachable):
		return false, err
	}
	return false, &NotReadyError{Reason: err.Error(), Log: log.tail()}
}

func (p *Prober) report(e event.Event) {
	if p.Report != nil {
		e.Time = time.Now()
		p.Report.Report(e)
	}
}

func (p *Prober) progress(start event.StartProgress, text string) {
	e := event.Event{Type: event.TypeProgress, Message: text, Start: &start}
	if start.Total > 0 && start.Done > 0 && start.Done <= start.Total { // the last one has only begun
		e.Meter = &event.Meter{ID: "start", Unit: event.Migrations, Done: int64(start.Done - 1), Total: int64(start.Total)}
	}
	p.report(e)
}
