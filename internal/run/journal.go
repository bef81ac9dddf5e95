package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Version is the form of the journal that this program writes.
const Version = 2

// State is how far a step is.
type State string

// States of a step; "" is not begun.
const (
	Begun State = "begun"
	Done  State = "done"
)

// Phase is what a run is doing.
type Phase string

// Phases of a run.
const (
	Apply  Phase = "apply"  // it can be undone
	Commit Phase = "commit" // it is only ever completed
)

// Entry is one step in the journal.
type Entry struct {
	Kind  string          `json:"kind"`
	Part  string          `json:"part,omitempty"`
	Cause string          `json:"cause"` // the step in words
	State State           `json:"state,omitempty"`
	Step  json.RawMessage `json:"step"`

	step Step
}

// NewEntry is the entry of a step.
func NewEntry(part string, s Step, state State) *Entry {
	return &Entry{Kind: kindOf(s), Part: part, Cause: s.String(), State: state, step: s}
}

// Journal is what a run does and how far it is, on the disk before each step
// begins. Whatever ends the process, the next run completes or undoes it. It
// names files, containers and hashes, never a value of .env.
type Journal struct {
	Version int                `json:"version"`
	Command string             `json:"command"`
	Started time.Time          `json:"started"`
	Engine  string             `json:"engine"` // name of the host that Docker runs on
	Docker  instance.EngineRef `json:"docker"`
	Phase   Phase              `json:"phase"`
	Steps   []*Entry           `json:"steps"`
	Commit  []*Entry           `json:"commit,omitempty"`

	dir     instance.Dir
	resumed bool      // an earlier process began it
	saved   time.Time // when that one wrote it last
}

// errNewer says that this program does not know what the journal names.
var errNewer = errors.New("written by a later openalgo-install")

// foreignError says that no run wrote what the journal names.
type foreignError struct{ what string }

func (e *foreignError) Error() string { return "no run of openalgo-install uses " + e.what }

// Foreign refuses paths and names that no run wrote.
func Foreign(what ...string) error {
	return &foreignError{strings.TrimSpace(strings.Join(what, " "))}
}

// refusal says in words why a journal is not acted on.
func refusal(path string, err error) error {
	var foreign *foreignError
	switch {
	case errors.As(err, &foreign):
		return finding.Named(finding.HostNotReady, "journal-foreign", "%s was not written by openalgo-install\n\nIt names %s, which no run of openalgo-install uses.", path, foreign.what).
			With(finding.Shell("Find out who wrote it. Then remove it; an interrupted run is neither completed nor undone after that", "sudo rm "+path)).Ending(finding.Unchanged)
	case errors.Is(err, errNewer):
		return finding.Named(finding.HostNotReady, "newer-release", "%s was written by a later openalgo-install\n\n"+
			"It describes an interrupted run in a format that this version cannot read.", path).
			With(finding.Anywhere("Update openalgo-install, then run the same command again", "self-update")).Ending(finding.Unchanged)
	}
	return finding.Named(finding.HostNotReady, "journal-damaged", "%s is damaged (%w)\n\n"+
		"It describes an interrupted run, which can be neither completed nor undone now.", path, err).
		With(finding.Shell("See which containers there are, and look at the copies of files beside it. Then remove it", "docker ps -a", "ls "+filepath.Dir(path), "sudo rm "+path),
			finding.Run("Delete OpenAlgo with all its data", "uninstall", "--purge")).Ending(finding.Unchanged)
}

// IsDamaged reports whether an error is that of a journal which nobody can read.
func IsDamaged(err error) bool { return finding.IDOf(err) == "journal-damaged" }

// converter turns a journal of the form before versions into one of this form.
var converter func(d instance.Dir, text []byte) (*Journal, error)

// RegisterOld names the function that reads a journal of the form before
// versions.
func RegisterOld(convert func(d instance.Dir, text []byte) (*Journal, error)) { converter = convert }

// Parse reads a journal that a run wrote for the instance in d.
func Parse(d instance.Dir, text []byte) (*Journal, error) {
	j, err := parse(d, text)
	if err != nil {
		return nil, refusal(d.Work(instance.JournalName), err)
	}
	return j, nil
}

