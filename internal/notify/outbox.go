package notify

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// What is kept of messages that could not be sent.
const (
	mostWaiting = 200
	mostAge     = 3 * 24 * time.Hour
	mostAtOnce  = 10 // parcels in one letter, so that no service refuses the rest
	mostRefused = 3  // letters in a round, before the rest is left for the next
	mostRound   = 60 * time.Second
	mostPause   = 10 * time.Second // that a service may ask for within a round
)

// outbox is what is still to be sent, and how the last try went.
type outbox struct {
	Next    int                `json:"next"` // the number of the next parcel
	Waiting []parcel           `json:"waiting"`
	Of      map[string]*health `json:"of"` // by the name of the address
}

// parcel is what one call of Send had to tell.
type parcel struct {
	ID       int       `json:"id"`
	At       time.Time `json:"at"`
	Messages []Message `json:"messages"`
	To       []string  `json:"to"` // who has not got it yet
}

// health is how sending to one address goes.
type health struct {
	Sent    time.Time `json:"sent,omitzero"`
	Failed  time.Time `json:"failed,omitzero"`
	ID      string    `json:"id,omitempty"`
	Error   string    `json:"error,omitempty"`
	Until   time.Time `json:"until,omitzero"` // the service takes nothing before
	Dropped int       `json:"dropped,omitempty"`
}

func (o *outbox) health(name string) *health {
	if o.Of == nil {
		o.Of = map[string]*health{}
	}
	if o.Of[name] == nil {
		o.Of[name] = &health{}
	}
	return o.Of[name]
}

// tidy drops what is too old or too much, the oldest first, and counts it.
func (o *outbox) tidy(now time.Time) {
	total := 0
	for i, p := range slices.Backward(o.Waiting) {
		total += len(p.Messages)
		if total <= mostWaiting && now.Sub(p.At) <= mostAge {
			continue
		}
		for _, name := range p.To {
			o.health(name).Dropped += len(p.Messages)
		}
		o.Waiting[i].To = nil
	}
	o.sweep()
}

// sweep removes the parcels that every address has got.
func (o *outbox) sweep() {
	o.Waiting = slices.DeleteFunc(o.Waiting, func(p parcel) bool { return len(p.To) == 0 })
}

// forget removes an address.
func (o *outbox) forget(name string) {
	delete(o.Of, name)
	for i := range o.Waiting {
		o.Waiting[i].To = slices.DeleteFunc(o.Waiting[i].To, func(to string) bool { return to == name })
	}
	o.sweep()
}

// outboxOf reads what is kept. One that is damaged holds nothing that could be sent.
func outboxOf(store hoststate.Store) *outbox {
	var o outbox
	if err := store.Load(outboxName, &o); err != nil {
		return &outbox{}
	}
	return &o
}

// update changes the outbox under its lock.
func (n *Notifier) update(ctx context.Context, do func(*outbox)) error {
	free, err := lock(ctx, n.store, filesLock)
	if err != nil {
		return err
	}
	defer free()
	o := outboxOf(n.store)
	o.tidy(n.now()) // before, or what was told as dropped would be counted again
	do(o)
	o.tidy(n.now())
	if err := n.store.Save(outboxName, o); err != nil {
		return finding.Named(finding.HostNotReady, "notify-unwritable", "messages cannot be kept: %w", err)
	}
	return nil
}

// Send tells the messages to every address of this machine, in one letter each. What
// cannot be sent now is kept, and goes out with a later Send or Flush: that is no
// error. Without an address there is nothing to do.
func (n *Notifier) Send(ctx context.Context, m ...Message) error {
	all, err := n.Targets()
	if err != nil || len(m) == 0 {
		return err
	}
	var to []string
	for _, t := range all {
		if t.Kind != target.Ping {
			to = append(to, t.Name)
		}
	}
	if len(to) == 0 {
		return nil
	}
	var tidy []Message
	for _, m := range m[:min(len(m), mostMessages)] {
		tidy = append(tidy, n.tidy(m))
	}
	// Kept before it is tried: a process that is killed here has lost nothing.
	err = n.update(ctx, func(o *outbox) {
		o.Next++
		o.Waiting = append(o.Waiting, parcel{ID: o.Next, At: n.now(), Messages: tidy, To: to})
	})
	if err != nil {
		return err
	}
	return n.Flush(ctx)
}

