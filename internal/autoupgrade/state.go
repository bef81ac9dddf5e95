package autoupgrade

import (
	"fmt"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// State is what the owner of an instance chose, and what became of it.
type State struct {
	On     bool     `json:"on"`
	Hold   bool     `json:"hold,omitempty"`
	Window Window   `json:"window"`
	Days   int      `json:"days"` // how long a release must be out
	Skip   []string `json:"skip,omitempty"`
	Self   bool     `json:"self,omitempty"` // openalgo-install is updated, too

	// Follow is the tag whose newest image is installed. Pinned is the reference that
	// it was installed by: a tag may move on between the notice and the window.
	Follow string `json:"follow,omitempty"`
	Pinned string `json:"pinned,omitempty"`
	// Earlier are references that were pinned before: a rollback goes back to one.
	Earlier []string `json:"earlier,omitempty"`

	Seen    Release `json:"seen,omitzero"`
	Told    Mark    `json:"told,omitzero"`
	Refused string  `json:"refused,omitempty"` // the release that was told to need hands
	Done    Mark    `json:"done,omitzero"`
	Failed  Mark    `json:"failed,omitzero"`
	// Backups are the files of the last backups that were made before an upgrade.
	Backups []string `json:"backups,omitempty"`
	// Problem is the one of the last try that did not begin, and was told.
	Problem string `json:"problem,omitempty"`
	// SelfProblem is why openalgo-install was not updated last, as it was told.
	SelfProblem string `json:"self_problem,omitempty"`
	// Last is what the last look decided.
	Last string    `json:"last,omitempty"`
	At   time.Time `json:"at,omitzero"`
}

// Mark is what happened to a release, and when.
type Mark struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
	Why    string    `json:"why,omitempty"`
}

// DefaultDays is how long a release must be out.
const DefaultDays = 3

const (
	name     = "autoupgrade.json"
	mostSkip = 20
	mostPins = 20
	mostDays = 90
	// keptBackups is how many backups of automatic upgrades stay: two that went wrong
	// unnoticed still leave a good one.
	keptBackups = 3
)

// Read returns the state of an instance; nil where automatic upgrades were never on.
func Read(dir instance.Dir) (*State, error) {
	s, err := instance.Load[State](dir, name)
	if err == nil && s != nil {
		if err = s.Window.check(); err == nil && (s.Days < 0 || s.Days > mostDays) {
			err = fmt.Errorf("%d days", s.Days)
		}
	}
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "auto-upgrade-unreadable", "the settings of automatic upgrades cannot be read, so none is made: %s: %w", dir.Work(name), err).
			With(finding.Run("Set them up again", "upgrade", "--auto"))
	}
	return s, nil
}

// Load is Read for those to whom a file that cannot be read is as good as none.
func Load(dir instance.Dir) *State {
	s, _ := Read(dir)
	return s
}

// made adds a backup, and returns those that are more than need be kept.
func (s *State) made(file string) (old []string) {
	s.Backups = append(slices.DeleteFunc(s.Backups, func(f string) bool { return f == file }), file)
	n := max(len(s.Backups)-keptBackups, 0)
	old, s.Backups = s.Backups[:n:n], s.Backups[n:]
	return old
}

// Save keeps it.
func (s *State) Save(dir instance.Dir) error { return instance.Save(dir, name, s) }

// Choose keeps what the owner chose, beside what runs of meanwhile found out.
func (s *State) Choose(dir instance.Dir) error {
	if now := Load(dir); now != nil {
		now.choose(s)
		s = now
	}
	return s.Save(dir)
}

// choose takes over what the owner chose; nil is nothing new.
func (s *State) choose(now *State) {
	if now != nil {
		s.On, s.Hold, s.Window, s.Days, s.Skip, s.Self = now.On, now.Hold, now.Window, now.Days, now.Skip, now.Self
	}
}

// pin keeps the reference that an upgrade installs.
func (s *State) pin(ref string) {
	if s.Pinned != "" && s.Pinned != ref {
		s.Earlier = append(slices.DeleteFunc(s.Earlier, func(e string) bool { return e == s.Pinned }), s.Pinned)
		s.Earlier = s.Earlier[max(len(s.Earlier)-mostPins, 0):]
	}
	s.Pinned = ref
}

// isPinned reports whether an automatic upgrade installed a reference.
func (s *State) isPinned(ref string) bool {
	return ref != "" && (ref == s.Pinned || slices.Contains(s.Earlier, ref))
}

// SkipOver adds a release to those that are skipped, the oldest of which is forgotten.
func (s *State) SkipOver(release string) {
	if !slices.Contains(s.Skip, release) {
		s.Skip = append(s.Skip, release)
	}
	s.Skip = s.Skip[max(len(s.Skip)-mostSkip, 0):]
}

// Follows is the reference whose newest image an instance is upgraded to: the tag that
// was followed, where the installed reference is one that an automatic upgrade pinned.
func Follows(dir instance.Dir, installed string) string {
	if s := Load(dir); s != nil && s.Follow != "" && s.isPinned(installed) {
		return s.Follow
	}
	return installed
}

// Text says in one line what is to happen; "" for nil.
func (s *State) Text() string {
	switch {
	case s == nil || !s.On:
		return ""
	case s.Hold:
		return "on hold (" + s.Window.String() + ")"
	}
	text := s.Window.String()
	if s.Last != "" {
		text += ". " + s.Last
	}
	return text
}
