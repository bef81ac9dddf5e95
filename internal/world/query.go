package world

import (
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/swapfile"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// Query is what one plan needs to know of this machine, beyond Host.
type Query struct {
	Ports       []Port
	Directories []string // that keep data, or will
	Owner       int      // who must own the files in these directories; 0 is not asked
	Trees       []string // how large they are
	Databases   bool     // how large the container's databases are
	ImageUser   bool     // the number of the image's user
	View        string   // the image to ask with whether Docker sees the instance's directory
	Build       bool     // memory, for a build
	Account     bool     // whether the OpenAlgo that runs has an account
	Use         bool     // what OpenAlgo uses now
	Edge        EdgeQuery
	Swap        bool // whether a swap file can be made
}

// EdgeQuery is what a plan that serves HTTPS needs to know; none where it
// changes nothing there.
type EdgeQuery struct {
	Domain    string // where it leads
	Firewall  []int  // whether other machines reach these ports
	ReachPort int    // whether the domain, if it leads here, reaches this machine at this port; 0 is not asked
}

// Port is a port at an address; "" is every address.
type Port struct {
	Address string
	Port    int
}

// PortHolder is who has a port; err where it could not be found out.
type PortHolder struct {
	Holder host.Holder
	Err    error
}

// DataDir is a directory that keeps data.
type DataDir struct {
	Missing bool
	Owners  []Owner // what needs another owner
	Err     error   // why that cannot be told
}

// Tree is how large a directory is.
type Tree struct {
	Path  string
	Bytes int64
	Err   error
}

// Sight is what Docker has in place of the instance's directory.
type Sight struct {
	Dir string // the directory that was compared; "" where it showed nothing
	Err error  // evidence that Docker has another one
}

// Answered holds the answers to a Query.
type Answered struct {
	Ports       map[Port]PortHolder
	Directories map[string]DataDir
	Trees       map[string]Tree
	Databases   Tree
	DatabasesAt error     // why they were not found
	Room        tree.Room // for a copy of the databases, and its way back
	ImageUID    string
	View        Sight
	Seen        bool              // Docker has the instance's directory on its own disk
	Memory      *host.Facts       // nil: not measured
	Swap        *swapfile.Machine // nil: not asked, or not known
	HasAccount  bool              // somebody made an account in the OpenAlgo that runs
	Dns         host.DNSReport
	Firewall    []FirewallProblem
	Reach       Reach
}

// FirewallProblem is a firewall of this machine that keeps ports closed.
type FirewallProblem = host.FirewallProblem

// Reach is who answered at a domain's own port.
type Reach int

// Who answered.
const (
	NotAsked    Reach = iota
	ReachesHere       // this machine
	ReachesOther
	Unreached
)
