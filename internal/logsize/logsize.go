// Package logsize says how much the logs of an instance take, and what bounds them.
package logsize

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Logs are those of an instance, in bytes. -1 is not known.
type Logs struct {
	Driver string `json:"driver"`               // what Docker keeps the container's output with
	Bytes  int64  `json:"bytes"`                // of that
	Most   int64  `json:"most_bytes,omitempty"` // that it may have; 0: nothing bounds it
	App    int64  `json:"app_bytes"`            // of OpenAlgo's own files
}

// Of looks at the logs of a container. Local says that Docker's files are on this
// machine; volumes are the sizes of those that are known.
func Of(c engine.Container, local bool, volumes map[string]int64) Logs {
	l := Logs{Driver: c.Log.Driver, Bytes: -1, Most: c.Log.MaxBytes * int64(max(c.Log.MaxFiles, 1)), App: -1}
	if local && c.Log.Path != "" {
		l.Bytes = rotated(c.Log.Path)
	}
	for _, m := range c.Mounts {
		if m.Target != Dir {
			continue
		}
		if size, known := volumes[m.Name]; known {
			l.App = size
		} else if local && m.Source != "" {
			l.App = In(m.Source)
		}
	}
	return l
}

// Unbounded reports whether Docker keeps all that the container prints.
func (l Logs) Unbounded() bool { return l.Driver == "json-file" && l.Most == 0 }

// String is it for a person; "" where nothing is known.
func (l Logs) String() string {
	var out []string
	switch kept := printable.Size(l.Bytes); {
	case l.Unbounded() && l.Bytes >= 0:
		out = append(out, "Docker keeps "+kept+", without a limit")
	case l.Unbounded():
		out = append(out, "Docker keeps all, without a limit")
	case l.Most > 0 && l.Bytes >= 0:
		out = append(out, "Docker keeps "+kept+" of at most "+printable.Size(l.Most))
	case l.Most > 0:
		out = append(out, "Docker keeps at most "+printable.Size(l.Most))
	}
	if l.App >= 0 {
		out = append(out, "OpenAlgo's own files take "+printable.Size(l.App))
	}
	return strings.Join(out, ". ")
}

// rotated is what a log takes with those that were rotated: NAME, NAME.1, NAME.2.gz.
func rotated(path string) (sum int64) {
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return -1
	}
	name := filepath.Base(path)
	for _, e := range all {
		if e.Name() != name && !strings.HasPrefix(e.Name(), name+".") {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was rotated meanwhile
		}
		if err != nil {
			return -1
		}
		sum += info.Size()
	}
	return sum
}
