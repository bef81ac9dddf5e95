package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/doctor"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/watch"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// round makes one round, and then completes what interrupted runs owe.
func (c *watchCommand) round(ctx context.Context) error {
	preOpen, err := c.clock()
	if err != nil {
		return err
	}
	teller := notify.New(currentVersion())
	rules, err := teller.Rules()
	if err != nil {
		rules = notify.Rules{} // the usual; notify says what is wrong with its file
	}
	r := &watchRound{watchCommand: c, teller: teller}
	defer r.close()
	w := &watch.Watch{Store: hoststate.In(hoststate.Dir()), Now: clock.Now, Uptime: watch.Uptime, Rules: rules, PreOpen: preOpen,
		Look: r.look, Tell: r.tell, Ping: teller.Ping, Recover: r.recover}
	report, err := w.Round(ctx)
	if errors.Is(err, watch.ErrBusy) {
		fmt.Fprintln(c.stderr, "Another round of the watch is at work.")
		return nil
	}
	if err != nil {
		return err
	}
	report.Told = append(report.Told, w.Settle(ctx, report)...)
	if c.json {
		return c.writeJSON(report)
	}
	c.say(report)
	return nil
}

// say prints what a round told; a person reads the rest, too.
func (c *watchCommand) say(r watch.Report) {
	for _, m := range r.Told {
		text := m.Title
		if m.Text != "" {
			text += ": " + m.Text
		}
		fmt.Fprintf(c.stdout, "told: %s\n", printable.Line(text))
	}
	if r.Untold != "" {
		fmt.Fprintf(c.stdout, "messages could not be sent: %s\n", printable.Line(r.Untold))
	}
	if !isTerminal(c.stdout) {
		return // a log gets no lines when all is well
	}
	found := "no problems"
	if n := len(r.Problems); n > 0 {
		found = printable.Count(n, "problem")
	}
	fmt.Fprintf(c.stdout, "%s: %s watched, %s\n", market.Text(r.At), printable.Count(r.Watched, "instance"), found)
	c.list(r.Problems)
}

// watchRound is what a round uses.
type watchRound struct {
	*watchCommand
	teller  *notify.Notifier
	engine  *engine.Engine
	machine sizing.Machine
	lock    sync.Mutex // several instances are looked at at once
}

func (r *watchRound) close() {
	if r.engine != nil {
		_ = r.engine.Close()
	}
}

func (r *watchRound) look(ctx context.Context, s *watch.State) watch.Sight {
	l := watch.Looker{Now: clock.Now, Doctor: r.doctor}
	if r.only {
		dir, err := instance.Abs(r.dir)
		if err != nil {
			return watch.Sight{Docker: err.Error()}
		}
		l.Only = dir
	}
	var err error
	if r.engine, r.machine, err = connect(ctx); err != nil {
		l.DockerErr = firstLine(err)
	} else {
		l.Docker, l.Machine = r.engine, r.machine
		if info := r.engine.Info(); info.Local {
			l.RootDir = info.RootDir
		}
	}
	return l.Look(ctx, s)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// doctor asks doctor about one instance.
func (r *watchRound) doctor(ctx context.Context, a watch.Ask) map[string][]watch.Finding {
	hidden := settings.Redactor(answers.Answers{}, world.EnvOf(a.Dir))
	r.lock.Lock()
	r.teller.Hide(hidden)
	r.lock.Unlock()
	var paces []doctor.Pace
	for _, pace := range a.Paces {
		paces = append(paces, doctor.Pace(pace))
	}
	report := doctor.ExamineSome(ctx, doctor.Look{Dir: a.Dir, Engine: r.engine, Machine: r.machine, Seen: a.Seen, Host: a.Host, Public: a.Public}, paces...)
	prompt := finding.Prompt{Dir: a.Dir, Sudo: !instance.IsMine(a.Dir)}
	out := map[string][]watch.Finding{}
	for _, f := range report.Findings {
		if len(f.Unseen) > 0 {
			out[string(f.Pace)] = append(out[string(f.Pace)], watch.Finding{Unseen: f.Unseen})
		}
		if f.Level == doctor.OK {
			continue
		}
		found := watch.Finding{ID: f.ID, Text: hidden.Redact(f.Evidence), Ends: f.Ends, Machine: f.OfMachine}
		if len(f.Hints) > 0 {
			found.Command = prompt.Line(finding.Hint{Args: f.Hints[0].Args, Dir: f.Hints[0].Dir, Shell: f.Hints[0].Shell})
		}
		out[string(f.Pace)] = append(out[string(f.Pace)], found)
	}
	return out
}

// tell sends messages, and with none what was kept.
func (r *watchRound) tell(ctx context.Context, m ...notify.Message) error {
	if len(m) == 0 {
		return r.teller.Flush(ctx)
	}
	return r.teller.Send(ctx, m...)
}

// recover completes or undoes the interrupted run in a directory.
func (r *watchRound) recover(ctx context.Context, dir string) (string, error) {
	s, err := ops.New(dir, r.engine, r.machine, event.ReporterFunc(func(event.Event) {}))
	if err != nil {
		return "", err
	}
	s.Guard = freeze.Process
	result, err := s.Recover(ctx)
	return result.Message, err
}
