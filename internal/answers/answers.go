// Package answers is what a user can say about an installation: its type, the
// strict reading of the YAML file, and its checks (docs/answers.md).
package answers

import (
	"fmt"
	"net/netip"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
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
	Data       map[string]string
	Image      Image
	TLS        TLS
	Ports      Ports
	Sizing     Sizing
	SwapMiB    int // of the swap file that is made where there is no swap; 0: none
	RemoteMCP  RemoteMCP
	Docker     Docker
	Notify     []target.Target // addresses for messages; they belong to the machine
	Watch      Watch
	Backup     Backup
	Kubernetes Kubernetes
	Env        map[string]secret.Text // further .env keys

	hidden   map[string]bool  // keys of Env that came by reference, so are secrets
	warnings finding.Warnings // of how the file was written
}

// fields is every key that a file may have, in the order in which they are saved.
func (a *Answers) fields() []field {
	return []field{
		{name: "version", value: a.version(), rule: a.checkVersion},
		{name: "domain", value: text(&a.Domain, "algo.example.com").unless(""), rule: a.checkDomain},
		{name: "instances", value: value{read: func(r *reader, key string, node *yaml.Node) { // ParseAll reads them
			r.problem(key, place(node), "this command needs the answers for one instance, not a list")
		}}},
		{name: "broker", value: section("{name: zerodha, ...}", a.Broker.fields()), rule: a.Broker.check},
		{name: "image", value: section("{source: registry}", a.Image.fields()), rule: a.Image.check},
		{name: "volumes", value: text(&a.Volumes, "named").unless("named").unless(""), rule: a.checkVolumes},
		{name: "data", value: a.data(), rule: a.checkData},
		{name: "tls", value: section("{mode: auto}", a.TLS.fields()), rule: func(r *reader) { a.TLS.check(r, a.Domain) }},
		{name: "ports", value: section("{web: 5000, websocket: 8765}", a.Ports.fields()), rule: a.Ports.check},
		{name: "sizing", value: section("{ram: auto, threads: 2}", a.Sizing.fields()), rule: a.Sizing.check},
		{name: "swap", value: swap(&a.SwapMiB)},
		{name: "remote_mcp", value: section("{enabled: false}", []field{
			{name: "enabled", value: boolean(&a.RemoteMCP.Enabled), rule: a.checkMCP},
			{name: "write_orders", value: boolean(&a.RemoteMCP.WriteOrders)},
			{name: "require_approval", value: boolean(&a.RemoteMCP.RequireApproval)},
		})},
		{name: "docker", value: section("{install: true}", []field{{name: "install", value: boolean(&a.Docker.Install)}})},
		{name: "notify", value: messages(a), rule: func(r *reader) { checkMessages(a, r) }},
		{name: "watch", value: section(`{enabled: true, preopen: "08:45"}`, a.Watch.fields()), rule: a.Watch.check},
		{name: "backup", value: section(`{at: "02:30", keep: 14}`, a.Backup.fields()), rule: a.Backup.check},
		{name: "kubernetes", value: section("{storage_class: local-path}", a.Kubernetes.fields()), rule: func(r *reader) { checkKubernetes(a, r) }},
		{name: "env", value: a.environment(), rule: a.checkEnv},
	}
}

func (a *Answers) version() value {
	v := integer(&a.Version, 1)
	v.save = func() any { return 1 }
	return v
}

func (a *Answers) checkVersion(r *reader) {
	if _, ok := r.at["version"]; !ok || a.Version != 1 {
		r.wrong("version", "write `version: 1`, the version of this file's format")
	}
}

func (a *Answers) checkVolumes(r *reader) {
	if a.Volumes != "named" && a.Volumes != "bind" {
		r.wrong("volumes", "%s is neither named (Docker's volumes) nor bind (directories beside .env)", quote(a.Volumes))
	}
}

func (a *Answers) checkMCP(r *reader) {
	if a.RemoteMCP.Enabled && a.Domain == "" {
		r.wrong("remote_mcp.enabled", "remote MCP needs HTTPS. Set `domain` too, or write `enabled: false`")
	}
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
	Key     string `json:"key"`    // dotted, for example "broker.name"
	Message string `json:"message"`
}

// Invalid is a file with mistakes: all of them.
type Invalid struct{ Problems []Problem }

// FindingID names it for programs.
func (e *Invalid) FindingID() string { return "answers-invalid" }

func (e *Invalid) Error() string {
	var b strings.Builder
	head := "not valid:" // what was typed in a command
	if len(e.Problems) > 0 && e.Problems[0].Line > 0 {
		head = "the answers file has problems:"
	}
	b.WriteString(head)
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
	return "http://" + a.Ports.At(a.Ports.Web)
}

// ProxyStep says what is left to the user, who has an HTTPS proxy in front; "" without
// one.
func ProxyStep(a Answers) string {
	if a.Domain == "" || a.TLS.Mode != "off" {
		return ""
	}
	return fmt.Sprintf("One step is yours: let your proxy serve https://%s. It must forward requests to %s, and /ws to %s. Until then nobody can log in.",
		a.Domain, a.Ports.At(a.Ports.Web), a.Ports.At(a.Ports.WebSocket))
}

// Warnings are about answers that are right and may still surprise.
func (a Answers) Warnings() (out finding.Warnings) {
	for _, w := range a.warnings {
		again := *w // a caller may add to it
		out = append(out, &again)
	}
	if ip, err := netip.ParseAddr(a.Ports.Bind); err == nil && !ip.IsLoopback() {
		out = append(out, finding.Warn("ports-public", "ports.bind: %s opens the ports to the network. Docker's ports bypass ufw, so they may be public. Use 127.0.0.1 and an HTTPS proxy", a.Ports.Bind))
	}
	if step := ProxyStep(a); step != "" {
		out = append(out, finding.Warn("proxy-own", "%s", step))
	}
	if a.RemoteMCP.Enabled && a.RemoteMCP.WriteOrders {
		out = append(out, finding.Warn("mcp-writes-orders", "remote_mcp.write_orders lets AI clients on the internet place orders with your money. Remove it if you do not want that"))
	}
	// Both have a fixed default and are part of a key from the moment they are
	// set (docs/openalgo-facts.md 1.1).
	for _, key := range []string{"SMTP_KEY_SALT", "TELEGRAM_KEY_SALT"} {
		if _, ok := a.Env[key]; ok {
			out = append(out, finding.Warn("setting-is-key", "env.%s is part of an encryption key. OpenAlgo cannot read data that it stored before you set it. Never change it again", key))
		}
	}
	return out
}
