package doctor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/inside"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/templates"
)

// bundleLines is how many of the container's last lines go into a bundle.
const bundleLines = 5000

// Bundle writes a new archive (tar.gz, 0600) for somebody who is to help: the
// report, the state, the files and the logs, every secret taken out.
func Bundle(ctx context.Context, l Look, r Report, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return finding.Named(finding.Failed, "bundle-exists", "the file %s exists already. Choose another name", path).Ending(finding.Unchanged)
	}
	text, err := packed(l.bundled(ctx, r))
	if err == nil {
		err = host.WriteFile(path, text, 0o600, "")
	}
	if err != nil {
		return finding.Named(finding.Failed, "bundle-unwritable", "writing %s: %w", path, err).Ending("No archive was written. Nothing else was changed.")
	}
	return nil
}

// packed is the archive of some files.
func packed(files []bundledFile) ([]byte, error) {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, file := range files {
		header := &tar.Header{Name: "openalgo-support/" + file.name, Mode: 0o600, Size: int64(len(file.text)), ModTime: time.Now()}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(file.text); err != nil {
			return nil, err
		}
	}
	err := errors.Join(archive.Close(), zipped.Close())
	return out.Bytes(), err
}

type bundledFile struct {
	name string
	text []byte
}

// bundled are the files of a bundle; what is not there is left out.
func (l Look) bundled(ctx context.Context, r Report) []bundledFile {
	env, _ := readfile.Regular(filepath.Join(l.Dir, ".env"), readfile.Config)
	redact := redactor(env)
	var out []bundledFile
	add := func(name string, text []byte) {
		if len(text) > 0 {
			out = append(out, bundledFile{name, []byte(redact.Redact(string(text)))})
		}
	}
	var text bytes.Buffer
	r.WriteText(&text)
	add("doctor.txt", text.Bytes())
	addJSON := func(name string, doc any) {
		if data, err := json.MarshalIndent(doc, "", "  "); err == nil {
			add(name, data)
		}
	}
	addJSON("doctor.json", r)
	if l.Engine != nil {
		addJSON("engine.json", l.Engine.Info())
		if all, err := status.Look(ctx, l.Engine, l.Machine, l.Dir); err == nil {
			addJSON("status.json", all)
			add("container.log", l.log(ctx))
		}
	}
	add("env", envfile.Masked(env))
	for _, name := range []string{"docker-compose.yaml", "docker-compose.yml", "compose.yaml", "compose.yml", "openalgo-install.yaml", ".openalgo-install/log"} {
		if data, err := readfile.Regular(filepath.Join(l.Dir, name), readfile.Config); err == nil {
			add(strings.TrimPrefix(name, "."), maskAssignments(data))
		}
	}
	return out
}

// log is what the container said last; inside takes the secrets out of it.
func (l Look) log(ctx context.Context) []byte {
	in, err := ops.New(l.Dir, l.Engine, l.Machine, event.ReporterFunc(func(event.Event) {}))
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	if err := inside.Logs(ctx, in, inside.LogOptions{Tail: bundleLines}, &out); err != nil {
		fmt.Fprintln(&out, finding.Prompt{Dir: l.Dir}.Text(err))
	}
	return maskAssignments(out.Bytes())
}

// tellTale is how long the value of a key that OpenAlgo does not know must be
// to pass for a secret.
const tellTale = 8

// redactor knows every secret of a .env, the parts of composite ones, and what
// users put there for programs of their own.
func redactor(env []byte) *secret.Redactor {
	file, err := envfile.Parse(env)
	if err != nil {
		return nil
	}
	known := map[string]bool{}
	if base, err := envfile.Parse(templates.Env()); err == nil {
		for _, key := range base.Keys() {
			known[key] = true
		}
	}
	var values []secret.Text
	for _, key := range file.Keys() {
		value, _ := file.Get(key)
		if !envfile.IsSecret(key, value) && (known[key] || len(value) < tellTale) {
			continue
		}
		values = append(values, secret.New(value))
		for _, part := range strings.Split(value, ":::") {
			values = append(values, secret.New(part))
		}
	}
	return secret.NewRedactor(values...)
}

// assignment is KEY=value or KEY: value, as Compose files and logs have it.
var assignment = regexp.MustCompile(`(?m)\b([A-Z][A-Z0-9_]{2,})(["']?[ \t]*[:=][ \t]*)(\S.*)$`)

// maskAssignments takes out the values of what is called like a secret: a
// Compose file of the user's may hold some that .env does not have.
func maskAssignments(text []byte) []byte {
	return assignment.ReplaceAllFunc(text, func(line []byte) []byte {
		parts := assignment.FindSubmatch(line)
		if !envfile.IsSecret(string(parts[1]), string(parts[3])) {
			return line
		}
		return append(append(append([]byte{}, parts[1]...), parts[2]...), secret.Mask...)
	})
}
