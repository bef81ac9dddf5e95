package elsewhere

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

// resumed reads a file of a store. Where the line breaks, it goes on from the same
// place over another one.
type resumed struct {
	ctx    context.Context //nolint:containedctx // of one reading
	store  Store
	name   string
	from   io.ReadCloser
	at     int64
	broken time.Time // since when nothing came; zero: it comes
}

// read opens a file of a store, to be read to its end.
func read(ctx context.Context, s Store, name string) (io.ReadCloser, error) {
	from, err := s.Get(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	return &resumed{ctx: ctx, store: s, name: name, from: from}, nil
}

func (r *resumed) Read(p []byte) (int, error) {
	for {
		n, err := r.from.Read(p)
		if r.at += int64(n); n > 0 {
			r.broken = time.Time{}
			return n, nil
		}
		if err == nil || errors.Is(err, io.EOF) || r.at == 0 || r.ctx.Err() != nil || !mayPass(err) {
			return 0, err
		}
		if again := r.again(err); again != nil {
			return 0, again
		}
	}
}

// again opens the file from where it broke off.
func (r *resumed) again(why error) error {
	_ = r.from.Close()
	if r.broken.IsZero() {
		r.broken = time.Now()
	}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if time.Since(r.broken) > patience || wait.For(r.ctx, pause) != nil {
			r.from = io.NopCloser(brokenOff{why})
			return why
		}
		from, err := r.store.Get(r.ctx, r.name, r.at)
		if err == nil {
			r.from = from
			return nil
		}
		if why = err; !mayPass(err) {
			r.from = io.NopCloser(brokenOff{why})
			return why
		}
	}
}

func (r *resumed) Close() error { return r.from.Close() }

// brokenOff is what is left of a file that cannot be read on.
type brokenOff struct{ error }

func (b brokenOff) Read([]byte) (int, error) { return 0, b.error }

// Pauses before a line is tried again.
var (
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// mayPass reports whether an error is of the line, and not what the store means.
func mayPass(err error) bool {
	if r := (*refusal)(nil); errors.As(err, &r) {
		return r.passing()
	}
	return !isStatus(err) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errBroken)
}
