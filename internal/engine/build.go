package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/docker/docker/api/types/build"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// BuildSpec says what to build.
type BuildSpec struct {
	Ref string
	// Context writes the build context as a tar archive, less what
	// .dockerignore leaves out: the engine does not look at that file.
	Context    func(ctx context.Context, to io.Writer) error
	Dockerfile string            // its name in the context
	Args       map[string]string // build arguments
	Labels     map[string]string
	// Bases are the images that the Dockerfile names. Those that the engine
	// lacks are pulled first, with the login that docker has stored for them.
	Bases []string
	// Classic asks for the builder from before BuildKit.
	Classic bool
}

// BuildWatch is told how a build goes; each function may be nil.
type BuildWatch struct {
	Pull func(image string, p event.PullProgress)
	Step func(event.BuildProgress)
	Line func(string) // a line of what a step prints, control sequences and all
}

// BuildError is a build that failed at one of its steps.
type BuildError struct {
	Step string   // as the Dockerfile has it; "" when it failed before the first
	Text string   // what the engine said
	Log  []string // the last lines that the step printed
}

func (e *BuildError) Error() string {
	if e.Step == "" {
		return "the build failed: " + e.Text
	}
	return fmt.Sprintf("the build failed at %q: %s", e.Step, e.Text)
}

// buildLog is how many lines of a failed step are kept.
const buildLog = 200

// noBuildKit is how an engine without it refuses.
var noBuildKit = regexp.MustCompile(`(?i)buildkit.{0,40}(not (supported|enabled|available)|disabled|unsupported)`)

// Build makes an image. BuildKit does it where the engine has it, without a
// session, which needs no part of BuildKit here and works on every engine as
// long as all bases are there; else the classic builder.
// Ending ctx ends the build. It fails with a *BuildError, an error of Pull, or
// what Context failed with.
func (e builds) Build(ctx context.Context, spec BuildSpec, watch BuildWatch) (Image, error) {
	for _, base := range spec.Bases {
		if err := e.bringBase(ctx, base, watch); err != nil {
			return Image{}, err
		}
	}
	classic := spec.Classic || os.Getenv("DOCKER_BUILDKIT") == "0"
	err := e.build(ctx, spec, watch, classic)
	if failed := (*BuildError)(nil); !classic && errors.As(err, &failed) && failed.Step == "" && noBuildKit.MatchString(failed.Text) {
		err = e.build(ctx, spec, watch, true)
	}
	if err != nil {
		return Image{}, err
	}
	return e.Image(ctx, spec.Ref)
}

func (e builds) bringBase(ctx context.Context, base string, watch BuildWatch) error {
	if _, err := e.Image(ctx, base); err == nil || !errors.Is(err, ErrImageNotFound) {
		return err
	}
	_, err := e.Pull(ctx, base, func(p event.PullProgress) {
		if watch.Pull != nil {
			watch.Pull(base, p)
		}
	})
	return err
}

func (e builds) build(ctx context.Context, spec BuildSpec, watch BuildWatch, classic bool) error {
	doing := "build " + spec.Ref
	// The context goes out while the answer comes in; the first of the two to
	// fail ends the other.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader, writer := io.Pipe()
	defer reader.Close()
	in := &source{from: reader}
	go func() { writer.CloseWithError(spec.Context(ctx, writer)) }()

	options := build.ImageBuildOptions{
		Tags: []string{spec.Ref}, Dockerfile: spec.Dockerfile, Labels: spec.Labels,
		BuildArgs: pointers(spec.Args, e.info.Proxies), Remove: true, ForceRemove: true, Version: build.BuilderBuildKit,
	}
	if classic {
		options.Version = build.BuilderV1
	}
	response, err := e.api.ImageBuild(ctx, in, options)
	if broken := in.broken(); broken != nil {
		return fmt.Errorf("%s: %w", doing, broken)
	}
	if err != nil {
		if lostConnection(err) || ctx.Err() != nil {
			return e.explain(ctx, doing, err)
		}
		return &BuildError{Text: daemonText(err)}
	}
	defer response.Body.Close()
	p := newBuildParser(watch)
	err = readBuild(response.Body, p)
	if broken := in.broken(); broken != nil {
		return fmt.Errorf("%s: %w", doing, broken)
	}
	if err != nil && (ctx.Err() != nil || lostConnection(err)) {
		return e.explain(ctx, doing, err)
	}
	if err != nil {
		return p.failure(err)
	}
	return nil
}

// readBuild hands each line of the engine's answer to the parser.
func readBuild(stream io.Reader, p *buildParser) error {
	decoder := json.NewDecoder(stream)
	for {
		var m struct {
			ID, Stream  string
			Aux         json.RawMessage
			Error       string
			ErrorDetail *struct{ Message string }
		}
		err := decoder.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the answer of Docker ended early: %w", err)
		case m.ErrorDetail != nil && m.ErrorDetail.Message != "":
			return errors.New(m.ErrorDetail.Message)
		case m.Error != "":
			return errors.New(m.Error)
		case m.ID == "moby.buildkit.trace":
			var trace []byte
			if err := json.Unmarshal(m.Aux, &trace); err == nil {
				p.trace(trace)
			}
		case m.Stream != "":
			p.stream(m.Stream)
		}
	}
}

// pointers are build arguments, and the proxies that go without saying: Docker keeps
// these out of the image.
func pointers(args, proxies map[string]string) map[string]*string {
	out := map[string]*string{}
	for _, values := range []map[string]string{proxies, args} {
		for name, value := range values {
			out[name] = &value
		}
	}
	return out
}
