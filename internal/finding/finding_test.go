package finding

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestKindAndID(t *testing.T) {
	t.Parallel()
	refusal := Named(HostNotReady, "keys", "what")
	for name, test := range map[string]struct {
		err  error
		kind Kind
		id   string
	}{
		"plain":   {errors.New("x"), Failed, ""},
		"wrapped": {fmt.Errorf("more: %w", Named(Broken, "", "x")), Broken, ""},
		"named":   {&Error{Kind: Usage, ID: "port-taken", Err: errors.New("x")}, Usage, "port-taken"},
		"refusal": {fmt.Errorf("more: %w", refusal), HostNotReady, "keys"},
		"deepest": {Named(HostNotReady, "other", "more: %w", refusal), HostNotReady, "keys"},
		"outer":   {Named(Usage, "other", "more: %w", errors.New("x")), Usage, "other"},
		"joined":  {errors.Join(errors.New("x"), Cancel()), Cancelled, "cancelled"},
		"several": {NotReady([]*Error{Named(HostNotReady, "a", "x"), Named(HostNotReady, "b", "y")}), HostNotReady, "a"},
		"one":     {NotReady([]*Error{Named(HostNotReady, "a", "x")}, errors.New("cause")), HostNotReady, "a"},
	} {
		if kind, id := KindOf(test.err), IDOf(test.err); kind != test.kind || id != test.id {
			t.Errorf("%s: %s %q, want %s %q", name, kind, id, test.kind, test.id)
		}
	}
}

// All that there is to say has one order, and a command names the instance.
func TestText(t *testing.T) {
	t.Parallel()
	start, shell := Run("Start OpenAlgo", "start"), Shell("Stop nginx", "sudo systemctl stop nginx")
	stopped := func() *Error { return Named(HostNotReady, "stopped", "it is stopped") }
	withLog := &Error{Err: errors.New("it stopped"), Log: []string{"one", "two"}}
	for name, test := range map[string]struct {
		prompt Prompt
		err    error
		want   string
	}{
		"plain":       {Prompt{}, errors.New("x"), "x"},
		"log":         {Prompt{}, fmt.Errorf("more: %w", withLog), "more: it stopped\nthe container's last lines:\n    one\n    two"},
		"default":     {Prompt{Dir: DefaultDir, Sudo: true}, stopped().With(start), "it is stopped\n\nStart OpenAlgo:\n\n    sudo openalgo-install start"},
		"directory":   {Prompt{Dir: "/srv/a b"}, stopped().With(start), "it is stopped\n\nStart OpenAlgo:\n\n    openalgo-install --dir '/srv/a b' start"},
		"elsewhere":   {Prompt{Dir: "/srv/a"}, stopped().With(Hint{Do: "Start", Dir: "/srv/b", Args: []string{"start"}}), "it is stopped\n\nStart:\n\n    openalgo-install --dir /srv/b start"},
		"state":       {Prompt{}, stopped().Ending(Unchanged), "it is stopped\n\nNothing was changed."},
		"wrapped":     {Prompt{}, fmt.Errorf("upgrade: %w", stopped().With(start).Ending(Unchanged)), "upgrade: it is stopped\n\nStart OpenAlgo:\n\n    openalgo-install start\n\nNothing was changed."},
		"outer":       {Prompt{}, Named(Broken, "broken", "back: %w", stopped().With(start)).With(shell), "back: it is stopped\n\nStop nginx:\n\n    sudo systemctl stop nginx"},
		"joined":      {Prompt{}, errors.Join(errors.New("x"), stopped().With(start)), "x\nit is stopped\n\nStart OpenAlgo:\n\n    openalgo-install start"},
		"no command":  {Prompt{}, stopped().With(Hint{Do: "Wait"}), "it is stopped\n\nWait."},
		"two":         {Prompt{}, stopped().With(start, Hint{Do: "Or wait"}, shell), "it is stopped\n\nYou can do one of these:\n\n  - Start OpenAlgo:\n\n        openalgo-install start\n\n  - Or wait\n\n  - Stop nginx:\n\n        sudo systemctl stop nginx"},
		"one problem": {Prompt{}, NotReady([]*Error{stopped().With(start)}), "it is stopped\n\nStart OpenAlgo:\n\n    openalgo-install start\n\nNothing was changed."},
		"problems": {Prompt{}, NotReady([]*Error{stopped().With(start), Named(HostNotReady, "full", "it is full")}),
			"this machine is not ready:\n  - it is stopped\n\n    Start OpenAlgo:\n\n        openalgo-install start\n\n  - it is full\n\nNothing was changed."},
	} {
		if got := test.prompt.Text(test.err); got != test.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		}
	}
	if withLog.LogOf = "the step's last lines"; withLog.LogTitle() != withLog.LogOf {
		t.Error("the title is another")
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]Hint{
		"openalgo-install --dir /srv/a start": {Args: []string{"start"}},
		"Wait":                                {Do: "Wait"},
		"Stop it: docker stop a":              Shell("Stop it", "docker stop a"),
		"one; openalgo-install --dir /srv/a set A=1":  {Shell: []string{"one"}, Args: []string{"set", "A=1"}},
		"openalgo-install --dir /srv/a restore 'a b'": {Args: []string{"restore", "a b"}},
	} {
		if got := (Prompt{Dir: "/srv/a"}).Line(h); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	if NotReady(nil, cause) != nil {
		t.Error("an error without a problem")
	}
	a, b := Named(HostNotReady, "a", "a"), Named(HostNotReady, "b", "b")
	one, two := NotReady([]*Error{a}, cause), NotReady([]*Error{a, b}, cause, nil)
	if one.Error() != "a" || two.Error() != "this machine is not ready:\n  - a\n  - b" {
		t.Errorf("%q, %q", one, two)
	}
	if all := Problems(two); len(all) != 2 || IDOf(all[1]) != "b" || len(Problems(one)) != 1 || Problems(nil) != nil {
		t.Errorf("%v", all)
	}
	if !errors.Is(two, cause) || KindOf(two) != HostNotReady {
		t.Error("the cause or the kind is lost")
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]string{
		"":          "openalgo-install start",
		DefaultDir:  "openalgo-install start",
		"/srv/algo": "openalgo-install --dir /srv/algo start",
		"/srv/a'b":  `openalgo-install --dir '/srv/a'\''b' start`,
	} {
		if got := Command(dir, "start"); got != want {
			t.Errorf("%q: %s, want %s", dir, got, want)
		}
	}
}

