package plan

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	backup "github.com/marketcalls/openalgo-install/internal/backup/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/step/still"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Intent is what a command wants: not how it is done, and no command's name but
// for messages.
type Intent struct {
	Command string // what the run is called
	Answers answers.Answers
	Image   ImageRule
	Env     settings.Edit // of single settings, or the whole file from an editor
	Files   Files
	Data    Data
	Backup  *Restoring // what Replace takes the data from, and OfBackup the files
	Size    Size
	// Run says what becomes of the container.
	Run Run
	// Purge and Leftovers are of Gone: data and .env go, too, and so does what
	// another installer left on the machine.
	Purge, Leftovers bool
	// Archiver copies the data of Archived, and Copier does without a stop; nil: it
	// is stopped.
	Archiver step.Archiver
	Copier   still.Copier
	Daily    string  // when and where to: of Scheduled
	Spare    []Spare // what Cleaned removes
	// Instances share the machine in the end; 0 counts those that run.
	Instances int
	// Rehearsal says that all of it is removed again.
	Rehearsal bool
	Notes     []string // what was found, for a person
}

// Spare is something that nothing needs any more, and the step that removes it.
type Spare struct {
	Kind, Name, Why string
	Bytes           int64 // that become free at most
	Step            run.Step
}

// ImageRule says which image the container gets: the one of the answers.
type ImageRule struct {
	Keep *Kept // instead: this one, whatever the answers say
	// Moves says that it is the one that the reference stands for now, and not
	// the one that the container was created from.
	Moves bool
	// Newest says that it is pulled first, whatever Docker has of that name.
	Newest bool
}

// Files says whose .env, Compose file and state a plan begins from.
type Files int

// Whose files.
const (
	Ours     Files = iota // those that are here, as the answers say
	Theirs                // another tool made them: what its .env says counts
	OfBackup              // those of a backup
)

// Run says what becomes of the container.
type Run int

// What becomes of it.
const (
	Changed     Run = iota // what answers, files and data ask for, and it runs
	Up                     // it runs
	Down                   // it is stopped
	Again                  // it is stopped and started
	Archived               // it is stopped while its data is copied
	Gone                   // it is removed
	Scheduled              // it stays as it is: this machine makes a backup every day
	Unscheduled            // it stays as it is: this machine makes none any more
	Cleaned                // it stays as it is: what nothing needs any more is removed
)

// Size says what becomes of the sizing that .env has.
type Size struct {
	Rule          SizeRule
	RAMMiB, Cores int // to size for; 0: as measured
}

// SizeRule says whose numbers count.
type SizeRule int

// Rules of the sizing.
const (
	AsFile    SizeRule = iota // .env keeps what it says
	Due                       // what is due, but for what the user set
	DueForced                 // that, too
)

// Data says what becomes of the databases.
type Data int

// What becomes of the databases.
const (
	Stay      Data = iota
	Copied         // a copy is kept, since a new release changes them
	ToVolumes      // they move from directories into volumes
	Replace        // those of a backup take their place
)

// Adopts reports whether another tool's instance is taken over.
func (i Intent) Adopts() bool { return i.Files == Theirs }

// Upgrades reports whether a new release gets the data.
func (i Intent) Upgrades() bool { return i.Data == Copied }

// Restores reports whether a backup takes the place of files and data.
func (i Intent) Restores() bool { return i.Backup != nil }

// Resizes reports whether the sizing alone changes.
func (i Intent) Resizes() bool { return i.Size.Rule != AsFile }

// AsAnswered is the intent of the answers as they are.
func AsAnswered(a answers.Answers, instances int) Intent {
	return Intent{Command: CommandInstall, Answers: a, Instances: instances}
}

// Kept is the image that a change of the answers leaves alone.
type Kept struct {
	Ref       string
	OwnHealth bool
	TagOf     string // the image that gets the tag Ref first; "" is none
}

// Commands whose names plans and the journal have.
const (
	CommandAdopt     = "adopt"
	CommandBackup    = "backup"
	CommandClean     = "clean"
	CommandInstall   = "install"
	CommandPurge     = "purge" // an uninstall that deletes the data
	CommandResize    = "resize"
	CommandRestart   = "restart"
	CommandRestore   = "restore"
	CommandRollback  = "rollback"
	CommandSchedule  = "schedule" // of the daily backup
	CommandStart     = "start"
	CommandStop      = "stop"
	CommandUninstall = "uninstall"
	CommandUpgrade   = "upgrade"
)

// Restoring is what takes the place of the instance: a backup, or the snapshot
// of an upgrade.
type Restoring struct {
	Manifest backup.Manifest
	Files    map[string][]byte // of the instance's directory
	Bytes    int64             // of the data
	Data     data.Source       // the data itself
	Env      *envfile.File
	State    instance.State
	Same     bool // it was made of this very instance
	Exact    bool // its image is the one to go on with, wherever its tag is now
}

// Read takes the instance's files out of the archive.
func (r *Restoring) Read() error {
	text := r.Files[instance.EnvName]
	if text == nil || r.Files[instance.AnswersName] == nil {
		return finding.Named(finding.Usage, "backup-unusable", "this backup has no %s or no %s, so it cannot be restored. Nothing was changed", instance.EnvName, instance.AnswersName)
	}
	var err error
	if r.Env, err = envfile.Parse(text); err != nil {
		return finding.Named(finding.Usage, "backup-unusable", "read the .env in the backup: %w", err)
	}
	if r.State, err = instance.DecodeState("state.json", r.Files[instance.WorkName+"/state.json"]); err != nil {
		return finding.Named(finding.Usage, "backup-unusable", "read the state in the backup: %w", err)
	}
	return nil
}

// edits are what .env needs in this place beside the answers.
func (r *Restoring) edits(o *world.Observation) settings.Edit {
	name, have := o.Env.Get("COMPOSE_PROJECT_NAME")
	if have && name != o.Project {
		return settings.Edit{Unset: []string{"COMPOSE_PROJECT_NAME"}}
	}
	return settings.Edit{}
}
