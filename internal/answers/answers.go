// Package answers is what a user can say about an installation: its type, the
// strict reading of the YAML file, and its checks (docs/answers.md).
package answers

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// DefaultImage is installed when the answers name no image.
const DefaultImage = "marketcalls/openalgo:latest"

// Answers are complete: what a file leaves out has its default here.
type Answers struct {
	Version int
	Domain  string // "": this machine only
	Broker  Broker
	Volumes string // named or bind: where the data is kept
	// Data names, for some of the app's data directories, the volume or the
	// path that has it instead: of a stack that was adopted.
	Data      map[string]string
	Image     Image
	TLS       TLS
	Ports     Ports
	Sizing    Sizing
	RemoteMCP RemoteMCP
	Docker    Docker
	Env       map[string]secret.Text // further .env keys

	hidden map[string]bool // keys of Env that came by reference, so are secrets
}

// Broker is the broker and its credentials; for several the "API key" is a
// client code or a composite (internal/broker).
type Broker struct {
	Name                          string // id, as internal/broker has it
	APIKey, APISecret             secret.Text
	MarketAPIKey, MarketAPISecret secret.Text // XTS brokers only
}

// Image says where OpenAlgo's image comes from.
type Image struct {
	Source     string // registry, git, path or rehearsal
	Ref        string // image reference, or git branch, tag or commit
	URL        string // git
	Path       string // path: a checkout
	Dockerfile string // git and path: ours or theirs
	// BuildArgs are the Dockerfile's, of git and path. No secrets: whoever has
	// the image can read them.
	BuildArgs map[string]string
}

// TLS says how HTTPS is done.
type TLS struct {
	Mode      string // auto, files, nginx or off
	Email     string // for the certificate authority
	Cert, Key string // files and nginx: paths of PEM files
	CA        string // auto and nginx: ACME directory of another authority than Let's Encrypt
	CATrial   string // auto: where that authority gives certificates for trials
	CARoot    string // auto and nginx: path of the PEM file that the authority's certificates lead to
	Certbot   bool   // nginx: it may get the certificate
	// Cloudflare's proxy is in front: its header says who calls.
	Cloudflare bool
	// CheckDNS refuses a domain that leads to another host.
	CheckDNS bool
	// OpenPorts lets the ports be opened in ufw or firewalld.
	OpenPorts bool
	Edge      Edge
}

// Edge is the Caddy that all instances share, or the ports of the host's
// nginx. Zero values are what is there already, else the default.
type Edge struct {
	Dir         string
	Image       string
	HTTP, HTTPS int // ports
}

// Ports are host ports.
type Ports struct {
	Web, WebSocket int
	// Those that were not given: free ones are chosen, once, and kept.
	AutoWeb, AutoWebSocket bool
	Bind                   string // IP address that they are bound to
}

// Sizing overrides the table; 0 is auto.
type Sizing struct {
	RAMMiB, Cores, Threads, ShmMiB, StrategyMemoryMiB int
}

// RemoteMCP is what AI clients on the internet may do.
type RemoteMCP struct {
	Enabled, WriteOrders, RequireApproval bool
}

// Docker is what may be done about a missing engine.
type Docker struct {
	Install bool // it may be installed
}

// Problem is one mistake in an answers file.
type Problem struct {
	Line    int    `json:"line"`   // from 1; 0 when the file is empty
	Column  int    `json:"column"` // from 1
	Key     string `json:"key"`    // dotted, e.g. "broker.name"
	Message string `json:"message"`
}

// Invalid is a file with mistakes: all of them.
type Invalid struct{ Problems []Problem }

func (e *Invalid) Error() string {
	var b strings.Builder
	b.WriteString("the answers are not right:")
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		if p.Line > 0 {
			fmt.Fprintf(&b, "line %d: ", p.Line)
		}
		if p.Key != "" {
			b.WriteString(p.Key + ": ")
		}
		b.WriteString(p.Message)
	}
	return b.String()
}

// Origin is the address that a browser uses, without a path.
func (a Answers) Origin() string {
	if a.Domain != "" {
		return "https://" + a.Domain
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Ports.Web))
}

// Warnings are sentences about answers that are right and may still surprise.
func (a Answers) Warnings() []string {
	var out []string
	if ip, err := netip.ParseAddr(a.Ports.Bind); err == nil && !ip.IsLoopback() {
		out = append(out, fmt.Sprintf("ports.bind: %s opens the ports to the network, and Docker's ports bypass ufw, so they may be public: "+
			"leave it at 127.0.0.1 and put a proxy in front", a.Ports.Bind))
	}
	if a.Domain != "" && a.TLS.Mode == "off" {
		out = append(out, fmt.Sprintf("tls: off with a domain: your own proxy must serve https://%s and pass it to port %d, and /ws to port %d; "+
			"without HTTPS nobody can log in", a.Domain, a.Ports.Web, a.Ports.WebSocket))
	}
	if a.RemoteMCP.Enabled && a.RemoteMCP.WriteOrders {
		out = append(out, "remote_mcp.write_orders lets AI clients on the internet place orders with your money: "+
			"leave it out unless that is meant")
	}
	// Both have a fixed default and are part of a key from the moment they are
	// set (docs/openalgo-facts.md 1.1).
	for _, key := range []string{"SMTP_KEY_SALT", "TELEGRAM_KEY_SALT"} {
		if _, ok := a.Env[key]; ok {
			out = append(out, fmt.Sprintf("env.%s is part of a key: what OpenAlgo stored before it was set can't be opened after, and it must never change again", key))
		}
	}
	return out
}
