package engine

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Pull gets an image from its registry, with the login that docker has stored
// for it, and reports each step to progress (may be nil). What the network
// broke is tried again a few times; layers that came are not fetched twice.
// It fails with ErrImageNotFound, ErrLoginNeeded, ErrRateLimited,
// ErrWrongPlatform, ErrRegistry or ErrNoSpace. Docker Hub does not tell a
// private image from none: the error then is both of the first two.
func (e images) Pull(ctx context.Context, ref string, progress func(event.PullProgress)) (Image, error) {
	doing := "pull " + ref
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %q is not the name of an image, like owner/app:latest: %w", doing, ref, err)
	}
	auth, authErr := e.registryAuth(named)
	layers := layerSum{bytes: map[string]layer{}, progress: progress}
	for try := 0; ; try++ {
		err = e.pullOnce(ctx, ref, auth, &layers)
		if err == nil {
			break
		}
		if ctx.Err() != nil || !transient(err) || try == len(e.pullDelays) {
			return Image{}, e.explainPull(ctx, doing, reference.Domain(named), err, authErr)
		}
		layers.report("", fmt.Sprintf("the network failed; next attempt in %s", e.pullDelays[try]))
		if err := wait.For(ctx, e.pullDelays[try]); err != nil {
			return Image{}, fmt.Errorf("%s: %w", doing, err)
		}
	}
	img, err := e.Image(ctx, ref)
	if err != nil {
		return Image{}, err
	}
	if img.Arch != "" && img.Arch != e.info.Arch {
		return Image{}, wrongPlatform(doing, e.info, "it is for "+img.OS+"/"+img.Arch)
	}
	return img, nil
}

func (e images) pullOnce(ctx context.Context, ref, auth string, layers *layerSum) error {
	stream, err := e.api.ImagePull(ctx, ref, image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return err
	}
	defer stream.Close()
	return readMessages(stream, layers.add)
}

type layer struct {
	current, total int64
	done           bool
}

// got raises the counts. A second try starts a layer over, and some registries
// do not tell sizes beforehand; the sums shall not fall for that.
func (l *layer) got(current, total int64) {
	l.current = max(l.current, current)
	l.total = max(l.total, total, l.current)
}

// layerSum adds up the layers of a pull.
type layerSum struct {
	bytes    map[string]layer
	progress func(event.PullProgress)
}

func (s *layerSum) add(m message) {
	l, known := s.bytes[m.ID]
	switch m.Status {
	case "Pulling fs layer", "Waiting", "Retrying":
	case "Downloading":
		l.got(m.ProgressDetail.Current, m.ProgressDetail.Total)
	case "Extracting":
		l.got(m.ProgressDetail.Total, m.ProgressDetail.Total)
	case "Verifying Checksum", "Download complete":
		l.got(l.total, l.total)
	case "Pull complete", "Already exists":
		l.got(l.total, l.total)
		l.done = true
	default:
		if !known {
			s.report("", m.Status) // a line about the whole: "Pulling from ...", "Digest: ..."
			return
		}
	}
	if m.ID != "" {
		s.bytes[m.ID] = l
	}
	s.report(m.ID, m.Status)
}

func (s *layerSum) report(id, status string) {
	if s.progress == nil {
		return
	}
	of := s.bytes[id]
	p := event.PullProgress{Layer: id, Status: status, LayerCurrent: of.current, LayerTotal: of.total, Layers: len(s.bytes)}
	for _, l := range s.bytes {
		p.Current += l.current
		p.Total += l.total
		if l.done {
			p.LayersDone++
		}
	}
	s.progress(p)
}

var (
	networkTrouble = regexp.MustCompile(`(?i)timeout|timed out|connection re(set|fused)|unexpected EOF|broken pipe|: EOF$|` +
		`no such host|server misbehaving|temporary failure|network is unreachable|no route to host|deadline exceeded|` +
		`50[0234] |internal server error|bad gateway|service unavailable|gateway time|request canceled`)
	noManifest = regexp.MustCompile(`(?i)no matching manifest|does not match the (specified|expected) platform|no match for platform`)
	noImage    = regexp.MustCompile(`(?i)manifest[ _]unknown|not found|repository does not exist|name[ _](unknown|invalid)|unknown name`)
	noLogin    = regexp.MustCompile(`(?i)unauthorized|authentication required|no basic auth credentials|incorrect username or password|access denied|access to the resource is denied|forbidden|insufficient_scope|authorization failed`)
	tooMany    = regexp.MustCompile(`(?i)toomanyrequests|too many requests|rate limit`)
)

// transient reports whether a pull may work when tried again: trouble of the
// network or the registry, not an answer, and not the engine itself gone.
func transient(err error) bool {
	text := err.Error()
	return !lostConnection(err) && networkTrouble.MatchString(text) &&
		!noLogin.MatchString(text) && !tooMany.MatchString(text) && !noManifest.MatchString(text)
}

func (e images) explainPull(ctx context.Context, doing, host string, err, authErr error) error {
	text := daemonText(err)
	if ctx.Err() != nil || lostConnection(err) || strings.Contains(text, "no space left") {
		return e.explain(ctx, doing, err)
	}
	login := "docker login"
	if host != "docker.io" {
		login += " " + host
	}
	hint := ""
	if authErr != nil {
		hint = " (" + authErr.Error() + ")"
	}
	switch {
	case tooMany.MatchString(text):
		return fail([]error{ErrRateLimited, err},
			"%s: the registry %s allows no more pulls from this address for now. Log in for a higher limit (%s), or try again in an hour", doing, host, login)
	case noManifest.MatchString(text):
		return wrongPlatform(doing, e.info, "there is none for it")
	case strings.Contains(text, "repository does not exist or may require") && !strings.Contains(text, "unauthorized:"),
		strings.Contains(text, "insufficient_scope"):
		return fail([]error{ErrImageNotFound, ErrLoginNeeded, err},
			"%s: the registry %s does not have the image, or the image is private. Check the name, or log in: %s%s", doing, host, login, hint)
	case noLogin.MatchString(text):
		return fail([]error{ErrLoginNeeded, err},
			"%s: the registry %s needs a login, or refused yours. Log in with an account that may read this image: %s%s", doing, host, login, hint)
	case noImage.MatchString(text):
		return fail([]error{ErrImageNotFound, err},
			"%s: the registry %s does not have the image. Check its name and tag", doing, host)
	case transient(err):
		return fail([]error{ErrRegistry, err},
			"%s: cannot reach the registry %s (%s). Check this machine's network and DNS, then run the same command again", doing, host, text)
	}
	return fail([]error{err}, "%s: %s", doing, text)
}

func wrongPlatform(doing string, info Info, what string) error {
	return fail([]error{ErrWrongPlatform},
		"%s: the image does not run on this Docker (%s/%s): %s. Choose an image for %s",
		doing, info.OS, info.Arch, what, info.Arch)
}
