package engine

import (
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// buildParser follows what a builder reports: BuildKit's trace, or the text of
// the classic one.
type buildParser struct {
	watch    BuildWatch
	progress event.BuildProgress
	vertices map[string]*vertex // BuildKit's, by digest
	failed   *vertex            // the first that failed
	step     *vertex            // the classic builder's present one
}

// vertex is one step.
type vertex struct {
	name    string
	begun   bool
	partial string   // a line that has not ended yet
	lines   []string // the last ones
}

func newBuildParser(watch BuildWatch) *buildParser {
	if watch.Step == nil {
		watch.Step = func(event.BuildProgress) {}
	}
	if watch.Line == nil {
		watch.Line = func(string) {}
	}
	return &buildParser{watch: watch, vertices: map[string]*vertex{}}
}

// The fields of BuildKit's StatusResponse, as far as they are read here
// (moby/buildkit, api/services/control/control.proto).
const (
	statusVertex, statusLog                                         = 1, 3
	vertexDigest, vertexName, vertexCached, vertexStart, vertexFail = 1, 3, 4, 5, 7
	logVertex, logText                                              = 1, 4
)

// trace takes one StatusResponse. What cannot be read is passed over: the end
// of the build does not depend on it.
func (p *buildParser) trace(message []byte) {
	var logs [][]byte
	fields(message, func(number protowire.Number, value []byte) {
		switch number {
		case statusVertex:
			p.vertex(value)
		case statusLog:
			logs = append(logs, value)
		}
	})
	for _, log := range logs { // after the vertices that they belong to
		var digest string
		var text []byte
		fields(log, func(number protowire.Number, value []byte) {
			switch number {
			case logVertex:
				digest = string(value)
			case logText:
				text = value
			}
		})
		if v := p.vertices[digest]; v != nil {
			p.text(v, string(text))
		}
	}
}

func (p *buildParser) vertex(message []byte) {
	var digest, name, failure string
	var cached, started bool
	fields(message, func(number protowire.Number, value []byte) {
		switch number {
		case vertexDigest:
			digest = string(value)
		case vertexName:
			name = string(value)
		case vertexCached:
			cached = true
		case vertexStart:
			started = true
		case vertexFail:
			failure = string(value)
		}
	})
	v := p.vertices[digest]
	if v == nil {
		v = &vertex{name: name}
		p.vertices[digest] = v
		if v.counts() {
			p.progress.Total++
		}
	}
	if started && !v.begun {
		v.begun = true
		if v.counts() {
			p.begin(v.name, cached)
		}
	}
	if failure != "" && p.failed == nil && !strings.Contains(failure, "context canceled") {
		p.failed = v
	}
}

// counts tells the Dockerfile's own steps from BuildKit's housekeeping.
func (v *vertex) counts() bool {
	return strings.HasPrefix(v.name, "[") && !strings.HasPrefix(v.name, "[internal]") && !strings.HasPrefix(v.name, "[auth]")
}

func (p *buildParser) begin(name string, cached bool) {
	p.progress.Step++
	p.progress.Total = max(p.progress.Total, p.progress.Step)
	p.progress.Name, p.progress.Cached = name, cached
	p.watch.Step(p.progress)
}

var classicStep = regexp.MustCompile(`^Step (\d+)/(\d+) : (.*)`)

// stream takes a piece of the classic builder's text.
func (p *buildParser) stream(text string) {
	if m := classicStep.FindStringSubmatch(text); m != nil {
		p.step = &vertex{name: strings.TrimSpace(m[3])}
		p.progress.Step, _ = strconv.Atoi(m[1])
		p.progress.Total, _ = strconv.Atoi(m[2])
		p.progress.Name = p.step.name
		p.watch.Step(p.progress)
		return
	}
	for _, own := range []string{" --->", "Removing intermediate container", "Successfully "} {
		if strings.HasPrefix(text, own) {
			return // the builder's words, not the step's
		}
	}
	if p.step != nil {
		p.text(p.step, text)
	}
}

// text splits what a step prints into lines. A step may print for ever
// without ending one.
func (p *buildParser) text(v *vertex, text string) {
	const longest = 4096
	v.partial += strings.ReplaceAll(text, "\r\n", "\n")
	for {
		at := strings.IndexAny(v.partial, "\n\r")
		if at < 0 && len(v.partial) > longest {
			at = longest
		}
		if at < 0 {
			return
		}
		line := v.partial[:at]
		v.partial = strings.TrimLeft(v.partial[at:], "\r\n")
		v.keep(line)
		if strings.TrimSpace(line) != "" {
			p.watch.Line(line)
		}
	}
}

func (v *vertex) keep(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	v.lines = append(v.lines, line)
	v.lines = v.lines[max(len(v.lines)-buildLog, 0):]
}

// failure is the build's error, with the step that it belongs to.
func (p *buildParser) failure(err error) error {
	out := &BuildError{Text: daemonText(err)}
	v := p.failed
	if v == nil {
		v = p.step
	}
	if v != nil {
		v.keep(v.partial)
		out.Step, out.Log = v.name, v.lines
	}
	return out
}

// fields walks the fields of a protobuf message. A value is the content of a
// string, bytes or message, and empty for a number other than 0, which is not
// handed over.
func fields(message []byte, each func(protowire.Number, []byte)) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		message = message[n:]
		if kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(message)
			if n < 0 {
				return
			}
			each(number, value)
			message = message[n:]
			continue
		}
		length := protowire.ConsumeFieldValue(number, kind, message)
		if length < 0 {
			return
		}
		if kind == protowire.VarintType {
			if set, _ := protowire.ConsumeVarint(message); set != 0 {
				each(number, nil)
			}
		}
		message = message[length:]
	}
}
