package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// What a resize does with one of the seven lines.
const (
	LineOK       = "ok"       // as it is due
	LineSet      = "set"      // .env gets the due value
	LineKept     = "kept"     // the user's own: left alone without --force
	LineRecreate = "recreate" // .env has it, the running container is older
)

// SizingLine is one of the seven values: where it stands, and what is due.
type SizingLine struct {
	Key       string `json:"key"`
	Env       string `json:"env"`       // in .env; "" where it has no such line
	Container string `json:"container"` // in the container that runs; "" where it has none
	Due       string `json:"due"`
	Action    string `json:"action"`
	Reason    string `json:"reason"`
}

// ShmKey is the setting of the shared memory.
const ShmKey = "SHM_SIZE"

// Changes reports whether a resize changes something for this line.
func (l SizingLine) Changes() bool { return l.Action == LineSet || l.Action == LineRecreate }

// inForce is the value that holds after the resize.
func (l SizingLine) inForce() string {
	if l.Action == LineSet || l.Env == "" {
		return l.Due
	}
	return l.Env
}

// SizingLines holds the sizing that is due against .env and the container. A
// line that .env has and that we did not write is the user's.
func SizingLines(env *envfile.File, last instance.State, c docker.Container, due sizing.Sizing, force bool) []SizingLine {
	var out []SizingLine
	for _, v := range due.Env() {
		line := SizingLine{Key: v.Key, Due: v.Value, Container: inContainer(c, v.Key)}
		have, ok := env.Get(v.Key)
		line.Env = have
		switch {
		case (!ok || have == "") && line.Container != "" && sameSize(v.Key, line.Container, v.Value):
			line.Action, line.Reason = LineOK, "as it is due, though not in .env"
			have = line.Container
		case !ok || have == "":
			line.Action, line.Reason = LineSet, "not in .env yet"
		case !sameSize(v.Key, have, v.Value) && (force || last.Wrote(v.Key, have)):
			line.Action, line.Reason = LineSet, fmt.Sprintf("due for %d MiB of RAM and %d cores", due.RAMMiB, due.Cores)
		case !sameSize(v.Key, have, v.Value):
			line.Action, line.Reason = LineKept, "set in .env by hand; --force changes it"
		default:
			line.Action, line.Reason = LineOK, "as it is due"
		}
		if !line.Changes() && line.Container != "" && !sameSize(v.Key, line.Container, have) {
			line.Action, line.Reason = LineRecreate, "in .env, but the container was made before"
		}
		out = append(out, line)
	}
	return out
}

// inContainer is the value that the container was made with.
func inContainer(c docker.Container, key string) string {
	if key == ShmKey {
		return strconv.FormatInt(c.ShmBytes>>20, 10) + "m"
	}
	i := slices.IndexFunc(c.Env, func(pair string) bool { return strings.HasPrefix(pair, key+"=") })
	if i < 0 {
		return ""
	}
	return c.Env[i][len(key)+1:]
}

// sameSize compares two values of a key: "1g" is "1024m".
func sameSize(key, a, b string) bool {
	if key == ShmKey {
		return shmBytes(a) == shmBytes(b)
	}
	return strings.TrimSpace(a) == strings.TrimSpace(b)
}

// shmBytes reads SHM_SIZE as Compose does; 0 where it can't be read.
func shmBytes(value string) int64 {
	s := sizing.FromEnv(func(key string) (string, bool) { return value, key == ShmKey })
	return int64(s.ShmMiB) << 20
}
