// Package meter measures how far long work is: how much is done, of how much, how
// fast, and how long the rest takes. Who does the work counts it into its context,
// which costs next to nothing and never waits; who began the work reports it.
package meter

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// every is how often it is reported how far the work is.
const every = 250 * time.Millisecond

// counter is what was counted so far, in bytes.
type counter struct{ done, total atomic.Int64 }

type key struct{}

func of(ctx context.Context) *counter {
	c, _ := ctx.Value(key{}).(*counter)
	return c
}

// IsRead reports whether somebody reads what is counted.
func IsRead(ctx context.Context) bool { return of(ctx) != nil }

// Expect says that so many bytes, at least, follow. It is called before they are
// counted.
func Expect(ctx context.Context, bytes int64) {
	if c := of(ctx); c != nil && bytes > 0 {
		c.total.Store(max(c.total.Load(), c.done.Load()+bytes))
	}
}

// Add counts bytes that are done.
func Add(ctx context.Context, bytes int64) {
	if c := of(ctx); c != nil {
		c.done.Add(bytes)
	}
}

// Reader counts what is read.
func Reader(ctx context.Context, in io.Reader) io.Reader {
	c := of(ctx)
	if c == nil {
		return in
	}
	return &reader{in, c}
}

type reader struct {
	in io.Reader
	c  *counter
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	r.c.done.Add(int64(n))
	return n, err
}

// Do does work that counts into the context that it gets, as a part of a step, and
// reports meanwhile how far it is. message names it where the step does not; "" is the
// step.
func Do(ctx context.Context, to event.Reporter, step, message string, work func(context.Context) error) error {
	w := &watch{to: to, step: step, message: message, gauge: Gauge{ID: step, Unit: event.Bytes}}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case now := <-ticker.C:
				w.tell(now)
			}
		}
	}()
	err := errors.New("the work did not return")
	defer func() {
		close(quit)
		<-ended
		w.end(time.Now(), err)
	}()
	err = work(context.WithValue(ctx, key{}, &w.counter))
	return err
}

// watch reports what is counted.
type watch struct {
	counter
	to            event.Reporter
	step, message string
	gauge         Gauge
	told          event.Meter
}

// tell reports how far the work is, unless nothing was counted since.
func (w *watch) tell(now time.Time) {
	done := w.done.Load() // before the total, which is set before it is done
	m := w.gauge.Read(now, done, w.total.Load())
	if m.Done == w.told.Done && m.Total == w.told.Total {
		return
	}
	w.told = m
	w.to.Report(event.Event{Type: event.TypeProgress, Time: now, Step: w.step, Message: w.message, Meter: &m})
}

// end reports work that is complete as complete: a file may have become shorter.
func (w *watch) end(now time.Time, err error) {
	if err == nil && w.total.Load() > 0 {
		w.done.Store(max(w.done.Load(), w.total.Load()))
	}
	w.tell(now)
}
