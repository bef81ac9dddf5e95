package elsewhere

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/meter"
)

// ReadBack reads one of the copies in the store to its end, once a week, and holds it
// against the sum of what was sent: one that was never read back first, and the newest
// of these. It keeps how that ended; nil: none is due.
func (s Sender) ReadBack(ctx context.Context, now time.Time) (*known.ReadBack, error) {
	if !known.LoadLast(s.Dir).ReadDue(now) {
		return nil, nil
	}
	sent := known.LoadStored(s.Dir)
	store, err := Open(ctx, s.To, s.Keys)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	all, err := store.List(ctx) // by name, so by time
	if err != nil {
		return nil, err
	}
	var one known.Stored
	there := map[string]bool{}
	for _, e := range all {
		there[e.Name] = true
		if this, ok := sent[e.Name]; ok && this.Address == s.To.String() && (one.Name == "" || !this.Read.After(one.Read)) {
			one = this
		}
	}
	if one.Name == "" {
		return nil, nil
	}
	r := known.ReadBack{Name: one.Name}
	err = meter.Do(ctx, s.Report, "read-back", "read "+one.Name+" in "+s.To.String()+" back", func(ctx context.Context) error {
		return compare(ctx, store, one.Name, one.Bytes, one.SHA256)
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if r.At, r.OK = now, err == nil; err != nil {
		r.Message = err.Error()
	} else {
		one.Read = now
		err = known.KeepStored(s.Dir, one, func(name string) bool { return there[name] })
	}
	if kept := known.SaveReadBack(s.Dir, r); kept != nil {
		err = kept
	}
	return &r, err
}
