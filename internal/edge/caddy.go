package edge

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/linediff"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// What an edge is when nothing else is said.
const (
	DefaultDir   = "/opt/openalgo-edge"
	DefaultImage = "caddy:2"
)

// Settings say which Caddy serves. Zero values are what is there already, else
// the default.
type Settings struct {
	Dir         string
	Image       string
	HTTP, HTTPS int // ports
}

// Caddy is the edge of a host, as it is to be.
type Caddy struct {
	*observed
	caddyRun
}

// caddyRun makes the edge what its files say.
type caddyRun struct{ *observed }

// observed is the edge as it was found, with the files as they are to be.
type observed struct {
	Settings
	engine    Docker
	compose   File
	caddyfile File
	stack     *compose.Stack
	container *engine.Container // as it is; nil: there is none
}

// service is what the edge is called in its Compose file.
const service = "caddy"

// OpenCaddy looks at the edge in s.Dir. Files that are there are the user's:
// they change only where s asks for something else.
func OpenCaddy(ctx context.Context, e Docker, s Settings) (*Caddy, error) {
	s.Dir = cmp.Or(s.Dir, DefaultDir)
	c := &observed{Settings: s, engine: e}
	c.compose = File{Path: filepath.Join(s.Dir, compose.FileName), Mode: 0o644}
	c.caddyfile = File{Path: filepath.Join(s.Dir, "caddy", "Caddyfile"), Mode: 0o644}
	project := compose.ProjectName(s.Dir)
	if project == "" {
		return nil, fmt.Errorf("tls.edge: cannot make a project name of %s. Choose a directory whose name has letters or digits, for example %s", s.Dir, DefaultDir)
	}
	if err := c.readCompose(project); err != nil {
		return nil, err
	}
	if err := c.readCaddyfile(project); err != nil {
		return nil, err
	}
	var err error
	c.stack, err = compose.Load(compose.Source{Dir: s.Dir, Service: service,
		Files: []compose.File{{Path: c.compose.Path, Content: c.compose.Text}}})
	if err != nil {
		return nil, err
	}
	return &Caddy{observed: c, caddyRun: caddyRun{c}}, c.look(ctx)
}

func (c *observed) readCompose(project string) error {
	text, err := readOptional(c.compose.Path)
	if err != nil {
		return err
	}
	var file struct {
		Services map[string]struct {
			Image string `yaml:"image"`
		} `yaml:"services"`
	}
	_ = yaml.Unmarshal(text, &file) // Load says what is wrong with it
	have := file.Services[service].Image
	if text == nil || c.Image != "" && c.Image != have {
		c.Image = cmp.Or(c.Image, DefaultImage)
		text = renderCompose(project, c.Image, c.engine.Info().SELinux)
	} else {
		c.Image = have
	}
	c.compose.Text = text
	return nil
}

var portLine = regexp.MustCompile(`(?m)^\s*(http|https)_port\s+(\d+)\s*$`)

func (c *observed) readCaddyfile(project string) error {
	text, err := readOptional(c.caddyfile.Path)
	if err != nil {
		return err
	}
	have := map[string]int{"http": 80, "https": 443}
	for _, m := range portLine.FindAllStringSubmatch(string(text), -1) {
		have[m[1]], _ = strconv.Atoi(m[2])
	}
	other := c.HTTP != 0 && c.HTTP != have["http"] || c.HTTPS != 0 && c.HTTPS != have["https"]
	c.HTTP, c.HTTPS = cmp.Or(c.HTTP, have["http"]), cmp.Or(c.HTTPS, have["https"])
	if text == nil || other {
		text = renderCaddyfile(project, c.HTTP, c.HTTPS)
	}
	c.caddyfile.Text = text
	return nil
}

// look finds the container by its labels.
func (c *observed) look(ctx context.Context) error {
	found, err := c.engine.Containers(ctx, compose.LabelProject+"="+c.stack.Project, compose.LabelService+"="+service)
	if err != nil {
		return fmt.Errorf("look for the HTTPS proxy: %w", err)
	}
	// The one that runs is the edge; a leftover of a killed run is not.
	order.By(found, func(a, b engine.Container) int { return rank(b, c.stack) - rank(a, c.stack) })
	c.container = nil
	if len(found) > 0 {
		c.container = &found[0]
	}
	return nil
}

func rank(c engine.Container, s *compose.Stack) int {
	score := 0
	if c.State == "running" {
		score += 2
	}
	if c.Name == s.ContainerName() {
		score++
	}
	return score
}

// Runs reports whether the edge serves now.
func (c *observed) Runs() bool { return c.container != nil && c.container.State == "running" }

// Holds reports whether the edge, as it runs, has a port.
func (c *observed) Holds(port int) bool {
	before, _ := readOptional(c.caddyfile.Path)
	for _, m := range portLine.FindAllStringSubmatch(string(before), -1) {
		if n, _ := strconv.Atoi(m[2]); n == port {
			return c.Runs()
		}
	}
	return false
}

// Exists reports whether the edge has a container.
func (c *observed) Exists() bool { return c.container != nil }

// Name is the edge's container.
func (c *observed) Name() string { return c.stack.ContainerName() }

