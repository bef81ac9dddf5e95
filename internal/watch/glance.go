package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Glanced is whether the watch is on, and what its last round found.
type Glanced struct {
	On      bool      `json:"on"`
	By      string    `json:"by,omitempty"`      // systemd, cron or crontab
	PreOpen string    `json:"preopen,omitempty"` // HH:MM in India
	At      time.Time `json:"last_round,omitzero"`
	// Problem says why no rounds are made; "" where they are.
	Problem  string    `json:"problem,omitempty"`
	Problems []Problem `json:"problems"`
}

// lateRound is after what time without a round something is wrong.
const lateRound = 15 * time.Minute

// Glance looks at the watch of this machine.
func Glance(ctx context.Context) Glanced {
	return glance(later.LoadWatch(ctx), Read(hoststate.In(hoststate.Dir())), time.Now())
}

func glance(on *later.WatchOn, s State, now time.Time) Glanced {
	g := Glanced{At: s.At, Problems: s.Problems()}
	if on == nil {
		return g
	}
	g.On, g.By, g.PreOpen, g.Problem = true, on.By, on.PreOpen, on.Problem
	if g.Problem == "" && !s.At.IsZero() && now.Sub(s.At) > lateRound {
		g.Problem = "no round was made since " + market.Text(s.At)
	}
	return g
}

// String is it in one line.
func (g Glanced) String() string {
	if !g.On {
		return "off"
	}
	text := "on, no round yet"
	if !g.At.IsZero() {
		form := "15:04 MST"
		if time.Since(g.At) > 12*time.Hour {
			form = "2 Jan 2006, 15:04 MST"
		}
		found := "no problems"
		if n := len(g.Problems); n > 0 {
			found = printable.Count(n, "problem")
		}
		text = fmt.Sprintf("on, %s at %s", found, g.At.In(market.IST).Format(form))
	}
	if g.Problem != "" {
		text += ". " + printable.Capital(g.Problem)
	}
	return text
}

// Forget removes what the watch knew.
func Forget(store hoststate.Store) error { return store.Remove(stateName) }

// Directories are those of the instances that the last round saw.
func Directories(store hoststate.Store) (out []instance.Dir) {
	for dir := range Read(store).Instances {
		out = append(out, instance.Dir(dir))
	}
	return out
}
