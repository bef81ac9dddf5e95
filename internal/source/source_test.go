package source_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/source"
	"github.com/marketcalls/openalgo-install/templates"
)

// checkout makes a directory with these files; a name that ends in / is a
// directory.
func checkout(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var openalgo = map[string]string{
	"pyproject.toml": "[project]", "app.py": "app", ".sample.env": "A = 'b'", ".env": "SECRET", "start.sh": "theirs",
	"frontend/package.json": "{}", "frontend/src/main.js": "1", "frontend/node_modules/x/index.js": "x",
	"db/openalgo.db": "rows", "keys/private.pem": "key", "broker/x/api.py": "api", "broker/x/__pycache__/a.pyc": "c",
	"deep/.env": "SECRET", "deep/cert.key": "key", "deep/secrets.py": "code", "log/app.log": "line", ".git/config": "[core]",
}

func with(base map[string]string, more map[string]string) map[string]string {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

func open(t *testing.T, dir string, o source.Options) *source.Source {
	t.Helper()
	s, err := source.Open(t.Context(), dir, o)
	must(t, err)
	return s
}

// context reads the build context back.
func context(t *testing.T, s *source.Source) map[string]string {
	t.Helper()
	var buffer bytes.Buffer
	must(t, s.WriteContext(t.Context(), &buffer))
	out := map[string]string{}
	for r := tar.NewReader(&buffer); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		must(t, err)
		if h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s belongs to %d:%d", h.Name, h.Uid, h.Gid)
		}
		text, err := io.ReadAll(r)
		must(t, err)
		if h.Typeflag != tar.TypeDir {
			out[h.Name] = string(text) + h.Linkname
		}
	}
}

func TestOursLeavesOutWhatIsSecretOrMade(t *testing.T) {
	s := open(t, checkout(t, openalgo), source.Options{})
	got := context(t, s)
	want := []string{".sample.env", "Dockerfile", "app.py", "broker/x/api.py", "deep/secrets.py", "frontend/package.json", "frontend/src/main.js", "openalgo-image.py", "openalgo-migrate.py", "pyproject.toml", "start.sh"}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("the context has\n%q, want\n%q", names, want)
	}
	if got["start.sh"] != string(templates.StartScript()) || got["Dockerfile"] != string(templates.Dockerfile()) {
		t.Error("the context does not have our start.sh and Dockerfile")
	}
	if s.Dockerfile != source.Ours || !s.BuildsFrontend || s.Args["FRONTEND"] != "build" {
		t.Errorf("%+v", s)
	}
}

func TestTheirs(t *testing.T) {
	files := with(openalgo, map[string]string{"Dockerfile": "FROM a\n", ".dockerignore": "*\n!app.py\n!broker/\n**/*.pyc\n# a comment\n\n"})
	s := open(t, checkout(t, files), source.Options{})
	want := []string{".dockerignore", "Dockerfile", "app.py", "broker/x/api.py"}
	if names := slices.Sorted(maps.Keys(context(t, s))); !slices.Equal(names, want) {
		t.Errorf("the context has %q, want %q", names, want)
	}
	if bases, err := s.Bases(); err != nil || !slices.Equal(bases, []string{"a"}) {
		t.Errorf("%q, %v", bases, err)
	}
	// Asked for ours: both files of patterns count.
	s = open(t, checkout(t, with(files, map[string]string{".dockerignore": "broker\n"})), source.Options{Dockerfile: source.Ours})
	if got := context(t, s); got["broker/x/api.py"] != "" || got[".env"] != "" || got["app.py"] == "" {
		t.Errorf("the context has %q", slices.Sorted(maps.Keys(got)))
	}
}

// A checkout that is an instance's directory, too: its keys and copies never go
// into an image, and what a run writes is no other source.
func TestInstanceInItsCheckout(t *testing.T) {
	plain := with(openalgo, map[string]string{"Dockerfile": "FROM a\n"})
	lived := with(plain, map[string]string{".env": "canary", ".openalgo-install/journal.json": "canary", "openalgo-install.yaml": "canary", "docker-compose.yaml": "canary"})
	s := open(t, checkout(t, lived), source.Options{})
	for name, text := range context(t, s) {
		if strings.Contains(text, "canary") {
			t.Errorf("the context has %s", name)
		}
	}
	delete(plain, ".env")
	delete(plain, "docker-compose.yaml")
	if other := open(t, checkout(t, plain), source.Options{}); other.Ref() != s.Ref() {
		t.Errorf("%s, and %s without the instance", s.Ref(), other.Ref())
	}
}