// Plan works out what s needs. It refuses a domain that is somebody else's.
func (c *Caddy) Plan(ctx context.Context, s Site) (*Plan, error) {
	p := &Plan{Shared: []File{c.compose, c.caddyfile}}
	site := File{Path: siteFile(c.Dir, s.Domain), Text: RenderCaddySite(s), Mode: 0o644}
	if now, err := readOptional(site.Path); err != nil {
		return nil, err
	} else if now != nil && Owner(now) != s.owner() {
		return nil, &TakenError{Domain: s.Domain, By: Owner(now), Path: site.Path}
	}
	if err := c.planContainer(ctx, p); err != nil {
		return nil, err
	}
	if err := addFile(p, c.compose, "how Docker runs the HTTPS proxy", unified(compose.FileName, c.compose.Text)); err != nil {
		return nil, err
	}
	if err := addFile(p, c.caddyfile, "settings for all sites", unified("Caddyfile", c.caddyfile.Text)); err != nil {
		return nil, err
	}
	for _, f := range c.certFiles(s) {
		if err := addFile(p, f, "the certificate of "+s.Domain, nil); err != nil {
			return nil, err
		}
	}
	return p, addFile(p, site, "https://"+s.Domain+" points to "+s.Instance, unified(s.Domain+".caddy", site.Text))
}

// Trial is the file of a site that asks another authority.
func (c *Caddy) Trial(s Site, ca string) File {
	s.CA = ca
	return File{Path: siteFile(c.Dir, s.Domain), Text: RenderCaddySite(s), Mode: 0o644}
}

// certFiles are what the site's file names beside it.
func (c *observed) certFiles(s Site) []File {
	at := func(suffix string, text []byte, mode os.FileMode) File {
		return File{Path: filepath.Join(c.Dir, "caddy", "certs", fileName(s.Domain)+suffix), Text: text, Mode: mode}
	}
	var key []byte
	if s.Cert != nil {
		key = []byte(s.Key.Reveal())
	}
	root := s.CARoot
	if s.Cert != nil {
		root = nil
	}
	return []File{at(".pem", s.Cert, 0o644), at(".key", key, 0o600), at(".root.pem", root, 0o644)}
}

func (c *Caddy) planContainer(ctx context.Context, p *Plan) error {
	_, err := c.engine.Image(ctx, c.Image)
	if errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrImageNotFound) {
		if c.container == nil || c.container.Image != c.Image { // the tag may be gone while the container runs on
			p.Pull = c.Image
			p.Changes = append(p.Changes, Change{Kind: "image", Name: c.Image, Action: "create", Reason: "the HTTPS proxy: pulled from its registry"})
		}
	} else if err != nil {
		return fmt.Errorf("looking for the image %s: %w", c.Image, err)
	}
	change := Change{Kind: "container", Name: c.Name(), Action: "create", Reason: "serves HTTPS for all instances on this machine"}
	switch {
	case c.container == nil:
	case c.differs():
		change.Action, change.Reason = "recreate", "its Compose file or its ports changed"
	case c.container.State != "running":
		change.Action, change.Reason = "update", "it is "+c.container.State+": start it"
	default:
		return nil
	}
	p.Changes = append(p.Changes, change)
	return nil
}

// differs reports whether the container is not what the Compose file says. A
// tag that moved on is no reason: the edge is for all, and runs.
func (c *observed) differs() bool { return c.container.Labels[compose.LabelHash] != c.stack.Hash }

// Gone plans to take the site of a domain away; the certificates that Caddy
// got for it stay in its volume.
func (c *Caddy) Gone(domain, instance, dir string) (*Plan, error) {
	p, s := &Plan{}, Site{Instance: instance, Dir: dir, Domain: domain}
	site := File{Path: siteFile(c.Dir, domain)}
	text, err := readOptional(site.Path)
	if err != nil || text == nil {
		return p, err
	}
	if Owner(text) != s.owner() {
		p.Warnings = append(p.Warnings, finding.Warn("site-foreign", "%s is not this instance's and stays", site.Path))
		return p, nil
	}
	gate := File{Path: GateFile(KindCaddy, c.Dir, dir, domain)}
	for _, f := range append(c.certFiles(Site{Domain: domain}), site, gate) {
		if err := addFile(p, f, "https://"+domain+" is no longer served", nil); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Shared reports whether a file of the edge in dir is what all sites have in
// common.
func Shared(dir, path string) bool {
	return path == filepath.Join(dir, compose.FileName) || path == filepath.Join(dir, "caddy", "Caddyfile")
}

// sites counts the files that the edge serves.
func (c *observed) sites() int {
	found, _ := filepath.Glob(filepath.Join(c.Dir, "caddy", "sites", "*.caddy"))
	return len(found)
}

// readOptional reads a file; nil when there is none.
func readOptional(path string) ([]byte, error) {
	text, err := readfile.Regular(path, readfile.Config)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return text, nil
}

func unified(name string, after []byte) func([]byte) string {
	return func(before []byte) string {
		if bytes.Equal(before, after) {
			return ""
		}
		return strings.TrimSuffix(linediff.Unified("a/"+name, "b/"+name, string(before), string(after), linediff.Context), "\n") + "\n"
	}
}
