package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
)

// Rules are what a person may choose about when problems are told.
type Rules struct {
	Repeat time.Duration `json:"repeat,omitempty"` // until a problem is told again; 0: the usual
	Urgent time.Duration `json:"urgent,omitempty"` // the same for urgent ones while a market is open
	Quiet  Hours         `json:"quiet,omitzero"`   // warnings wait for its end
}

// Usual is how often a problem is told again, and an urgent one while a market is open.
const (
	Usual       = 6 * time.Hour
	UsualUrgent = 30 * time.Minute
)

// Check says what is wrong with the rules.
func (r Rules) Check() error {
	for _, d := range []time.Duration{r.Repeat, r.Urgent} {
		if d != 0 && (d < 5*time.Minute || d > 7*24*time.Hour) {
			return errors.New("a problem is told again after 5 minutes to 7 days, for example 12h")
		}
	}
	return nil
}

// Hours are a part of each day in India, in minutes from midnight; none where both are
// the same.
type Hours struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// ParseHours reads 22:00-06:00; "off" are none.
func ParseHours(text string) (Hours, error) {
	if text == "" || text == "off" {
		return Hours{}, nil
	}
	from, to, ok := strings.Cut(text, "-")
	a, err := time.Parse("15:04", strings.TrimSpace(from))
	b, err2 := time.Parse("15:04", strings.TrimSpace(to))
	if !ok || err != nil || err2 != nil || a.Equal(b) {
		return Hours{}, errors.New("quiet hours are two times in IST, for example 22:00-06:00, or off")
	}
	return Hours{a.Hour()*60 + a.Minute(), b.Hour()*60 + b.Minute()}, nil
}

// Has reports whether a time is within the hours.
func (h Hours) Has(at time.Time) bool {
	at = at.In(market.IST)
	minute := at.Hour()*60 + at.Minute()
	if h.From <= h.To {
		return minute >= h.From && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

// String is how a person enters the hours.
func (h Hours) String() string {
	if h.From == h.To {
		return "off"
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// Rules returns what this machine's owner chose.
func (n *Notifier) Rules() (Rules, error) {
	f, err := n.load()
	return f.Rules, err
}

// SetRules keeps what this machine's owner chose.
func (n *Notifier) SetRules(ctx context.Context, r Rules) error {
	if err := r.Check(); err != nil {
		return Invalid(err)
	}
	return n.change(ctx, func(f *file) error {
		f.Rules = r
		return nil
	})
}
