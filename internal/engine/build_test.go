package engine_test

import (
	"archive/tar"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
)

// contextOf is a build context of these files.
func contextOf(files map[string]string) func(context.Context, io.Writer) error {
	return func(_ context.Context, to io.Writer) error {
		w := tar.NewWriter(to)
		for name, text := range files {
			if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
				return err
			}
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
		}
		return w.Close()
	}
}

// builders runs a test with BuildKit and with the classic builder.
func builders(t *testing.T, test func(t *testing.T, e *engine.Engine, spec engine.BuildSpec)) {
	for builder, classic := range map[string]bool{"BuildKit": false, "classic": true} {
		t.Run(builder, func(t *testing.T) {
			e := connect(t, engine.Options{})
			base := testImage(t, e)
			spec := engine.BuildSpec{Ref: name() + ":1", Dockerfile: "Dockerfile", Classic: classic, Bases: []string{base.Ref},
				Args: map[string]string{"BASE": base.Ref}, Labels: map[string]string{"from": "the call"}}
			// What a classic build leaves of its stages goes away again, too.
			t.Cleanup(func() {
				ctx, cancel := cleanup()
				defer cancel()
				_ = e.RemoveImage(ctx, spec.Ref)
				left, err := e.Images(ctx, "oatest="+spec.Ref)
				if err != nil {
					t.Error(err)
				}
				for _, image := range left {
					_ = e.RemoveImage(ctx, image.ID)
				}
			})
			test(t, e, spec)
		})
	}
}

func dockerfile(spec engine.BuildSpec, lines ...string) map[string]string {
	return map[string]string{"Dockerfile": "ARG BASE\nFROM ${BASE} AS first\nLABEL oatest=" + spec.Ref + "\n" + strings.Join(lines, "\n") + "\n", "hello.txt": "from the context"}
}

func TestBuild(t *testing.T) {
	builders(t, func(t *testing.T, e *engine.Engine, spec engine.BuildSpec) {
		spec.Args["WORD"] = "a word"
		spec.Context = contextOf(dockerfile(spec,
			"ARG WORD=none", `ENV WORD="${WORD}"`, `RUN ["/probe", "say", "hello from a step", "on stderr", "`+spec.Ref+`"]`,
			"FROM first", "COPY --from=first /data/seed /copied", "COPY hello.txt /hello.txt"))
		var steps []event.BuildProgress
		var lines []string
		image, err := e.Build(t.Context(), spec, engine.BuildWatch{
			Step: func(p event.BuildProgress) { steps = append(steps, p) }, Line: func(l string) { lines = append(lines, l) }})
		if err != nil {
			t.Fatal(err)
		}
		if image.Ref != spec.Ref || image.Labels["from"] != "the call" || !slices.Contains(image.Env, "WORD=a word") {
			t.Errorf("%+v", image)
		}
		id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: image.ID}})
		for path, want := range map[string]string{"/hello.txt": "from the context", "/copied": "from the image"} {
			if got, err := e.ReadFile(t.Context(), id, path, 100); err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", path, got, err)
			}
		}
		// The classic builder marks stderr with a colour.
		said := func(text string) bool {
			return slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, text) })
		}
		if !said("hello from a step") || !said("on stderr") {
			t.Errorf("lines: %q", lines)
		}
		if len(steps) < 4 {
			t.Fatalf("steps: %+v", steps)
		}
		for i, s := range steps {
			if s.Step != i+1 || s.Total < s.Step || s.Name == "" {
				t.Errorf("step %d: %+v", i, s)
			}
		}
		if last := steps[len(steps)-1]; last.Step != last.Total {
			t.Errorf("the last is %+v", last)
		}
	})
}

func TestBuildFails(t *testing.T) {
	builders(t, func(t *testing.T, e *engine.Engine, spec engine.BuildSpec) {
		spec.Context = contextOf(dockerfile(spec, `RUN ["/probe", "complain", "300", "7"]`))
		_, err := e.Build(t.Context(), spec, engine.BuildWatch{})
		failed := (*engine.BuildError)(nil)
		if !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if !strings.Contains(failed.Step, "complain") || !strings.Contains(failed.Text, "7") {
			t.Errorf("%+v", failed)
		}
		if n := len(failed.Log); n != 200 || failed.Log[n-1] != "complaint 300" {
			t.Errorf("log: %q", failed.Log)
		}

		spec.Context = contextOf(map[string]string{"Dockerfile": "FORM x\n"})
		if _, err := e.Build(t.Context(), spec, engine.BuildWatch{}); !errors.As(err, &failed) || !strings.Contains(strings.ToLower(failed.Text), "form") {
			t.Errorf("%v", err)
		}
		broken := errors.New("the checkout cannot be read")
		spec.Context = func(context.Context, io.Writer) error { return broken }
		if _, err := e.Build(t.Context(), spec, engine.BuildWatch{}); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	})
}

func TestBuildCancelled(t *testing.T) {
	builders(t, func(t *testing.T, e *engine.Engine, spec engine.BuildSpec) {
		spec.Context = contextOf(dockerfile(spec, `RUN ["/probe", "serve"]`))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := e.Build(ctx, spec, engine.BuildWatch{Line: func(line string) {
			if strings.Contains(line, "ready to serve") {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		until(t, "the step's container is gone", func() bool {
			all, err := e.Containers(t.Context())
			return err == nil && !slices.ContainsFunc(all, func(c engine.Container) bool {
				return c.Labels["oatest"] == spec.Ref // of the classic builder; BuildKit has none
			})
		})
		if _, err := e.Image(t.Context(), spec.Ref); !errors.Is(err, engine.ErrImageNotFound) {
			t.Errorf("an image is there: %v", err)
		}
	})
}

// A base that needs a login is fetched before the build: BuildKit itself cannot
// log in without a session.
func TestBuildFromAPrivateBase(t *testing.T) {
	for builder, classic := range map[string]bool{"BuildKit": false, "classic": true} {
		t.Run(builder, func(t *testing.T) {
			r := newRegistry(t, connect(t, engine.Options{}).Info().Arch)
			r.login = "trader:s3cret-canary"
			auth := base64.StdEncoding.EncodeToString([]byte(r.login))
			e := puller(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, r.host, auth))
			forget(t, e, r.ref("1"))
			ref := name() + ":1"
			forget(t, e, ref)
			var pulls []string
			_, err := e.Build(t.Context(), engine.BuildSpec{Ref: ref, Dockerfile: "Dockerfile", Classic: classic, Bases: []string{r.ref("1")},
				Context: contextOf(map[string]string{"Dockerfile": "FROM " + r.ref("1") + "\nCOPY Dockerfile /Dockerfile\n"})},
				engine.BuildWatch{Pull: func(image string, _ event.PullProgress) { pulls = append(pulls, image) }})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(pulls, r.ref("1")) {
				t.Errorf("pulled: %q", pulls)
			}
			_, err = e.Build(t.Context(), engine.BuildSpec{Ref: ref, Bases: []string{r.ref("none")}}, engine.BuildWatch{})
			wants(t, err, engine.ErrImageNotFound, r.ref("none"))
		})
	}
}

// FuzzBuildTrace: whatever an engine sends as BuildKit's trace does no harm.
func FuzzBuildTrace(f *testing.F) {
	f.Add([]byte("\x0a\x14\x0a\x03abc\x1a\x05[a] x\x2a\x02\x08\x01\x22\x08\x0a\x03abc\x22\x01\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		began := time.Now()
		engine.ParseTrace(data)
		if time.Since(began) > time.Second {
			t.Error("it took over a second")
		}
	})
}
