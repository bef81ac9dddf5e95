package instance

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

// EngineRef names the Docker that an instance runs on: two on one machine (with
// and without root) have the same host name.
type EngineRef struct {
	ID       string `json:"id,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	// Rootless says that it runs without root, as a user.
	Rootless bool `json:"rootless,omitempty"`
}

// IsAnother reports whether now is not the Docker that an instance belongs to.
// The same place with another ID is one that was installed again.
func (r EngineRef) IsAnother(now EngineRef) bool {
	return r.ID != "" && now.ID != "" && r.ID != now.ID && r.Endpoint != now.Endpoint
}

// Chosen returns the address at which the Docker of an instance is asked, whatever
// Docker is the default: "" where the user names one for this command, and where
// its own is no socket of this machine, or does not answer.
func (r EngineRef) Chosen(getenv func(string) string, answers func(endpoint string) bool) string {
	if getenv("DOCKER_HOST") != "" || getenv("DOCKER_CONTEXT") != "" {
		return ""
	}
	path, local := strings.CutPrefix(r.Endpoint, "unix://")
	if !local || !strings.HasPrefix(path, "/") || !answers(r.Endpoint) {
		return ""
	}
	return r.Endpoint
}

// TrustedOfUser is Trusted for an instance whose Docker runs without root: root's Docker
// has nothing of it, so root is told who works on it before any Docker is looked for.
func TrustedOfUser(dir string) error {
	if userns.IsRoot() && isRootless(dir) {
		return Trusted(dir)
	}
	return nil
}

// isRootless reports whether the instance in a directory runs on a Docker without
// root. What its state says is for a text alone: another user may have written it.
func isRootless(dir string) bool {
	file, err := OpenInside(Dir(dir).Work(stateName), os.O_RDONLY)
	if err != nil {
		return false
	}
	defer file.Close()
	text, err := readfile.Open(file, stateName, readfile.Config)
	var s State
	return err == nil && json.Unmarshal(text, &s) == nil && s.Engine.Rootless
}
