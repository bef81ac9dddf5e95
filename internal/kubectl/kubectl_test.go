package kubectl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// script is a kubectl that a shell stands for.
func script(t *testing.T, text string) Kubectl {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubectl")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return With(installed(path), "openalgo-alpha")
}

func TestArguments(t *testing.T) {
	t.Parallel()
	k := script(t, `printf '%s\n' "$@"; cat`)
	k.Context = "-east"
	out, err := k.Run(t.Context(), []byte("a secret on stdin\n"), "create", "--filename", "-")
	want := "--context\n-east\n--namespace\nopenalgo-alpha\ncreate\n--filename\n-\na secret on stdin\n"
	if err != nil || string(out) != want {
		t.Errorf("%q %v", out, err)
	}
	if got := k.Command("describe", "pod", "a b"); got != "kubectl --context -east --namespace openalgo-alpha describe pod 'a b'" {
		t.Error(got)
	}
	if words := (Kubectl{}).where(); len(words) > 0 {
		t.Errorf("%v", words)
	}
}

func TestFind(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Find("", "x"); finding.IDOf(err) != "kubectl-missing" {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("kubectl", []byte("#!/bin/sh\n"), 0o755); err != nil { //nolint:gosec // it could be run
		t.Fatal(err)
	}
	t.Setenv("PATH", ".")
	if _, err := Find("", "x"); finding.IDOf(err) != "kubectl-missing" {
		t.Errorf("a kubectl of the current directory: %v", err)
	}
	t.Setenv("PATH", dir)
	if k, err := Find("east", "x"); err != nil || k.Context != "east" || k.Namespace != "x" {
		t.Errorf("%v %v", k, err)
	}
}

// A kubectl that goes away between the look and the call fails the call alone.
func TestProgramThatIsGone(t *testing.T) {
	t.Parallel()
	k := With(installed(filepath.Join(t.TempDir(), "none")), "x")
	if _, err := k.Run(t.Context(), nil, "version"); finding.IDOf(err) != "kubectl-failed" {
		t.Errorf("%v", err)
	}
}

func TestEveryWaitEnds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"hangs":                             "sleep 600",
		"ignores the signal":                "trap '' TERM; while :; do sleep 0.1; done",
		"has a child that holds its output": "sleep 600 & exit 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, err := script(t, text).Within(t.Context(), 300*time.Millisecond, nil, "get", "pods")
			if took := time.Since(began); err == nil || took > 4*leave {
				t.Errorf("%v after %s", err, took)
			}
		})
	}
	t.Run("says that it did not answer", func(t *testing.T) {
		t.Parallel()
		_, err := script(t, "exec sleep 600").Within(t.Context(), 300*time.Millisecond, nil, "get", "pods")
		if finding.IDOf(err) != "cluster-unreachable" || !strings.Contains(err.Error(), "within 300ms") {
			t.Errorf("%v", err)
		}
	})
	t.Run("is called off", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		if _, err := script(t, "exec sleep 600").Run(ctx, nil, "get", "pods"); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// What kubectl has started, as a program that logs in, ends with it.
func TestChildrenEnd(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "alive")
	k := script(t, `(sleep 2; echo x >"`+file+`") & wait`)
	_, _ = k.Within(t.Context(), 300*time.Millisecond, nil, "get")
	time.Sleep(2500 * time.Millisecond)
	if _, err := os.Stat(file); err == nil {
		t.Error("the child went on")
	}
}

func TestAnswerWithoutEnd(t *testing.T) {
	t.Parallel()
	began := time.Now()
	out, err := script(t, "exec yes").Run(t.Context(), nil, "get", "pods")
	if err == nil || !strings.Contains(err.Error(), "larger than it can be") || len(out) > mostOutput || time.Since(began) > Time/2 {
		t.Errorf("%d bytes after %s: %v", len(out), time.Since(began), err)
	}
	var into any
	if err := script(t, `printf '{"a":'; exec head -c 17000000 /dev/zero`).Get(t.Context(), &into, "pods"); err == nil || len(err.Error()) > 200 {
		t.Errorf("%v", err)
	}
	if err := script(t, `printf '{"a": \033[31m'`).Get(t.Context(), &into, "pods"); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v", err)
	}
}

// Warnings without end come first, and what went wrong last.
func TestErrorAfterManyWarnings(t *testing.T) {
	t.Parallel()
	k := script(t, `i=0; while [ $i -lt 2000 ]; do echo "Warning: this version is deprecated"; i=$((i+1)); done >&2
printf '\033]0;title\007\nError from server (NotFound): pods "x" not found\n' >&2; exit 1`)
	_, err := k.Run(t.Context(), nil, "get", "pod", "x")
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	if err == nil || len(err.Error()) > most+100 || strings.ContainsAny(err.Error(), "\x1b\a\n") {
		t.Errorf("%q", err)
	}
}

func TestLast(t *testing.T) {
	t.Parallel()
	l := &last{}
	for _, part := range []string{strings.Repeat("a", mostSaid), "b", strings.Repeat("c", 3*mostSaid), "d"} {
		if n, err := io.WriteString(l, part); n != len(part) || err != nil {
			t.Errorf("%d %v", n, err)
		}
	}
	if text := l.String(); len(text) != mostSaid || strings.Trim(text, "c") != "d" {
		t.Errorf("%d bytes", len(text))
	}
}

// A name that the cluster says is never a flag of kubectl's.
func TestNamesAreNoFlags(t *testing.T) {
	t.Parallel()
	var calls [][]string
	k := With(func(_ context.Context, _ io.Reader, out io.Writer, args []string) (string, error) {
		calls = append(calls, args)
		_, _ = io.WriteString(out, "{}")
		return "", nil
	}, "x")
	var into any
	for _, name := range []string{"", "--server=https://evil.example", "-o", "a b", "a\nb", "Data", "a/b", strings.Repeat("a", 254), "\x1b[2J"} {
		err := k.Object(t.Context(), &into, "secret", name)
		if finding.IDOf(err) != "cluster-name-impossible" || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if len(calls) > 0 {
		t.Errorf("%v", calls)
	}
	if err := k.Object(t.Context(), &into, "secret", "openalgo-env.2"); err != nil || !slices.Equal(calls[0], []string{"--namespace", "x", "get", "secret", "openalgo-env.2", "--output", "json"}) {
		t.Errorf("%v %v", calls, err)
	}
}

func TestPipe(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := script(t, "cat; exit 3").Pipe(t.Context(), strings.NewReader("data"), &out, "exec"); finding.IDOf(err) != "kubectl-failed" || out.String() != "data" {
		t.Errorf("%q %v", out.String(), err)
	}
	k := script(t, `echo 'error: no context exists with the name: "east"' >&2; exit 1`)
	k.Context = "east"
	if err := k.Pipe(t.Context(), nil, io.Discard, "get"); finding.IDOf(err) != "cluster-context" {
		t.Errorf("%v", err)
	}
	k.Context = "west"
	if err := k.Pipe(t.Context(), nil, io.Discard, "get"); finding.IDOf(err) != "kubectl-failed" {
		t.Errorf("%v", err)
	}
}
