package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// leastEvery is the shortest time between two lines about an instance that did not
// change.
const leastEvery = 2 * time.Second

// watchStatus prints a line for each instance, again after a while, and at once when
// one changes, until ctx ends.
func watchStatus(ctx context.Context, a *app, dir string, every time.Duration) error {
	if every < leastEvery {
		return usage("--every: %s is too short. The minimum is %s", every, leastEvery)
	}
	e, machine, err := connect(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	w := watcherOf(e, machine, dir, dir)
	w.Public = nil // it is on no line
	if err := w.List(ctx); err != nil {
		return err
	}
	if len(w.Snapshot().Instances) == 0 && !a.json {
		present.NoInstance(a.stdout, dir)
	}
	if isTerminal(a.stdout) {
		fmt.Fprintln(a.stderr, "A line follows whenever something changes. Press Ctrl+C to stop watching.")
	}
	ctx, cancel := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { w.Run(ctx) })
	defer watcher.Wait()
	defer cancel()
	said := map[string]said{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := sayChanged(a, w.Snapshot(), said, every, time.Now()); err != nil {
			return nil //nolint:nilerr // who read it is gone
		}
		select {
		case <-ctx.Done():
			return nil // Ctrl+C ends watching
		case <-tick.C:
		}
	}
}

// said is what was printed last about an instance.
type said struct {
	what string
	at   time.Time
}

// docker is what is said of Docker itself; no instance has this key.
const docker = ""

// sayChanged prints what is new, or was not said for a while.
func sayChanged(a *app, s live.Snapshot, before map[string]said, every time.Duration, now time.Time) error {
	there := map[string]bool{docker: true}
	if last := before[docker]; last.what != s.Trouble {
		before[docker] = said{s.Trouble, now}
		text := "Docker answers again"
		if s.Trouble != "" {
			text = s.Trouble
		}
		fmt.Fprintf(a.stderr, "%s  %s\n", now.In(market.IST).Format("2006-01-02 15:04:05 MST"), printable.Line(text))
	}
	for _, i := range s.Instances {
		key := i.Dir + " " + i.Name
		there[key] = true
		last, known := before[key]
		what := string(i.State) + i.Reason + fmt.Sprint(len(i.Problems))
		if i.State == live.Checking && !known || what == last.what && now.Sub(last.at) < every {
			continue // it is asked in a moment
		}
		before[key] = said{what, now}
		if err := sayInstance(a, i, now); err != nil {
			return err
		}
	}
	for key := range before {
		if !there[key] {
			delete(before, key)
		}
	}
	return nil
}

func sayInstance(a *app, i live.Instance, now time.Time) error {
	line := present.LineOf(i, now)
	if a.json {
		text, err := json.Marshal(line)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, "%s\n", text)
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s  %s\n", now.In(market.IST).Format("2006-01-02 15:04:05 MST"), line)
	return err
}
