// Package openalgo holds what OpenAlgo itself is: its paths, ports, user,
// endpoints and the lines of its log. Each fact names the section of
// docs/openalgo-facts.md that has it.
package openalgo

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// StopGrace is how long OpenAlgo may take to end its work (3.3).
const StopGrace = 40 * time.Second

// Paths in the container (docs/openalgo-facts.md 3, 3.4).
const (
	Dir = "/app"
	// Env is the file of all settings, mounted for writing (3.5).
	Env = Dir + "/.env"
	// Sample is the image's own base of it (1.4).
	Sample = Dir + "/.sample.env"
	// Start is OpenAlgo's start script, and that of an image built here, whose
	// "health" also asks the WebSocket proxy (3).
	Start = Dir + "/start.sh"
	// DB has the databases: what mounts it is an OpenAlgo, whatever it is called.
	DB = Dir + "/db"
	// Keys has the private keys of MCP: no other user may read it (3).
	Keys = Dir + "/keys"
	// Python is the interpreter with all of OpenAlgo's libraries (5.8).
	Python = Dir + "/.venv/bin/python"
	// Version has the release in a line that begins with VERSION.
	Version = Dir + "/utils/version.py"
	// Migrations lists the migrations in the order in which they run (3.2).
	Migrations = Dir + "/upgrade/migrate_all.py"
	// Strategies has the user's strategies and how each is started (3.4).
	Strategies = Dir + "/strategies/strategy_configs.json"
)

// LabelBytecode is "1" on an image that needs no bytecode made for it: it has that of
// its code, and Python would not look for it elsewhere.
const LabelBytecode = "io.openalgo.install.bytecode"

// Trees are the directories in Dir that outlive a container (3). Their volumes
// are called openalgo_db and so on.
var Trees = []string{"db", "log", "strategies", "keys", "tmp"}

// Tree returns the path of a tree in the container.
func Tree(name string) string { return Dir + "/" + name }

// TreeOf returns which of Trees a path in the container is.
func TreeOf(path string) (name string, ok bool) {
	name, inApp := strings.CutPrefix(path, Dir+"/")
	if !inApp || !slices.Contains(Trees, name) {
		return "", false
	}
	return name, true
}

// ConfigVersion is the setting by which OpenAlgo tells that a .env is older than
// the image's own sample (1.4).
const ConfigVersion = "ENV_CONFIG_VERSION"

// User is user and group that the container runs as: .env and the trees belong
// to it (3).
const User = 1000

// Owner is User as chown takes it.
var Owner = strconv.Itoa(User) + ":" + strconv.Itoa(User)

// Ports that OpenAlgo listens on inside the container (3).
const (
	WebPort       = 5000
	WebSocketPort = 8765
	BusPort       = 5555 // for its own processes alone
)

// architectures are those that OpenAlgo's image is published for. Its libraries
// DuckDB and PyArrow have no builds for 32-bit systems either (3).
var architectures = []string{"amd64", "arm64"}

// RunsOn reports whether OpenAlgo is made for an architecture, as GOARCH
// writes it.
func RunsOn(arch string) bool { return slices.Contains(architectures, arch) }

// Endpoints of the web port (3.1, 6).
const (
	// CheckSetup answers only with the database's help, so it proves it (3.1).
	CheckSetup = "/auth/check-setup"
	// AppInfo has the release.
	AppInfo = "/auth/app-info"
	// Socket leads to the WebSocket port through an HTTPS proxy (6).
	Socket = "/ws"
)

// How long OpenAlgo's answer at CheckSetup is, in bytes: "needs_setup" is true, with
// no admin account yet, or false. An HTTPS proxy sees that much of it (3.1).
const (
	AnswerWithout = 40
	AnswerWith    = 41
)

// ResetPassword is OpenAlgo's own program for a forgotten password. It hashes
// with the pepper that is in force (5.8).
var ResetPassword = []string{Python, "-W", "ignore", Dir + "/upgrade/reset_admin_password.py"}
