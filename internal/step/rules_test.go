package step_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// fill sets every text below a value, as whoever forges a journal could.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() && v.CanSet() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		if !v.IsNil() {
			fill(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(v.Field(i), text)
			}
		}
	case reflect.Slice:
		if v.CanSet() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), text)
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(text)
		}
	}
}

// Kinds that know no path: what they name is looked up in the engine, which
// has it or has not, or nothing is done with it.
var pathless = map[string]bool{
	"action": true, "container.again": true, "container.create": true, "container.freeze": true, "container.keep": true, "secrets.count": true, "container.down": true, "container.remove": true, "container.rename": true, "container.start": true, "container.stop": true,
	"backup.archive": true, "bytecode.first": true, "bytecode.later": true, "daily.end": true, "image.remove": true, "images.drop": true, "network.remove": true, "volume.remove": true, "work.remove": true,
	"data.carry": true, "data.swap": true, "data.tidy": true, "directory.make": true, "network.create": true, "state.write": true, "swap.make": true, "verify": true, "volume.create": true,
}

// Kinds whose name is one of a file or directory: without one they would work on the
// directory around it.
var named = map[string]bool{"data.ahead": true, "data.clear": true, "data.describe": true, "data.keep": true, "directory.remove": true,
	"file.aside": true, "file.keep": true, "file.remove": true, "file.write": true, "gate.close": true, "gate.open": true}

// Every kind of step can be read back from the journal, says what it does, and
// refuses paths that no run wrote, and names that are missing.
func TestKinds(t *testing.T) {
	t.Parallel()
	kinds := run.Kinds()
	if len(kinds) < 20 {
		t.Errorf("only %d kinds", len(kinds))
	}
	for kind, s := range kinds {
		if err := s.Check(); (err != nil) != named[kind] {
			t.Errorf("%s: without a name: %v", kind, err)
		}
		fill(reflect.ValueOf(s), "../../etc/passwd")
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		again := run.Kinds()[kind]
		if err := json.Unmarshal(text, again); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if second, _ := json.Marshal(again); string(second) != string(text) {
			t.Errorf("%s: written as %s, read back as %s", kind, text, second)
		}
		if s.String() == "" {
			t.Errorf("%s does not say what it does", kind)
		}
		if err := again.Check(); (err == nil) != pathless[kind] {
			t.Errorf("%s: a path out of the directory: %v", kind, err)
		}
	}
}

// Docker goes away once, at any of the calls: the run waits, does the step again
// and comes to the same end.
func TestDockerGoesAwayOnce(t *testing.T) {
	t.Parallel()
	for name, s := range situations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Geteuid() != 0 && name == "adopt" {
				t.Skip("owners are changed by root")
			}
			m := &matrix{situation: s, t: t}
			m.measure()
			calls, at := 1, 0
			for at = 1; at <= calls; at += 2 {
				calls = m.away(at)
			}
			t.Logf("%d calls, %d runs", calls, m.runs)
		})
	}
}

// away lets Docker fail at one call, and returns how many there were.
func (m *matrix) away(at int) (calls int) {
	w := m.world()
	defer w.close()
	p := m.plan(w)
	w.engine.Away = func() bool {
		calls++
		return calls == at
	}
	err := run.Run(m.t.Context(), w.tools(), p)
	total := calls
	w.engine.Away = nil
	if end := w.end(); (err != nil) != m.fails || end != m.after {
		m.t.Errorf("away at call %d: %v\n%s\nand not\n%s", at, err, end, m.after)
	}
	return total
}

// What the journal holds, and what it must not.
func TestJournalHasNoValues(t *testing.T) {
	t.Parallel()
	for name, s := range situations() {
		w := newWorld(t)
		s.prepare(w)
		found := ""
		w.hook = func(string) {
			if text := read(w.path(instance.WorkName + "/" + instance.JournalName)); strings.Contains(text, "pepper-of") {
				found = text
			}
		}
		_ = run.Run(t.Context(), w.tools(), s.plan(w))
		w.close()
		if found != "" {
			t.Errorf("%s: the journal has an encryption key:\n%s", name, found)
		}
	}
}

// A journal that this program cannot read is refused, and says what to do.
func TestJournalsThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"version": 3}`: "self-update",
		`{"version": 2, "phase": "apply", "steps": [{"kind": "of.tomorrow", "step": {}}]}`:                                        "self-update",
		`{"version": 2, "phase": "sideways"}`:                                                                                     "self-update",
		`{"version": 2, "phase": "apply", "steps": [null]}`:                                                                       "self-update",
		`{"version": 2, "phase": "apply", "steps": [{"kind": "file.write", "step": {"name": "../x"}}]}`:                           "was not written by openalgo-install",
		`{"version": 2, "phase": "commit", "steps": [], "commit": [{"kind": "data.clear", "step": {}}]}`:                          "was not written by openalgo-install",
		`{"version": 2, "phase": "commit", "steps": [], "commit": [{"kind": "site.remove", "step": {"files": ["/etc/passwd"]}}]}`: "was not written by openalgo-install",
		`{"command": "set", "files": [{"name": ".env", "backup": "/etc/shadow"}]}`:                                                "was not written by openalgo-install",
		`{"command": "restore", "replaced": [{"data": "/etc", "copy": "/home/x/replaced/db"}]}`:                                   "was not written by openalgo-install",
		`{"comm`: "is damaged",
		`{"version": 2, "phase": "apply", "steps": [{"kind": "file.write", "step": []}]}`: "is damaged",
	} {
		if _, err := run.Parse("/opt/openalgo", []byte(text)); err == nil || !strings.Contains(finding.Prompt{}.Text(err), want) {
			t.Errorf("%s: %v, and not %q", text, err, want)
		}
	}
}