func TestLinks(t *testing.T) {
	dir := checkout(t, openalgo)
	must(t, os.Symlink("app.py", filepath.Join(dir, "link.py")))
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "outside")))
	got := context(t, open(t, dir, source.Options{}))
	if got["link.py"] != "app.py" || got["outside"] != "/etc/passwd" {
		t.Errorf("%q, %q", got["link.py"], got["outside"])
	}
}

// The image's name follows what goes into it, and nothing else.
func TestRef(t *testing.T) {
	dir := checkout(t, openalgo)
	first := open(t, dir, source.Options{}).Ref()
	if !strings.HasPrefix(first, source.Repository+":") {
		t.Error(first)
	}
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(filepath.Join(dir, "app.py"), old, old))
	must(t, os.WriteFile(filepath.Join(dir, "db/openalgo.db"), []byte("more rows"), 0o644))
	if again := open(t, dir, source.Options{}).Ref(); again != first {
		t.Errorf("%s, was %s", again, first)
	}
	seen := map[string]string{first: "at first"}
	for what, other := range map[string]func() *source.Source{
		"an argument": func() *source.Source { return open(t, dir, source.Options{Args: map[string]string{"X": "1"}}) },
		"a mode": func() *source.Source {
			must(t, os.Chmod(filepath.Join(dir, "app.py"), 0o755))
			defer os.Chmod(filepath.Join(dir, "app.py"), 0o644)
			return open(t, dir, source.Options{})
		},
		"a file": func() *source.Source {
			must(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte("APP"), 0o644))
			defer os.WriteFile(filepath.Join(dir, "app.py"), []byte("app"), 0o644)
			return open(t, dir, source.Options{})
		},
	} {
		ref := other().Ref()
		if seen[ref] != "" {
			t.Errorf("%s does not change the name: %s as %s", what, ref, seen[ref])
		}
		seen[ref] = what
	}
}

func TestFrontend(t *testing.T) {
	built := with(openalgo, map[string]string{"frontend/dist/index.html": "built"})
	for name, test := range map[string]struct {
		files  map[string]string
		change func(dir string)
		args   map[string]string
		builds bool
	}{
		"none there":   {openalgo, nil, nil, true},
		"there, newer": {built, func(dir string) { touch(t, dir, "frontend/dist/index.html", time.Minute) }, nil, false},
		"there, older": {built, func(dir string) { touch(t, dir, "frontend/dist/index.html", -time.Minute) }, nil, true},
		"asked for":    {built, nil, map[string]string{"FRONTEND": "build"}, true},
		"committed":    {built, func(dir string) { commit(t, dir); touch(t, dir, "frontend/dist/index.html", -time.Minute) }, nil, false},
		"committed and changed": {built, func(dir string) {
			commit(t, dir)
			must(t, os.WriteFile(filepath.Join(dir, "frontend/src/main.js"), []byte("2"), 0o644))
			touch(t, dir, "frontend/dist/index.html", -time.Minute)
		}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := checkout(t, test.files)
			must(t, os.RemoveAll(filepath.Join(dir, ".git")))
			if test.change != nil {
				test.change(dir)
			}
			s := open(t, dir, source.Options{Args: test.args})
			if s.BuildsFrontend != test.builds {
				t.Errorf("builds the frontend: %v", s.BuildsFrontend)
			}
			bases, _ := s.Bases()
			if want := map[bool]int{true: 2, false: 1}[test.builds]; len(bases) != want {
				t.Errorf("begins with %q", bases)
			}
		})
	}
}