// What a part of an answers file does is told to who writes one; somebody who is asked
// for the answers hears what to do on the pages.
func TestAdviceByReader(t *testing.T) {
	t.Parallel()
	stop := Shell("Stop nginx", "sudo systemctl stop nginx")
	ports := Answer("Choose free ports", "ports: {web: 5001}", `Choose free ports on the page "Options"`)
	silent := Answer("Open it", "tls: {open_ports: true}", "")
	for name, c := range map[string]struct {
		reader Prompt
		hints  []Hint
		want   string
		line   string
	}{
		"file":   {Prompt{}, []Hint{ports}, "taken\n\nChoose free ports:\n\n    ports: {web: 5001}", "taken. Choose free ports: `ports: {web: 5001}`"},
		"asked":  {Prompt{Asked: true}, []Hint{ports}, "taken\n\nChoose free ports on the page \"Options\".", "taken. Choose free ports on the page \"Options\""},
		"silent": {Prompt{Asked: true}, []Hint{silent}, "taken", "taken"},
		"both":   {Prompt{Asked: true}, []Hint{stop, silent}, "taken\n\nStop nginx:\n\n    sudo systemctl stop nginx", "taken. Stop nginx: sudo systemctl stop nginx"},
	} {
		err := Named(HostNotReady, "port-taken", "taken").With(c.hints...)
		if got := c.reader.Text(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		told := Tell(err)
		if told.For(c.reader); told.Warnings[0] != c.line {
			t.Errorf("%s: %q, want %q", name, told.Warnings[0], c.line)
		}
	}
}

// A command begins with what its reader has to type before it.
func TestCommandsForRoot(t *testing.T) {
	defer login.Store(nil)
	h := Hint{Shell: []string{"sudo ufw allow 80"}, Args: []string{"start"}}
	const bare, sudo = "ufw allow 80; openalgo-install start", "sudo ufw allow 80; sudo openalgo-install start"
	for by, want := range map[string][3]string{
		"":     {bare, bare, "openalgo-install status"},
		"sudo": {sudo, sudo, "sudo openalgo-install status"},
		"doas": {strings.ReplaceAll(sudo, "sudo", "doas"), strings.ReplaceAll(sudo, "sudo", "doas"), "doas openalgo-install status"},
	} {
		Root(by)
		if got := [3]string{(Prompt{}).Line(h), (Prompt{Sudo: true}).Line(h), Command("", "status")}; got != want {
			t.Errorf("%q: %q, want %q", by, got, want)
		}
	}
}
