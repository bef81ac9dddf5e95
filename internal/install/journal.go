package install

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// journal is what a run has done so far, on disk before the next step begins:
// whatever ends the process, the next run can finish or undo it. It names
// files, containers and hashes, never a value of .env.
type journal struct {
	Command  string        `json:"command"`
	Started  time.Time     `json:"started"`
	MadeDir  bool          `json:"made_dir"`
	Done     []string      `json:"done"`
	Engine   string        `json:"engine"` // host name of the engine that it works on
	Project  string        `json:"project"`
	Name     string        `json:"container"`          // what the container is called in the end
	Old      *oldContainer `json:"old,omitempty"`      // the one that is replaced
	NewName  string        `json:"new_name,omitempty"` // what the one that replaces it is created as
	NewID    string        `json:"new_id,omitempty"`   // its ID, once it is created
	Networks []string      `json:"networks,omitempty"` // networks that the run makes
	// OnlyStarted is a container that was stopped and is only started: an undo
	// stops it again.
	OnlyStarted string `json:"only_started,omitempty"`
	// MadeVolumes says that volumes were made: .env must stay with them.
	MadeVolumes bool `json:"made_volumes,omitempty"`
	// MovedInto are volumes that were made to take data out of directories,
	// where it still is: an undo removes them.
	MovedInto []string `json:"moved_into,omitempty"`
	// MovedSince are those that hold more than what was moved by now.
	MovedSince []string    `json:"moved_since,omitempty"`
	Edge       *edgeChange `json:"edge,omitempty"`
	Snapshot   *snapshot   `json:"snapshot,omitempty"` // of an upgrade
	// Secrets are those that opened before a change of the release.
	Secrets *secretCount `json:"secrets,omitempty"`
	// Resalts says that the new release makes a FERNET_SALT when it starts.
	Resalts  bool       `json:"resalts,omitempty"`
	Replaced []snapshot `json:"replaced,omitempty"` // by a restore: data and .env go back together
	// Starting says that the new container may have begun to run, or that its
	// data is being replaced.
	Starting bool           `json:"starting,omitempty"`
	Files    []fileChange   `json:"files,omitempty"`    // files written, with their previous version
	Owners   []ownerChange  `json:"owners,omitempty"`   // files that were another user's
	Aside    []string       `json:"aside,omitempty"`    // files that are moved out of Docker Compose's sight
	State    instance.State `json:"state"`              // what state.json becomes
	Verified bool           `json:"verified,omitempty"` // the new stack answered: only tidying up is left

	dir     instance.Dir
	old     previous
	resumed bool      // an earlier process began it
	saved   time.Time // when an earlier process wrote it last; zero: this one made it
}

// oldContainer is the container that ran before.
type oldContainer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Running bool   `json:"running"`
	// Began is when the container was started last. A later time means that it
	// was started again, and that its data is in use.
	Began time.Time `json:"began,omitzero"`
	// Broken says that it did not answer, and that Docker kept restarting it.
	Broken bool `json:"broken,omitempty"`
	// Stopping says that its stop was asked for: the engine carries that out
	// even when we are gone.
	Stopping bool `json:"stopping,omitempty"`
}

// fileChange is a file that the run replaces.
type fileChange struct {
	Name   string `json:"name"`             // relative to the instance's directory
	Backup string `json:"backup,omitempty"` // copy of the former version; empty: there was none
	Former string `json:"former,omitempty"` // SHA-256 of the former version
	SHA256 string `json:"sha256,omitempty"` // of what the run writes, to tell a later edit
	// Earlier are the hashes of what the run wrote before that.
	Earlier []string `json:"earlier,omitempty"`
	// Keys holds, for .env, the hash of every value as we wrote it.
	Keys map[string]string `json:"keys,omitempty"`
	// Back says that an undo is done with this file: what it holds since then is
	// somebody's own.
	Back bool `json:"back,omitempty"`
}

// known reports whether a text is the previous version or one that the run wrote.
func (c fileChange) known(sum string) bool {
	return sum == c.Former || sum == c.SHA256 || slices.Contains(c.Earlier, sum)
}

// longestStop is longer than Docker takes for a stop that it was asked for.
const longestStop = 5 * time.Minute

func readJournal(w instance.Dir) (*journal, error) {
	j, err := instance.Load[journal](w, instance.JournalName)
	switch {
	case errors.Is(err, instance.ErrDamaged):
		return nil, finding.Errorf(finding.HostNotReady, "%w: look at `docker ps -a` and the backups beside it, then remove it", err)
	case errors.Is(err, instance.ErrNewer):
		return nil, err
	case err != nil:
		return nil, finding.Errorf(finding.HostNotReady, "reading what an interrupted run left: %w", err)
	case j == nil:
		return nil, nil
	}
	j.dir, j.resumed = w, true
	if info, err := os.Lstat(w.Work(instance.JournalName)); err == nil {
		j.saved = info.ModTime()
	}
	j.followMove()
	if err := j.check(); err != nil {
		return nil, err
	}
	return j, nil
}

// save writes the journal through to the disk.
func (j *journal) save() error {
	return instance.Save(j.dir, instance.JournalName, j)
}

// finish removes the journal: nothing is unfinished any more.
func (j *journal) finish() error {
	if err := host.Remove(j.dir.Work(instance.JournalName)); err != nil {
		return fmt.Errorf("closing the journal: %w", err)
	}
	return nil
}

// copies are the copies of data that the run has begun to change, or whose data
// is gone, and that an undo brings back.
func (j *journal) copies() (out []*snapshot) {
	if !j.started() {
		if s := j.Snapshot; s != nil && s.Whole && !s.Left && isGone(s.Data) {
			out = append(out, s)
		}
		return out
	}
	for i := range j.Replaced {
		out = append(out, &j.Replaced[i])
	}
	if j.Snapshot != nil && j.Snapshot.Whole {
		out = append(out, j.Snapshot)
	}
	return slices.DeleteFunc(out, func(s *snapshot) bool { return s.Left })
}

// noteUndone saves how far an undo is. A full disk may be the reason for the
// undo, so a failure is ignored: each part shows by itself whether it is done.
func (j *journal) noteUndone() { _ = j.save() }

// started reports whether the new container may have written its data.
func (j *journal) started() bool { return j.Starting || j.did("start") }

func (j *journal) did(step string) bool { return slices.Contains(j.Done, step) }

// file finds the change of a file, or nil.
func (j *journal) file(name string) *fileChange {
	for i := range j.Files {
		if j.Files[i].Name == name {
			return &j.Files[i]
		}
	}
	return nil
}
