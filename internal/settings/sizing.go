package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/printable"
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

// Rewrites reports whether a resize gives the line of a key what is due.
func Rewrites(lines []SizingLine, key string) bool {
	return slices.ContainsFunc(lines, func(l SizingLine) bool { return l.Key == key && l.Changes() && SameSize(key, l.InForce(), l.Due) })
}

// InForce is the value that holds after the resize.
func (l SizingLine) InForce() string {
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
		line := SizingLine{Key: v.Key, Due: v.Value, Container: InContainer(c, v.Key)}
		have, ok := env.Get(v.Key)
		line.Env = have
		switch {
		case (!ok || have == "") && line.Container != "" && SameSize(v.Key, line.Container, v.Value):
			line.Action, line.Reason = LineOK, "correct in the container, but not in .env"
			have = line.Container
		case !ok || have == "":
			line.Action, line.Reason = LineSet, "not in .env yet"
		case !SameSize(v.Key, have, v.Value) && (force || last.Wrote(v.Key, have)):
			line.Action, line.Reason = LineSet, fmt.Sprintf("needed for %s of RAM and %s", printable.MiB(due.RAMMiB), printable.Count(due.Cores, "core"))
		case !SameSize(v.Key, have, v.Value):
			line.Action, line.Reason = LineKept, "you set it in .env by hand; --force changes it"
		default:
			line.Action, line.Reason = LineOK, "correct"
		}
		if !line.Changes() && line.Container != "" && !SameSize(v.Key, line.Container, have) {
			line.Action, line.Reason = LineRecreate, "set in .env after the container was created"
		}
		out = append(out, line)
	}
	return out
}

// InContainer is the value that the container was made with.
func InContainer(c docker.Container, key string) string {
	if key == ShmKey {
		return strconv.FormatInt(c.ShmBytes>>20, 10) + "m"
	}
	i := slices.IndexFunc(c.Env, func(pair string) bool { return strings.HasPrefix(pair, key+"=") })
	if i < 0 {
		return ""
	}
	return c.Env[i][len(key)+1:]
}

// SameSize compares two values of a key: "1g" is "1024m".
func SameSize(key, a, b string) bool {
	if key == ShmKey {
		return ShmBytes(a) == ShmBytes(b)
	}
	return strings.TrimSpace(a) == strings.TrimSpace(b)
}

// ShmBytes reads SHM_SIZE as Compose does; 0 where it cannot be read.
func ShmBytes(value string) int64 {
	s := sizing.FromEnv(func(key string) (string, bool) { return value, key == ShmKey })
	return int64(s.ShmMiB) << 20
}

// Smaller names what becomes less.
func Smaller(lines []SizingLine) (less []string) {
	for _, line := range lines {
		before, after := cmp.Or(line.Container, line.Env), line.InForce()
		if line.Changes() && before != "" && sizeOf(line.Key, after) < sizeOf(line.Key, before) {
			less = append(less, fmt.Sprintf("%s from %s to %s", line.Key, before, after))
		}
	}
	return less
}

func sizeOf(key, value string) int64 {
	if key == ShmKey {
		return ShmBytes(value)
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	return n
}

// DueSizing is what one of several instances should have on a machine.
func DueSizing(machine sizing.Machine, instances int, fixed answers.Sizing) (sizing.Sizing, finding.Warnings) {
	if fixed.RAMMiB != 0 {
		machine.RAMMiB, machine.Source = fixed.RAMMiB, sizing.SourceFlag
	}
	if fixed.Cores != 0 {
		machine.Cores, machine.Source = fixed.Cores, sizing.SourceFlag
	}
	return sizing.Compute(machine, instances, sizing.Overrides{
		Threads: fixed.Threads, ShmMiB: fixed.ShmMiB, StrategyMemoryMiB: fixed.StrategyMemoryMiB,
	})
}

// Concerning are the warnings about settings that a run writes: those about others
// speak of a sizing that is not applied.
func Concerning(all finding.Warnings, writes func(key string) bool) (out finding.Warnings) {
	for _, w := range all {
		if writes(sizing.KeyOf(w.ID)) {
			out = append(out, w)
		}
	}
	return out
}

// FixedSizing is what the saved answers of an install fix of the sizing.
func FixedSizing(answersText []byte) answers.Sizing {
	saved, _ := answers.ParseSaved(answersText) // its sizing alone counts here
	return saved.Sizing
}
