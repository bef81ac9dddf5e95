package autoupgrade

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// Labels by which the image of a release says that it closes a security hole, or that
// it needs its owner's hands.
const (
	LabelSecurity = "io.openalgo.release.security"
	LabelBreaking = "io.openalgo.release.breaking"
)

// Release is an image that may be installed.
type Release struct {
	Ref      string    `json:"ref"` // the tag that it was found by
	Digest   string    `json:"digest"`
	Version  string    `json:"version,omitempty"` // OpenAlgo's own; "" is not known
	Since    time.Time `json:"since"`             // when it was made, or seen first
	Security bool      `json:"security,omitempty"`
	Breaking bool      `json:"breaking,omitempty"`
}

// name is what a person knows a release by.
func (r Release) name() string {
	if r.Version != "" {
		return "OpenAlgo " + r.Version
	}
	return "the release " + short(r.Digest)
}

func short(digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return hex[:min(len(hex), 12)]
}

// Action is what is done now.
type Action string

// The actions.
const (
	Wait    Action = "wait"
	Notice  Action = "notice" // say that the next window upgrades
	Refuse  Action = "refuse" // say that no window upgrades to this release
	Upgrade Action = "upgrade"
)

// Decision is an action and why, in one phrase.
type Decision struct {
	Do  Action
	Why string
}

const (
	// needed is the time that an upgrade must have left of its window.
	needed = 30 * time.Minute
	// margin is how long before a session a window ends, and specialMargin is how long
	// before a special one it begins.
	margin        = time.Hour
	specialMargin = 12 * time.Hour
)

// IsTime reports whether there is something to look at: a window, its notice, or a day
// without a look.
func (s *State) IsTime(now time.Time) bool {
	from, _ := s.Window.Next(now)
	return s.On && !s.Hold && !from.IsZero() && (!now.Before(noticeFrom(from)) || s.isLookDue(now))
}

// isLookDue reports whether releases are looked for between windows: once a day at night,
// while no exchange trades, since an image is unpacked then.
func (s *State) isLookDue(now time.Time) bool {
	return now.Sub(s.At) >= 20*time.Hour && now.In(market.IST).Hour() < 6
}

// Decide says what is done at a time about a release. runs is the installed release.
func Decide(now time.Time, s *State, runs, r Release, c *calendar.Calendar) Decision {
	from, to := s.Window.Next(now)
	switch {
	case !s.On:
		return Decision{Wait, "automatic upgrades are off"}
	case s.Hold:
		return Decision{Wait, "automatic upgrades are on hold"}
	case from.IsZero():
		return Decision{Wait, "there is no window"}
	case isFixed(r.Ref):
		return Decision{Wait, "OpenAlgo is pinned to one image. To follow a tag again: upgrade --to TAG"}
	case r.Digest == "" || r.Digest == runs.Digest:
		return Decision{Wait, "OpenAlgo runs the newest release"}
	case slices.Contains(s.Skip, r.Digest) || r.Version != "" && slices.Contains(s.Skip, r.Version):
		return Decision{Wait, r.name() + " is skipped"}
	case r.Digest == s.Failed.Digest:
		return Decision{Wait, r.name() + " failed on " + day(s.Failed.At) + ". The next try is with a newer release"}
	case r.Digest == s.Done.Digest:
		return Decision{Wait, r.name() + " was installed on " + day(s.Done.At) + " and rolled back since. The next try is with a newer release"}
	}
	isNotice := now.Before(from) && !now.Before(noticeFrom(from))
	if why := unfit(runs, r); why != "" {
		if isNotice && s.Refused != r.Digest {
			return Decision{Refuse, why}
		}
		return Decision{Wait, why}
	}
	if age := time.Duration(s.Days) * 24 * time.Hour; !r.Security && from.Sub(r.Since) < age {
		return Decision{Wait, fmt.Sprintf("%s is of %s and will be installed %d days later", r.name(), day(r.Since), s.Days)}
	}
	if why := busy(from, to, c); why != "" {
		return Decision{Wait, why}
	}
	switch told := s.Told.Digest == r.Digest && !s.Told.At.Before(noticeFrom(from)); {
	case isNotice && !told:
		return Decision{Notice, r.name() + " will be installed on " + s.Window.on(from)}
	case now.Before(from):
		return Decision{Wait, r.name() + " will be installed on " + s.Window.on(from)}
	case !told && !r.Security:
		return Decision{Wait, r.name() + " was not announced before this window, so it waits for the next one"}
	case to.Sub(now) < needed:
		return Decision{Wait, "the window ends soon, so the upgrade waits for the next one"}
	}
	return Decision{Upgrade, r.name() + " is installed"}
}

// isFixed reports whether a reference always names the same image.
func isFixed(ref string) bool { return strings.Contains(ref, "@") }

// unfit says why a release is not for an automatic upgrade.
func unfit(runs, r Release) string {
	was, is := major(runs.Version), major(r.Version)
	switch {
	case r.Breaking:
		return r.name() + " says that it needs your attention"
	case was == "" || is == "":
		return r.name() + " does not say which version it is"
	case was != is:
		return r.name() + " is another major version than " + runs.Version
	}
	return ""
}

// major is the first number of a version.
func major(version string) string {
	first, _, ok := strings.Cut(version, ".")
	if !ok || first == "" || strings.Trim(first, "0123456789") != "" {
		return ""
	}
	return first
}

// busy says why no upgrade is made in a window: a market is too near.
func busy(from, to time.Time, c *calendar.Calendar) string {
	if !c.Quiet(from, to.Add(margin)) {
		return "a market trades on " + day(from) + " in the window, or soon after"
	}
	next := c.Next(from)
	if name := c.Special(next); name != "" && !next.IsZero() && next.Sub(from) < specialMargin {
		return "a special session is near: " + name
	}
	return ""
}
