package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// AbsDir is the one name that a directory has here: absolute, links resolved.
func AbsDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the directory %s: %w", dir, err)
	}
	// Docker resolves links in mounts: the same directory must have one name,
	// before it is made and after.
	rest := ""
	for parent := abs; ; parent = filepath.Dir(parent) {
		if real, err := filepath.EvalSymlinks(parent); err == nil {
			return filepath.Join(real, rest), nil
		}
		if parent == filepath.Dir(parent) {
			return abs, nil
		}
		rest = filepath.Join(filepath.Base(parent), rest)
	}
}

// Render writes every file of an instance into out and touches nothing else:
// no engine is asked. instanceDir is where the files are meant to end up; its
// name is the project's. A .env that stands in out keeps its keys.
func Render(a answers.Answers, machine sizing.Machine, instanceDir, out string) (written, warnings []string, err error) {
	if err := cannotYet(a); err != nil {
		return nil, nil, err
	}
	in := &Installer{work: workdir{out}}
	project := compose.ProjectName(instanceDir)
	size, warnings := sizing.Compute(machine, 1, sizing.Overrides{
		Threads: a.Sizing.Threads, ShmMiB: a.Sizing.ShmMiB, StrategyMemoryMiB: a.Sizing.StrategyMemoryMiB,
	})
	env, err := renderEnv(a, size, out)
	if err != nil {
		return nil, nil, err
	}
	text := compose.Render(compose.Params{
		Project: project, Container: compose.ContainerName(project), Image: in.imageRef(a),
		Bind: a.Ports.Bind, WebPort: a.Ports.Web, WebSocketPort: a.Ports.WebSocket,
	})
	saved, err := a.Public()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, nil, fail(ExitHost, "making %s: %w", out, err)
	}
	for _, f := range []struct {
		name string
		text []byte
		mode os.FileMode
	}{{envName, env, 0o600}, {compose.FileName, text, 0o644}, {answersName, saved, 0o644}} {
		path := filepath.Join(out, f.name)
		if err := renameio.WriteFile(path, f.text, f.mode, renameio.IgnoreUmask()); err != nil {
			return written, nil, fail(ExitHost, "writing %s: %w", path, err)
		}
		written = append(written, path)
	}
	if err := os.Chown(filepath.Join(out, envName), appUser, appUser); errors.Is(err, fs.ErrPermission) && os.Geteuid() != appUser {
		warnings = append(warnings, fmt.Sprintf("%s must belong to user 1000, the container's: sudo chown 1000:1000 %[1]s", filepath.Join(out, envName)))
	}
	return written, warnings, nil
}

func renderEnv(a answers.Answers, size sizing.Sizing, out string) ([]byte, error) {
	text, err := readOptional(filepath.Join(out, envName))
	if err != nil {
		return nil, fail(ExitHost, "reading the .env that is there: %w", err)
	}
	var current *envfile.File
	if text != nil {
		if current, err = envfile.Parse(text); err != nil {
			return nil, fail(ExitHost, "reading the .env that is there: %w", err)
		}
	}
	// Without an engine nobody can say whether data exists: a key that is
	// missing from a .env that is there is never made up.
	plan, _, err := planEnv(current, nil, settings(a, size), state{}, current != nil)
	if err != nil {
		return nil, fail(ExitHost, "%w", err)
	}
	file, err := envfile.Parse(plan.text)
	if err != nil {
		return nil, err
	}
	if _, err := checkEnv(file, nil, plan.fresh); err != nil {
		return nil, err
	}
	return plan.text, nil
}