// Flush sends what is kept. That an address takes nothing now is no error: States
// and Failing say so.
func (n *Notifier) Flush(ctx context.Context) error {
	if len(outboxOf(n.store).Waiting) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, mostRound)
	defer cancel()
	free, err := lock(ctx, n.store, sendingLock)
	if wait.IsOver(err) {
		return nil // another process is sending; the next round sends what it leaves
	}
	if err != nil {
		return err
	}
	defer free()
	all, err := n.Targets()
	if err != nil {
		return err
	}
	box := outboxOf(n.store)
	box.tidy(n.now())
	results := make([]result, len(all))
	var sending sync.WaitGroup
	for i, t := range all {
		results[i].name = t.Name
		sending.Go(func() { n.deliver(ctx, t, box, &results[i]) })
	}
	sending.Wait()
	// What was sent is noted also after Ctrl+C, or it would be sent again.
	return n.update(context.WithoutCancel(ctx), func(o *outbox) {
		for _, r := range results {
			o.note(r, n.now())
		}
		for name := range o.Of {
			if !slices.ContainsFunc(all, func(t target.Target) bool { return t.Name == name }) {
				o.forget(name)
			}
		}
	})
}

// result is how sending to one address went.
type result struct {
	name    string
	sent    []int // parcels
	dropped int   // that were told of
	err     *trouble
}

// note enters a result.
func (o *outbox) note(r result, now time.Time) {
	if len(r.sent) == 0 && r.err == nil {
		return
	}
	h := o.health(r.name)
	if len(r.sent) > 0 {
		*h = health{Sent: now, Dropped: max(h.Dropped-r.dropped, 0), Failed: h.Failed}
	}
	if r.err != nil {
		h.Failed, h.ID, h.Error, h.Until = now, finding.IDOf(r.err.err), r.err.err.Error(), time.Time{}
		if r.err.after > 0 {
			h.Until = now.Add(min(r.err.after, time.Hour))
		}
		if h.Failed.Equal(h.Sent) {
			h.Failed = now.Add(time.Millisecond)
		}
	}
	for i, p := range o.Waiting {
		if slices.Contains(r.sent, p.ID) {
			o.Waiting[i].To = slices.DeleteFunc(p.To, func(to string) bool { return to == r.name })
		}
	}
	o.sweep()
}

// deliver sends all that one address has not got, and stops at the first failure.
func (n *Notifier) deliver(ctx context.Context, t target.Target, box *outbox, r *result) {
	var waiting []parcel
	for _, p := range box.Waiting {
		if slices.Contains(p.To, t.Name) {
			waiting = append(waiting, p)
		}
	}
	dropped := 0
	if h := box.Of[t.Name]; h != nil {
		if n.now().Before(h.Until) {
			return
		}
		dropped = h.Dropped
	}
	refused := 0
	for batch := range slices.Chunk(waiting, mostAtOnce) {
		err := n.hand(ctx, t, batch, &dropped, r)
		if err != nil && err.letter && len(batch) > 1 {
			// One letter that a service does not take must not hold up the others.
			for i := range batch {
				if err = n.hand(ctx, t, batch[i:i+1], &dropped, r); err != nil && !err.letter {
					return
				}
			}
		}
		if err != nil {
			refused++
		}
		if err != nil && !err.letter || refused >= mostRefused {
			return
		}
	}
}

// hand sends some parcels in one letter, and notes how that went.
func (n *Notifier) hand(ctx context.Context, t target.Target, batch []parcel, dropped *int, r *result) *trouble {
	var messages []Message
	for _, p := range batch {
		messages = append(messages, p.Messages...)
	}
	err := n.try(ctx, t, n.compose(messages, *dropped))
	if err != nil {
		r.err = err
	}
	if err != nil && !err.taken {
		return err
	}
	for _, p := range batch {
		r.sent = append(r.sent, p.ID)
	}
	r.dropped, *dropped = r.dropped+*dropped, 0
	return nil
}
