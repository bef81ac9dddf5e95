package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/autoupgrade"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/image"
	imagespec "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// autoOff ends automatic upgrades.
const autoOff = "off"

// autoFlags are the flags about upgrades in a window.
type autoFlags struct {
	auto string // a window, or off; "" is not given
	days int
	self bool // this program, too
	// selfGiven says that there is a choice about it.
	selfGiven bool
	hold      bool
	skip      string
	due       bool // what the machine's timer calls
}

func (f autoFlags) given() bool { return f.auto != "" || f.hold || f.skip != "" || f.due }

// setAuto does what the flags about upgrades in a window say.
func (c *upgradeCommand) setAuto(ctx context.Context, daysGiven bool) error {
	if c.to != "" || c.check || c.dryRun || c.now {
		return usage("--auto, --hold and --skip only change when OpenAlgo is upgraded: leave out --to, --check, --dry-run and --now")
	}
	if c.days < 0 || c.days > 90 {
		return usage("--days: %d is not a number of days from 0 to 90", c.days)
	}
	return c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error {
		if c.due {
			message, err := runDue(ctx, c.app, s, out)
			return out.end(event.Result{Message: message}, err)
		}
		message, err := c.choose(ctx, s, daysGiven)
		return out.end(event.Result{Changed: err == nil, Message: message}, err)
	})
}

// choose keeps what the user chose, and has this machine look when an upgrade is due.
func (c *upgradeCommand) choose(ctx context.Context, s *ops.Session, daysGiven bool) (string, error) {
	dir := s.Dir()
	state, unread := autoupgrade.Read(dir)
	if unread != nil && c.auto == "" {
		return "", unread
	}
	if unread != nil { // the choice of now counts
		state = &autoupgrade.State{Window: autoupgrade.Default, Days: autoupgrade.DefaultDays}
	}
	if c.auto == autoOff {
		_, err := later.RemoveUpgrades(ctx, string(dir))
		if err == nil && state != nil {
			state.On = false
			err = state.Choose(dir)
		}
		return "automatic upgrades are off", err
	}
	if c.auto == "" && (state == nil || !state.On) {
		if o, err := s.Look(ctx); err == nil && o.Container() != nil {
			if err := fromRegistry(o); err != nil {
				return "", err // to switch them on would be no use
			}
		}
		return "", finding.Named(finding.Usage, "auto-upgrade-off", "automatic upgrades are off, so there is nothing to hold or to skip").
			With(finding.Run("Switch them on", "upgrade", "--auto")).Ending(finding.Unchanged)
	}
	if state == nil {
		state = &autoupgrade.State{Window: autoupgrade.Default, Days: autoupgrade.DefaultDays}
	}
	if c.auto != "" {
		if err := c.switchOn(ctx, s, state, daysGiven); err != nil {
			return "", err
		}
	}
	if c.hold {
		state.Hold = true
	}
	if c.skip != "" {
		state.SkipOver(c.skip)
	}
	if err := state.Choose(dir); err != nil {
		return "", err
	}
	switch again := finding.Command(dir, "upgrade", "--auto"); {
	case c.skip != "":
		return "automatic upgrades skip " + c.skip, nil
	case c.hold:
		return "automatic upgrades are on hold. To continue: " + again, nil
	}
	from, _ := state.Window.Next(clock.Now())
	return fmt.Sprintf("OpenAlgo will be upgraded %s, for the first time on %s, to releases that are at least %d days old. "+
		"You are told on the evening before, if you have set up messages (%s). To pause upgrades: %s", state.Window, from.Format("Mon 2 Jan"), state.Days,
		finding.Command(dir, "notify", "add"), finding.Command(dir, "upgrade", "--hold")), nil
}

// fromRegistry refuses an instance whose image no registry has.
func fromRegistry(o *world.Observation) error {
	if ref := o.State.ImageRef; !o.State.IsOurs() || imagespec.IsTest(ref) || image.IsBuild(ref) {
		return finding.Named(finding.HostNotReady, "auto-upgrade-source", "automatic upgrades need an image from a registry, and this one is %q", ref).Ending(finding.Unchanged)
	}
	return nil
}

// switchOn sets the window up. Without a new one it goes on with the one of before.
func (c *upgradeCommand) switchOn(ctx context.Context, s *ops.Session, state *autoupgrade.State, daysGiven bool) error {
	o, err := s.Look(ctx)
	if err != nil {
		return err
	}
	if _, err := guard.Present(o); err != nil {
		return err
	}
	if err := fromRegistry(o); err != nil {
		return err
	}
	b, _ := broker.Find(settings.BrokerOf(o.Env))
	if c.auto != autoOn || !state.On {
		if b.Kind == broker.Crypto && c.auto == autoOn {
			return usage(`--auto: crypto markets never close, so choose a window yourself, for example --auto="Sunday 05:00-07:00"`)
		}
		if state.Window, err = autoupgrade.ParseWindow(c.auto); err != nil {
			return usage("--auto: %v", err)
		}
	}
	if trades := state.Window.Trades(clock.Now(), kept.Load(s.Dir())); trades != "" { // no upgrade is made then, whatever the broker
		return finding.Named(finding.Usage, "market-open", "--auto: in this window %s, and an upgrade stops OpenAlgo. Choose another window", trades).Ending(finding.Unchanged)
	}
	if daysGiven {
		state.Days = c.days
	}
	state.On, state.Hold = true, false
	if c.selfGiven {
		state.Self = c.self
	}
	job, err := c.upgradeJob(s, o)
	if err != nil {
		return err
	}
	if _, err := s.Dir().Create(); err != nil {
		return finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	_, err = later.SetUpgrades(ctx, job)
	return err
}

// upgradeJob is what the machine runs.
func (c *upgradeCommand) upgradeJob(s *ops.Session, o *world.Observation) (later.UpgradeJob, error) {
	self, err := os.Executable()
	if err != nil {
		return later.UpgradeJob{}, fmt.Errorf("finding openalgo-install's own file: %w", err)
	}
	dir, err := filepath.Abs(string(s.Dir()))
	if err != nil {
		return later.UpgradeJob{}, err
	}
	env, err := later.EngineEnvironment(os.Getenv, s.Engine.Info().Endpoint)
	return later.UpgradeJob{Dir: dir, Env: env, User: o.Engine.Rootless, Command: []string{self, "upgrade", "--due", "--json", "--dir=" + dir}}, err
}

// following is the reference whose newest image an upgrade without --to goes to.
func (c *upgradeCommand) following() string {
	dir, err := instance.Abs(c.dir)
	if err != nil {
		return ""
	}
	s, err := instance.Dir(dir).LoadState()
	if err != nil {
		return ""
	}
	if ref := autoupgrade.Follows(instance.Dir(dir), s.ImageRef); ref != s.ImageRef {
		return ref
	}
	return ""
}
