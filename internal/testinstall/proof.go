package testinstall

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// lookupTime bounds the question where a domain points to.
const lookupTime = 10 * time.Second

// proof is what a test install showed beside the test app, and what it could not show.
type proof struct{ shown, open []string }

func (p *proof) show(format string, args ...any) {
	p.shown = append(p.shown, fmt.Sprintf(format, args...))
}
func (p *proof) miss(format string, args ...any) {
	p.open = append(p.open, fmt.Sprintf(format, args...))
}

// image asks the registry whether it has the image that the answers name, for this
// machine: the test app is another one, and never pulled.
func (p *proof) image(ctx context.Context, in *ops.Session, image answers.Image) error {
	switch image.Source {
	case "rehearsal":
		return nil
	case "registry":
	case "file":
		p.miss("that Docker can load the image from %s", image.Path)
		return nil
	default:
		p.miss("that the image can be built from %s", image.Source)
		return nil
	}
	platform := in.Engine.Info().OS + "/" + in.Engine.Info().Arch
	has, err := in.Engine.RemotePlatforms(ctx, image.Ref)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, engine.ErrImageNotFound):
		return finding.Named(finding.HostNotReady, "image-missing", "%w", err).
			With(finding.Hint{Do: "Check image.ref in the answers"}).Ending(finding.Unchanged)
	case err != nil:
		p.miss("that %s can be downloaded: its registry did not answer (%v)", image.Ref, err)
	case len(has) > 0 && !slices.Contains(has, platform):
		return finding.Named(finding.HostNotReady, "image-platform", "%s is for %s, and Docker on this machine runs on %s", image.Ref, strings.Join(has, ", "), platform).
			With(finding.Hint{Do: "Choose an image for this processor with image.ref in the answers"}).Ending(finding.Unchanged)
	case len(has) == 0:
		p.miss("that %s is for %s: its registry does not tell", image.Ref, platform)
	default:
		p.show("the registry has %s for %s", image.Ref, platform)
	}
	return nil
}

// network says what a domain needs of the internet. a are the answers of the test
// install, which has succeeded.
func (p *proof) network(ctx context.Context, in *ops.Session, a answers.Answers) {
	if a.Domain == "" {
		if at, err := netip.ParseAddr(a.Ports.Bind); err == nil && !at.IsLoopback() {
			p.miss("that other machines reach ports %d and %d", a.Ports.Web, a.Ports.WebSocket)
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	switch r := host.CheckDNS(ctx, a.Domain, in.Resolver); {
	case r.Match && r.Judged:
		p.show("%s points to this machine", a.Domain)
	case r.Problem != "":
		p.miss("that %s points to this machine: %s", a.Domain, r.Problem)
	default:
		p.miss("that %s points to this machine", a.Domain)
	}
	// Nobody outside can be asked but who has to come here for a certificate.
	if strings.Contains(a.TLS.CA, "letsencrypt.org") {
		p.show("the internet reaches this machine as %s: Let's Encrypt issued a test certificate", a.Domain)
		return
	}
	p.miss("that the internet reaches ports 80 and 443. After the install, open https://%s from another network to check", a.Domain)
}

// tell reports the proof, and returns the sentence that the run ends with.
func (p *proof) tell(in *ops.Session) string {
	for _, text := range p.shown {
		in.Note("shown: " + text)
	}
	for _, text := range p.open {
		in.Note("not shown: " + text)
	}
	if len(p.open) > 0 {
		return "the test install worked, except for the lines \"not shown\" above. Everything was removed again"
	}
	return "the test install worked: this machine can run OpenAlgo. Everything was removed again"
}
