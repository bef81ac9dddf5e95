package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/status"
)

// Look is what is to be examined, and with what.
type Look struct {
	Dir     string
	Command string         // how the program is called for this instance
	Engine  *engine.Engine // nil: EngineErr says why
	Machine sizing.Machine

	EngineErr error
}

// netTime bounds each question to the network.
const netTime = 5 * time.Second

func (l Look) gather(ctx context.Context) patient {
	p := patient{dir: l.Dir, command: l.Command, engineErr: l.EngineErr, now: time.Now()}
	if facts, err := host.Measure(ctx); err == nil {
		p.host = &facts
	}
	p.synced = clockSynced()
	if disk, err := host.Disk(l.Dir); err == nil {
		p.files = &disk
	}
	l.gatherFiles(&p)
	if l.Engine != nil {
		l.gatherEngine(ctx, &p)
	}
	gatherDomain(ctx, &p)
	return p
}

func (l Look) gatherEngine(ctx context.Context, p *patient) {
	info := l.Engine.Info()
	p.engine = &info
	if info.Local {
		if disk, err := host.Disk(info.RootDir); err == nil {
			p.images = &disk
		}
		p.atBoot = startsAtBoot(ctx, p.host)
	}
	all, err := status.Look(ctx, l.Engine, l.Machine, l.Dir)
	if err == nil && len(all.Instances) > 0 {
		p.instance = &all.Instances[0]
		if c, err := l.Engine.Container(ctx, p.instance.Container); p.instance.Container != "" && err == nil {
			p.container = &c
		}
	}
	p.idleSalt = p.container != nil && ops.IdleSalt(ctx, l.Engine, l.Dir, *p.container)
	p.newer = p.container != nil && l.newerImage(ctx, p.container)
	if p.instance != nil && p.instance.Backup != nil && p.instance.Backup.OK && p.instance.Backup.File != "" {
		p.backupGone = gone(p.instance.Backup.File)
	}
	in, err := ops.New(l.Dir, l.Engine, l.Machine, event.ReporterFunc(func(event.Event) {}))
	if err == nil {
		err = in.Obstacles(ctx)
	}
	p.obstacles = err
	used := map[string]bool{} // by an instance whose directory was moved, too
	containers, err := l.Engine.Containers(ctx)
	if err != nil {
		return // nobody knows which volumes are in use
	}
	for _, c := range containers {
		for _, m := range c.Mounts {
			used[m.Name] = true
		}
	}
	volumes, _ := l.Engine.Volumes(ctx, compose.LabelProject)
	for _, v := range volumes {
		if dir := v.Labels[stacks.LabelDir]; dir != "" && info.Local && gone(dir) && !used[v.Name] {
			p.stray = append(p.stray, v.Name)
		}
	}
}

// newerImage asks the registry; false where it can't be asked, or the image is
// of no registry.
func (l Look) newerImage(ctx context.Context, c *engine.Container) bool {
	image, err := l.Engine.Image(ctx, c.ImageID)
	if err != nil || image.DigestIn(c.Image) == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, netTime)
	defer cancel()
	digest, err := l.Engine.RemoteDigest(ctx, c.Image)
	return err == nil && digest != image.DigestIn(c.Image)
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

func (l Look) gatherFiles(p *patient) {
	path := filepath.Join(l.Dir, ".env")
	text, err := readfile.Regular(path, readfile.Config)
	if err == nil {
		p.env, err = envfile.Parse(text)
	}
	p.envErr = err
	if info, err := os.Stat(path); err == nil {
		p.envMode = info.Mode()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			p.envOwner = owner{known: l.Engine != nil && l.Engine.Info().Local && !l.Engine.Info().Rootless && !l.Engine.Info().UserNS, uid: stat.Uid, gid: stat.Gid}
		}
	}
	for _, name := range []string{"docker-compose.yaml", "docker-compose.yml", "compose.yaml", "compose.yml"} {
		p.compose = p.compose || !gone(filepath.Join(l.Dir, name))
	}
	p.unfinished = ops.Unfinished(l.Dir)
}

// gatherDomain asks for the domain what anybody would see.
func gatherDomain(ctx context.Context, p *patient) {
	if p.env == nil || p.instance == nil {
		return
	}
	server, _ := p.env.Get("HOST_SERVER")
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return
	}
	p.domain = u.Hostname()
	ctx, cancel := context.WithTimeout(ctx, 2*netTime)
	defer cancel()
	report := host.CheckDNS(ctx, p.domain, nil)
	p.dns = &report
	if h := p.instance.HTTPS; h != nil {
		p.certificate = &certificate{issuer: "this host's " + h.By}
		p.certificate.expiry, _ = time.Parse(time.RFC3339, h.Until)
		if h.Problem != "" {
			p.certificate.err = errors.New(h.Problem)
		}
	} else if len(report.A)+len(report.AAAA) > 0 {
		p.certificate = lookAtCertificate(ctx, u.Host)
	}
}

func lookAtCertificate(ctx context.Context, address string) *certificate {
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "443")
	}
	c := &certificate{}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: netTime}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		c.err = err
		var invalid *tls.CertificateVerificationError
		if errors.As(err, &invalid) && len(invalid.UnverifiedCertificates) > 0 {
			c.expiry = invalid.UnverifiedCertificates[0].NotAfter
		}
		return c
	}
	defer conn.Close()
	if chain := conn.(*tls.Conn).ConnectionState().PeerCertificates; len(chain) > 0 {
		c.expiry, c.issuer = chain[0].NotAfter, chain[0].Issuer.String()
	}
	return c
}

// clockSynced asks the kernel; nil where it does not tell.
func clockSynced() *bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return nil
	}
	const unsynchronized = 5 // TIME_ERROR of adjtimex(2)
	synced := state != unsynchronized
	return &synced
}

// startsAtBoot asks systemd; nil where something else starts things.
func startsAtBoot(ctx context.Context, facts *host.Facts) *bool {
	if facts == nil || !facts.Systemd {
		return nil
	}
	enabled := false
	for _, unit := range []string{"docker.service", "docker.socket", "snap.docker.dockerd.service"} {
		enabled = enabled || exec.CommandContext(ctx, "systemctl", "--quiet", "is-enabled", unit).Run() == nil
	}
	return &enabled
}
