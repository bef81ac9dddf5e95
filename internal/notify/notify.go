package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// The files of the machine's state, and its locks.
const (
	fileName    = "notify.json"
	outboxName  = "notify-outbox.json"
	filesLock   = "notify"      // held for a moment, around a change of the files
	sendingLock = "notify-send" // held while messages go out
)

// Notifier sends messages to every address of this machine.
type Notifier struct {
	courier
	store hoststate.Store
}

// New returns the Notifier of this machine.
func New(version string) *Notifier { return in(hoststate.Dir(), version) }

func in(dir, version string) *Notifier {
	return &Notifier{courier: newCourier(version), store: hoststate.In(dir)}
}

// kept is a target as its file has it.
type kept struct {
	Kind   target.Kind `json:"kind"`
	Name   string      `json:"name"`
	Secret string      `json:"secret"`
	Server string      `json:"server,omitempty"`
	User   string      `json:"user,omitempty"`
	From   string      `json:"from,omitempty"`
	To     []string    `json:"to,omitempty"`
	For    string      `json:"for,omitempty"`
}

// file is what a machine's owner entered.
type file struct {
	Version int    `json:"version"`
	Targets []kept `json:"targets"`
	Rules   Rules  `json:"rules,omitzero"`
}

// mostTargets is how many addresses a machine may have.
const mostTargets = 20

func (n *Notifier) load() (f file, err error) {
	if err := n.store.Load(fileName, &f); err != nil {
		return f, finding.Named(finding.HostNotReady, "notify-unreadable", "the addresses for messages cannot be read: %w", err)
	}
	f.Targets = f.Targets[:min(len(f.Targets), mostTargets)]
	return f, nil
}

// Targets lists the addresses of this machine.
func (n *Notifier) Targets() (out []target.Target, err error) {
	f, err := n.load()
	for _, k := range f.Targets {
		out = append(out, target.Target{Kind: k.Kind, Name: k.Name, Secret: secret.New(k.Secret), Server: k.Server, User: k.User, From: k.From, To: k.To, For: k.For})
	}
	return out, err
}

// Add keeps an address, in the place of one of its name.
func (n *Notifier) Add(ctx context.Context, t target.Target) error {
	if err := t.Check(); err != nil {
		return Invalid(err)
	}
	return n.change(ctx, func(f *file) error {
		fresh := kept{t.Kind, t.Name, t.Secret.Reveal(), t.Server, t.User, t.From, t.To, t.For}
		if i := slices.IndexFunc(f.Targets, func(k kept) bool { return k.Name == t.Name }); i >= 0 {
			f.Targets[i] = fresh
			return nil
		}
		if len(f.Targets) >= mostTargets {
			return finding.Named(finding.Usage, "notify-many", "this machine has %d addresses for messages already, which is the most", mostTargets).
				With(finding.Anywhere("Remove one", "notify", "remove", "NAME")).Ending(finding.Unchanged)
		}
		f.Targets = append(f.Targets, fresh)
		return nil
	})
}

// Remove forgets an address, and what was to be sent to it.
func (n *Notifier) Remove(ctx context.Context, name string) error {
	err := n.change(ctx, func(f *file) error {
		before := len(f.Targets)
		f.Targets = slices.DeleteFunc(f.Targets, func(k kept) bool { return k.Name == name })
		if len(f.Targets) == before {
			return unknown(name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return n.update(ctx, func(o *outbox) { o.forget(name) })
}

// Invalid is what Check says about an address or a rule, as an error of the command line.
func Invalid(err error) error {
	return finding.Named(finding.Usage, "notify-invalid", "this cannot be used: %w", err).Ending(finding.Unchanged)
}

func unknown(name string) error {
	return finding.Named(finding.Usage, "notify-unknown", "there is no address for messages with the name %q", name).
		With(finding.Anywhere("List the names", "notify", "list")).Ending(finding.Unchanged)
}

// change writes the file as do makes it, under the lock.
func (n *Notifier) change(ctx context.Context, do func(*file) error) error {
	free, err := lock(ctx, n.store, filesLock)
	if err != nil {
		return err
	}
	defer free()
	f, err := n.load()
	if err != nil {
		return err
	}
	if err := do(&f); err != nil {
		return err
	}
	f.Version = 1
	if err := n.store.Save(fileName, f); err != nil {
		return finding.Named(finding.HostNotReady, "notify-unwritable", "the addresses for messages cannot be kept: %w", err).Ending(finding.Unchanged)
	}
	return nil
}

// patience is how long a lock is waited for.
const patience = 20 * time.Second

func lock(ctx context.Context, store hoststate.Store, name string) (free func(), err error) {
	if free, err = store.Lock(ctx, name, patience); err != nil {
		return nil, finding.Named(finding.HostNotReady, "notify-unwritable", "messages cannot be kept: %w", err)
	}
	return free, nil
}

// State is what an address is like, without its secret.
type State struct {
	Kind    target.Kind `json:"kind"`
	Name    string      `json:"name"`
	Host    string      `json:"host"`
	Sent    time.Time   `json:"last_sent,omitzero"`
	Failed  time.Time   `json:"last_failed,omitzero"`
	ID      string      `json:"id,omitempty"`    // what the last try failed with
	Error   string      `json:"error,omitempty"` // the same in words
	Waiting int         `json:"waiting"`         // how many messages are to be sent
	Dropped int         `json:"dropped,omitempty"`
}

// Fails reports whether the last try failed.
func (s State) Fails() bool { return s.Failed.After(s.Sent) }

// States lists the addresses of this machine with how the last try ended.
func (n *Notifier) States() ([]State, error) {
	all, err := n.Targets()
	if err != nil {
		return nil, err
	}
	box := outboxOf(n.store)
	box.tidy(n.now())
	out := []State{}
	for _, t := range all {
		s := State{Kind: t.Kind, Name: t.Name, Host: t.Host()}
		if h := box.Of[t.Name]; h != nil {
			s.Sent, s.Failed, s.ID, s.Error, s.Dropped = h.Sent, h.Failed, h.ID, h.Error, h.Dropped
		}
		for _, p := range box.Waiting {
			if slices.Contains(p.To, t.Name) {
				s.Waiting += len(p.Messages)
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// Failing says which addresses took no message at the last try, one line each.
func Failing(states []State) (out []string) {
	for _, s := range states {
		if s.Fails() {
			out = append(out, fmt.Sprintf("messages to %s (%s) fail: %s", s.Name, s.Kind, s.Error))
		}
	}
	return out
}