func touch(t *testing.T, dir, name string, when time.Duration) {
	t.Helper()
	at := time.Now().Add(when)
	must(t, os.Chtimes(filepath.Join(dir, name), at, at))
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func commit(t *testing.T, dir string) string {
	t.Helper()
	git(t, dir, "init", "-q")
	git(t, dir, "add", "-A", "-f", ".")
	git(t, dir, "commit", "-q", "-m", "x")
	return git(t, dir, "rev-parse", "HEAD")
}

func TestNotACheckout(t *testing.T) {
	for name, test := range map[string]struct {
		dir  string
		o    source.Options
		says string
	}{
		"nothing there":  {"/nonexistent/openalgo", source.Options{}, "no directory"},
		"empty":          {t.TempDir(), source.Options{}, "pyproject.toml"},
		"theirs, none":   {checkout(t, openalgo), source.Options{Dockerfile: source.Theirs}, "dockerfile: ours"},
		"no frontend":    {checkout(t, map[string]string{"pyproject.toml": "", "app.py": ""}), source.Options{}, "frontend"},
		"broken pattern": {checkout(t, with(openalgo, map[string]string{".dockerignore": "a[\n"})), source.Options{}, ".dockerignore"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := source.Open(t.Context(), test.dir, test.o); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestGit(t *testing.T) {
	dir := checkout(t, openalgo)
	must(t, os.RemoveAll(filepath.Join(dir, ".git")))
	first := commit(t, dir)
	git(t, dir, "tag", "-a", "v1", "-m", "v1")
	git(t, dir, "tag", "light")
	git(t, dir, "checkout", "-q", "-b", "next")
	must(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte("next"), 0o644))
	git(t, dir, "commit", "-q", "-a", "-m", "next")
	second := git(t, dir, "rev-parse", "HEAD")
	git(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	git(t, dir, "checkout", "-q", "main")
	url := "file://" + dir

	for ref, want := range map[string]struct{ commit, branch, app string }{
		"": {first, "main", "app"}, "main": {first, "main", "app"}, "next": {second, "next", "next"},
		"v1": {first, "v1", "app"}, "light": {first, "light", "app"}, second: {second, "", "next"},
	} {
		remote := source.Remote{URL: url, Ref: ref}
		rev, err := remote.Resolve(t.Context())
		if err != nil || rev.Commit != want.commit || rev.Branch != want.branch {
			t.Errorf("%q: %+v, %v", ref, rev, err)
			continue
		}
		to := t.TempDir()
		if rev, err = remote.Fetch(t.Context(), rev, to); err != nil || rev.Commit != want.commit {
			t.Errorf("%q: %+v, %v", ref, rev, err)
		}
		if app, _ := os.ReadFile(filepath.Join(to, "app.py")); string(app) != want.app {
			t.Errorf("%q: app.py is %q", ref, app)
		}
		if n := git(t, to, "rev-list", "--count", "HEAD"); n != "1" {
			t.Errorf("%q: %s commits were fetched", ref, n)
		}
		s := open(t, to, source.Options{})
		if s.Commit != want.commit || !strings.Contains(s.Ref(), ":"+want.commit[:7]+"-") {
			t.Errorf("%q: %s, %s", ref, s.Commit, s.Ref())
		}
	}
	for ref, says := range map[string]string{"none": "no branch or tag none", first[:8]: "all its 40 digits"} {
		if _, err := (source.Remote{URL: url, Ref: ref}).Resolve(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if _, err := (source.Remote{URL: "file:///nonexistent"}).Resolve(t.Context()); err == nil || !strings.Contains(err.Error(), "no repository") {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := (source.Remote{URL: url}).Resolve(t.Context()); !errors.Is(err, source.ErrNoGit) || !strings.Contains(err.Error(), "apt-get install git") {
		t.Error(err)
	}
}

// A big context goes to the classic builder, unless the Dockerfile needs more.
func TestPrefersClassic(t *testing.T) {
	for name, test := range map[string]struct {
		dockerfile string
		size       int64
		want       bool
	}{
		"small":         {"FROM a\nCOPY . .\n", 1 << 20, false},
		"big":           {"FROM a\nCOPY --chown=1:1 --from=b . .\nRUN cat <x\n", 300 << 20, true},
		"big, mount":    {"FROM a\nRUN --mount=type=cache,target=/x y\n", 300 << 20, false},
		"big, heredoc":  {"FROM a\nRUN <<EOF\necho\nEOF\n", 300 << 20, false},
		"big, syntax":   {"# syntax=docker/dockerfile:1\nFROM a\n", 300 << 20, false},
		"big, chmod":    {"FROM a\nCOPY --chmod=755 x y\n", 300 << 20, false},
		"ignored alone": {"FROM a\n", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := checkout(t, map[string]string{"Dockerfile": test.dockerfile, ".dockerignore": "ignored\n", "ignored/x": "", "x": ""})
			must(t, os.Truncate(filepath.Join(dir, "x"), test.size)) // sparse: no disk is taken
			must(t, os.Truncate(filepath.Join(dir, "ignored/x"), 1<<30))
			if got := open(t, dir, source.Options{}).PrefersClassic(); got != test.want {
				t.Error(got)
			}
		})
	}
}
