package answers

import (
	_ "embed" // for the example and the schema
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

//go:embed example.yaml
var example []byte

//go:embed schema.json
var schema []byte

// Example is a file with every answer explained.
func Example() []byte { return example }

// Schema is the JSON Schema (draft 2020-12) of an answers file.
func Schema() []byte { return schema }

const savedHeader = "# What openalgo-install was answered, less every secret. Written after each run.\n"

// Public is the answers as YAML less every secret: the broker's name stays,
// its credentials go, and so does each env value that came by reference or
// whose key may name a secret.
func (a Answers) Public() ([]byte, error) {
	auto := func(n int) any {
		if n == 0 {
			return "auto"
		}
		return n
	}
	size := func(mib int) any {
		if mib == 0 {
			return "auto"
		}
		return fmt.Sprintf("%dMiB", mib)
	}
	doc := &section{}
	doc.add("version", 1)
	if a.Domain != "" {
		doc.add("domain", a.Domain)
	}
	doc.add("broker", (&section{}).add("name", a.Broker.Name))
	doc.add("image", a.Image.section())
	if a.Volumes == "bind" {
		doc.add("volumes", a.Volumes)
	}
	if len(a.Data) > 0 {
		doc.add("data", a.Data)
	}
	tls := (&section{}).add("mode", a.TLS.Mode)
	for _, f := range [][2]string{{"email", a.TLS.Email}, {"cert", a.TLS.Cert}, {"key", a.TLS.Key}, {"ca", a.TLS.CA}, {"ca_trial", a.TLS.CATrial}, {"ca_root", a.TLS.CARoot}} {
		tls.addText(f[0], f[1])
	}
	for _, f := range []struct {
		key     string
		on, def bool
	}{{"certbot", a.TLS.Certbot, false}, {"cloudflare", a.TLS.Cloudflare, false}, {"check_dns", a.TLS.CheckDNS, true}, {"open_ports", a.TLS.OpenPorts, false}} {
		if f.on != f.def {
			tls.add(f.key, f.on)
		}
	}
	if e := a.TLS.Edge; e != (Edge{}) {
		edge := &section{}
		edge.addText("dir", e.Dir)
		edge.addText("image", e.Image)
		if e.HTTP != 0 {
			edge.add("http", e.HTTP)
		}
		if e.HTTPS != 0 {
			edge.add("https", e.HTTPS)
		}
		tls.add("edge", edge)
	}
	doc.add("tls", tls)
	doc.add("ports", (&section{}).add("web", a.Ports.Web).add("websocket", a.Ports.WebSocket).add("bind", a.Ports.Bind))
	s := a.Sizing
	doc.add("sizing", (&section{}).add("ram", size(s.RAMMiB)).add("cores", auto(s.Cores)).add("threads", auto(s.Threads)).
		add("shm_size", size(s.ShmMiB)).add("strategy_memory_mb", auto(s.StrategyMemoryMiB)))
	m := a.RemoteMCP
	doc.add("remote_mcp", (&section{}).add("enabled", m.Enabled).add("write_orders", m.WriteOrders).add("require_approval", m.RequireApproval))
	doc.add("docker", (&section{}).add("install", a.Docker.Install))
	if env := a.publicEnv(); len(env) > 0 {
		doc.add("env", env)
	}
	text, err := yaml.Marshal(doc.node())
	if err != nil {
		return nil, fmt.Errorf("writing the answers: %w", err)
	}
	return append([]byte(savedHeader), text...), nil
}

func (i Image) section() *section {
	image := (&section{}).add("source", i.Source)
	for _, f := range [][2]string{{"ref", i.Ref}, {"url", i.URL}, {"path", i.Path}, {"dockerfile", i.Dockerfile}} {
		image.addText(f[0], f[1])
	}
	if len(i.BuildArgs) > 0 {
		image.add("build_args", i.BuildArgs)
	}
	return image
}

func (a Answers) publicEnv() map[string]string {
	out := map[string]string{}
	for key, value := range a.Env {
		if !a.hidden[key] && !isSecret(key, value.Reveal()) {
			out[key] = value.Reveal()
		}
	}
	return out
}

// section is a YAML mapping that keeps its order.
type section struct{ content []any }

func (s *section) add(key string, value any) *section {
	s.content = append(s.content, key, value)
	return s
}

func (s *section) addText(key, value string) {
	if value != "" {
		s.add(key, value)
	}
}

func (s *section) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, v := range s.content {
		if inner, ok := v.(*section); ok {
			n.Content = append(n.Content, inner.node())
			continue
		}
		var value yaml.Node
		_ = value.Encode(v) // texts, numbers and booleans: no error is possible
		n.Content = append(n.Content, &value)
	}
	return n
}

// isSecret is generous: a setting that is left out stays in .env.
func isSecret(key, value string) bool {
	upper := strings.ToUpper(key)
	for _, part := range []string{"KEY", "SECRET", "TOKEN", "PASSWORD", "SALT", "PEPPER", "DATABASE_URL"} {
		if strings.Contains(upper, part) {
			return true
		}
	}
	return envfile.IsSecret(key, value)
}

// HasPlainSecrets reports whether a file holds a secret as plain text, so that
// its mode matters.
func HasPlainSecrets(data []byte) bool {
	root, problem := document(data)
	if problem != nil {
		return false
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		section, values := root.Content[i].Value, root.Content[i+1]
		if values.Kind != yaml.MappingNode {
			continue
		}
		for j := 0; j+1 < len(values.Content); j += 2 {
			key, value := values.Content[j].Value, values.Content[j+1]
			if value.Kind != yaml.ScalarNode || empty(value) || value.Value == "" {
				continue
			}
			if section == "broker" && key != "name" || section == "env" && isSecret(key, value.Value) {
				return true
			}
		}
	}
	return false
}
