package world

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// Directory is a directory that a container or a volume names.
type Directory struct {
	Here   bool // the instance's own, by whatever name
	HasEnv bool
}

// EnvFile is a file that a container has as its .env.
type EnvFile struct {
	Same bool // the instance's own file
	Here bool // the .env of the instance's directory, which need not be there
}

// Host is what this machine is like, as far as every plan needs to know.
type Host struct {
	Root          bool    // this process may read and write everything
	BecomeRoot    string  // else: how to run a command as root
	User          string  // who runs this
	EngineUser    string  // who runs a Docker that is without root
	Unwritable    error   // why the instance's directory cannot be written
	Unreplaceable []error // why files in it cannot be replaced
	EnvLink       string  // where .env leads to; "" if it is no link
	Rivals        []string
	Disks         map[string]host.DiskFacts // by path; none where it cannot be measured
}

// Release is the image that runs, as far as a change of it needs to know.
type Release struct {
	Image   engine.Image
	Version string // OpenAlgo's own; "" where it is not known
	Sample  []byte // its base of .env; nil where it has none, or it is not known
	Local   bool   // no registry has it: it was built or loaded here
}

// Made is how another tool made a container.
type Made struct {
	Options  []string // beside image, mounts, ports and variables, as docker run has them
	ImageEnv []string // of its image
	Record   []byte   // Docker's own, which may hold secrets
	// Source is where upgrades of it come from, and How tells a person; "" is
	// nothing worth telling.
	Source answers.Image
	How    string
}

// KeyPlace is where a .env is that has the keys of this instance's data.
type KeyPlace struct {
	Kind      KeyPlaceKind
	Path      string
	Container string // its name
}

// KeyPlaceKind is what kind of place has the keys.
type KeyPlaceKind int

// The kinds of places.
const (
	KeptCopy    KeyPlaceKind = iota // a copy that this program made
	PreviousDir                     // of the directory that the container was created for
	StillOpen                       // a running container still has it open
	VolumesDir                      // of the directory that the volume was created for
)

// Edge is what serves HTTPS here, held against what the answers want.
type Edge struct {
	Way      *Way // nil: nothing shall be served, or OpenErr says why it cannot be
	Warnings finding.Warnings
	OpenErr  error
	Plan     *edge.Plan // what its files need
	PlanErr  error
	Gone     Gone        // of a domain that is no longer served
	Refused  []time.Time // when the certificate authority refused this domain within the last day
}

// Gone is what has to go of a site that is no longer served.
type Gone struct {
	Plan    *edge.Plan
	OpenErr error // what serves it cannot be asked
	Err     error
}

// Way is what serves a domain over HTTPS.
type Way struct {
	Settings edge.Settings // of what serves it
	Site     edge.Site
	State    instance.Edge
	Act      bool         // something is to be done before the old container stops
	Holds    map[int]bool // the ports that Caddy has already
	Runs     bool         // Caddy runs
	Certbot  bool         // nginx: a certificate is to be asked for
	Gate     string       // the file that keeps the site closed until there is an admin account
	Gated    bool         // it is there
	// GateStale says that it is not as it has to be: for another port, or damaged.
	GateStale bool
}

// Backup is what a restore meets on this machine.
type Backup struct {
	Twins  []Twin
	Room   tree.Room
	Salt   string            // what is known of the FERNET_SALT that its data is encrypted under
	Image  error             // why Docker has not got its image; nil: it is here
	Served map[string]string // domains that others serve on this Docker, with the name of the container
}

// Twin is another OpenAlgo that runs with the broker account of the backup.
type Twin struct{ Name, Dir string }

// Use is what OpenAlgo uses now; 0 where that cannot be found out.
type Use struct {
	Memory, Shm int64 // bytes
	Strategies  int   // that are configured
}

// Kept is what the last upgrade kept of the instance as it was before.
type Kept struct {
	Err      error // why it cannot be gone back to; fs.ErrNotExist: there is none
	Manifest backup.Manifest
	Files    map[string][]byte
	Bytes    int64  // of its data
	Salt     string // what is known of the FERNET_SALT that the data is encrypted under
	Image    KeptImage
}

// KeptImage is the image of what was kept, by a name that Docker Compose finds
// it by.
type KeptImage struct {
	Ref      string // "": it is gone, and no registry has it
	Untagged bool   // Ref is a tag of our own that the image has yet to get
}

// Removable is what an uninstall meets, beside what every command looks at.
type Removable struct {
	Networks    []string // that the stack alone has
	Directories []string // beside .env, that keep data in place of volumes: names
	Site        Gone     // what serves the instance over HTTPS
	Work        bool     // this program keeps something for the instance
	Archives    string   // the directory with its backups; "" where there is none
	Draft       string   // the file with the answers of an interview that was cut off; "" where there is none
	// Interrupted says that a run has left something to complete or undo.
	Interrupted bool
	Daily       []string   // the files of this machine that run the daily backup
	Leftovers   []Leftover // of other installers
	// Domain and Web are what those were recognised by.
	Domain string
	Web    int
}

// Leftover is a file that another installer left on this machine.
type Leftover struct {
	Path, What string
	Stays      string // why it is not removed even on request; "" when it may be
}