func parse(d instance.Dir, text []byte) (*Journal, error) {
	var form struct{ Version int }
	if err := json.Unmarshal(text, &form); err != nil {
		return nil, err
	}
	var j *Journal
	var err error
	switch {
	case form.Version > Version:
		return nil, errNewer
	case form.Version == Version:
		j, err = decode(text)
	default:
		j, err = converter(d, text)
	}
	if err != nil {
		return nil, err
	}
	j.dir, j.resumed = d, true
	for _, s := range j.AllSteps() {
		if err := s.Check(); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func decode(text []byte) (*Journal, error) {
	j := &Journal{}
	if err := json.Unmarshal(text, j); err != nil {
		return nil, err
	}
	if j.Phase != Apply && j.Phase != Commit {
		return nil, errNewer
	}
	for _, list := range [][]*Entry{j.Steps, j.Commit} {
		for _, e := range list {
			if e == nil || makers[e.Kind] == nil {
				return nil, errNewer
			}
			e.step = makers[e.Kind]()
			if err := json.Unmarshal(e.Step, e.step); err != nil {
				return nil, err
			}
		}
	}
	return j, nil
}

// Read reads the journal of the instance in d, with the function that opens a
// file there; nil when there is none.
func Read(d instance.Dir, open func(path string) ([]byte, error)) (*Journal, error) {
	path := d.Work(instance.JournalName)
	text, err := open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j, err := Parse(d, text)
	if err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil {
		j.saved = info.ModTime()
	}
	return j, nil
}

// newJournal is the journal of a plan that is about to begin.
func newJournal(t *Tools, p Plan) *Journal {
	info := t.Engine.Info()
	j := &Journal{
		Version: Version, Command: p.Command, Started: t.Time().UTC(), Phase: Apply,
		Engine: info.Name, Docker: instance.EngineRef{ID: info.ID, Endpoint: info.Endpoint}, dir: t.Dir,
	}
	for _, part := range p.Parts {
		for _, s := range part.Steps {
			j.Steps = append(j.Steps, NewEntry(part.Name, s, ""))
		}
	}
	for _, s := range p.Commit {
		j.Commit = append(j.Commit, NewEntry("", s, ""))
	}
	if len(j.Steps) == 0 {
		j.Phase = Commit
	}
	return j
}

// save writes the journal through to the disk.
func (j *Journal) save() error {
	for _, list := range [][]*Entry{j.Steps, j.Commit} {
		for _, e := range list {
			text, err := json.Marshal(e.step)
			if err != nil {
				return fmt.Errorf("write the journal: %w", err)
			}
			e.Step = text
		}
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if err := j.own().Write(instance.JournalName, append(text, '\n')); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// close removes the journal: nothing is unfinished any more.
func (j *Journal) close() error {
	if err := j.own().Remove(instance.JournalName); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

func (j *Journal) own() instance.Own { return instance.Own(j.dir) }

// DoneParts are the parts whose steps are all done.
func (j *Journal) DoneParts() (out []string) {
	for i, e := range j.Steps {
		last := i+1 == len(j.Steps) || j.Steps[i+1].Part != e.Part
		if e.State == Done && last {
			out = append(out, e.Part)
		}
	}
	return out
}

// AllSteps are the steps of the journal, those of its commit too.
func (j *Journal) AllSteps() []Step { return append(stepsOf(j.Steps), stepsOf(j.Commit)...) }

func (j *Journal) entry(s Step) *Entry {
	for _, e := range j.Steps {
		if e.step == s {
			return e
		}
	}
	panic(s.String() + " is not in the journal")
}

func (j *Journal) steps() []Step { return stepsOf(j.Steps) }

func (j *Journal) begun() []Step {
	return stepsOf(slices.DeleteFunc(slices.Clone(j.Steps), func(e *Entry) bool { return e.State == "" }))
}

func (j *Journal) began() (started time.Time, resumed bool, saved time.Time) {
	return j.Started, j.resumed, j.saved
}

func stepsOf(entries []*Entry) (out []Step) {
	for _, e := range entries {
		out = append(out, e.step)
	}
	return out
}
