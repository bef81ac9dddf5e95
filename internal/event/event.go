// Package event tells what happens in a run, for terminals and for programs.
package event

import (
	"cmp"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/welcome"
)

// Event types, as `--json` prints them.
const (
	TypePlan     = "plan"     // the plan that is about to be carried out
	TypeStep     = "step"     // a step began or ended
	TypeProgress = "progress" // how far work is that takes its time
	TypeNote     = "note"     // something worth saying
	TypeWarning  = "warning"  // something to act on
	TypeLog      = "log"      // a line of the container's log
	TypeResult   = "result"   // the last event
)

// States of a step.
const (
	Started = "start"
	Done    = "done"
	Failed  = "failed"
)

// Event is one thing that happened in a run. With `--json` each is one line.
type Event struct {
	Type     string         `json:"type"`
	Instance string         `json:"instance,omitempty"` // where several are installed in one run
	Time     time.Time      `json:"time"`
	Step     string         `json:"step,omitempty"`
	State    string         `json:"state,omitempty"`
	Seconds  float64        `json:"seconds,omitempty"`
	Message  string         `json:"message,omitempty"`
	Progress *PullProgress  `json:"progress,omitempty"` // of a pull
	Build    *BuildProgress `json:"build,omitempty"`    // of a build
	Start    *StartProgress `json:"start,omitempty"`    // of OpenAlgo's start
	Meter    *Meter         `json:"meter,omitempty"`    // of all that can be counted, those included
	Plan     any            `json:"plan,omitempty"`     // what a plan looks like is not known here
	Shown    bool           `json:"-"`                  // a person has read it before

	// Of the last event alone, but for the name and the hints of a warning.
	OK      *bool `json:"ok,omitempty"`
	Exit    *int  `json:"exit,omitempty"`
	Changed *bool `json:"changed,omitempty"`
	// DowntimeMS is how long OpenAlgo was down; 0: it was not, or is not known.
	DowntimeMS int64          `json:"downtime_ms,omitempty"`
	URL        string         `json:"url,omitempty"`
	ID         string         `json:"id,omitempty"`    // of what was found
	Hints      []finding.Hint `json:"hints,omitempty"` // what to do about it
	// SetupLink opens a site that is closed to others until its admin account exists.
	// It is secret, and in no other event: whoever installs without a person needs it.
	SetupLink string `json:"setup_link,omitempty"`
	// PublicIP is the address from which brokers see this machine.
	PublicIP publicip.Address `json:"public_ip,omitzero"`
	// FrozenMS is how long OpenAlgo was frozen, its connections open; 0: it was not.
	FrozenMS int64 `json:"frozen_ms,omitempty"`
	// Drill is what a test restore of a backup found.
	Drill *Drill `json:"drill,omitempty"`
	// Problems are all that was found, where it is more than one.
	Problems []Problem `json:"problems,omitempty"`
	// Instances is how each of several installs ended.
	Instances []Installed `json:"instances,omitempty"`
}

// Installed is how the install of one instance of several ended.
type Installed struct {
	Name      string           `json:"name"`
	Dir       string           `json:"dir"`
	OK        bool             `json:"ok"`
	Exit      int              `json:"exit"`
	Changed   bool             `json:"changed"`
	ID        string           `json:"id,omitempty"` // of what was found
	Message   string           `json:"message"`
	URL       string           `json:"url,omitempty"`
	SetupLink string           `json:"setup_link,omitempty"` // secret, as in the event
	PublicIP  publicip.Address `json:"public_ip,omitzero"`
}

// Drill is what a test restore of a backup found.
type Drill struct {
	File       string    `json:"file"`
	Created    time.Time `json:"created"`
	AgeSeconds int64     `json:"age_seconds"`
	Bytes      int64     `json:"bytes"` // of the data
	// RestoreSeconds is how long a restore takes, the start of OpenAlgo included.
	RestoreSeconds float64 `json:"restore_seconds"`
	StartSeconds   float64 `json:"start_seconds"`
	Databases      int     `json:"databases"`
	// Unchecked says why SQLite could not check them; "" when it did.
	Unchecked string `json:"unchecked,omitempty"`
	Accounts  *int   `json:"accounts,omitempty"` // nil: not counted
}

// InstalledAs is how one of several ended, by its own result.
func InstalledAs(name, dir string, r Result, err error, exit int, reader finding.Prompt) Installed {
	e := End(r, err, reader)
	return Installed{Name: name, Dir: dir, OK: err == nil, Exit: exit, Changed: r.Changed, ID: e.ID, Message: e.Message, URL: e.URL, SetupLink: e.SetupLink, PublicIP: e.PublicIP}
}

// Problem is one of several that prevent a run.
type Problem struct {
	ID      string         `json:"id,omitempty"`
	Message string         `json:"message"`
	Hints   []finding.Hint `json:"hints,omitempty"`
}

// Result is how a run ended.
type Result struct {
	Changed  bool
	URL      string
	Message  string
	Downtime time.Duration // how long OpenAlgo was down for it; 0: it was not
	Frozen   time.Duration // how long it was frozen; 0: it was not
	// Account says what there is to know while OpenAlgo has no admin account.
	Account welcome.Account
	Address publicip.Address // of this machine, as brokers see it; zero: not found out, or not looked
	Docker  string           // the address of a Docker on another machine; "" is this one
	Drill   *Drill           // of a test restore; nil: there was none
	Backup  string           // the file of a backup that was written
	// Unchecked is why SQLite could not check the databases in it; "" when it did.
	Unchecked string
	// Instances is how each of several installs ended.
	Instances []Installed
}

// End returns the last event of a run, with commands for who reads it. The
// command line adds the exit code.
func End(r Result, err error, reader finding.Prompt) Event {
	ok := err == nil
	e := Event{Type: TypeResult, Time: time.Now(), OK: &ok, Changed: &r.Changed, URL: r.URL, Message: r.Message, DowntimeMS: r.Downtime.Milliseconds(), FrozenMS: r.Frozen.Milliseconds(),
		SetupLink: r.Account.Link.Reveal(), PublicIP: r.Address, Instances: r.Instances, Drill: r.Drill}
	if err == nil {
		return e
	}
	e.Message, e.ID, e.Hints = printable.Text(reader.Text(err)), cmp.Or(finding.IDOf(err), "unexpected"), finding.HintsOf(err)
	if all := finding.Problems(err); len(all) > 1 {
		for _, p := range all {
			e.Problems = append(e.Problems, Problem{ID: finding.IDOf(p), Message: printable.Text(reader.Text(p)), Hints: finding.HintsOf(p)})
		}
	}
	return e
}

// Reporter receives the events of a run.
type Reporter interface{ Report(Event) }

// ReporterFunc makes a function a Reporter.
type ReporterFunc func(Event)

// Report calls f.
func (f ReporterFunc) Report(e Event) { f(e) }

// Printable passes events on, one at a time, without what a terminal acts on: they
// quote logs, registries and certificate authorities.
func Printable(to Reporter) Reporter {
	var mu sync.Mutex
	return ReporterFunc(func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		e.Message = printable.Text(e.Message)
		if e.Build != nil {
			build := *e.Build
			build.Name = printable.Line(build.Name)
			e.Build = &build
		}
		to.Report(e)
	})
}
