package watch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// A round that sees half of the machine is told, and says nothing of the rest.
func TestARoundThatTakesTooLong(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.find(0, Finding{ID: "not-running", Text: "x"})
	b.rounds(3)
	whole := b.sight
	b.sight = Sight{Partial: true, Findings: []Finding{{ID: "round-long", Machine: true, Text: "x"}}}
	if told := b.rounds(5); len(told) != 1 || told[0].Event != "round-long" || told[0].Ended {
		t.Errorf("%+v", told)
	}
	b.sight = whole
	if told := b.rounds(3); len(told) != 1 || !told[0].Ended || told[0].Event != "round-long" {
		t.Errorf("%+v", told)
	}
}

// What is wrong with the machine is not over because a command changes the instance
// that found it.
func TestTheMachineWhileAnInstanceIsChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.find(0, Finding{ID: "disk-full", Text: "x", Machine: true}, Finding{ID: "holidays-unknown", Text: "x", Machine: true})
	if told := b.rounds(2); len(told) != 2 {
		t.Fatalf("%+v", told)
	}
	b.sight.Instances[0].Busy = true
	if told := b.rounds(5); len(told) > 0 {
		t.Errorf("while it is changed: %v", titles(told))
	}
	b.sight.Instances[0].Busy = false
	if told := b.rounds(5); len(told) > 0 {
		t.Errorf("told again: %v", titles(told))
	}
	b.find(0)
	if told := b.rounds(3); len(told) != 1 || !told[0].Ended {
		t.Errorf("%+v", told)
	}
}

// An instance that is down says nothing of its account: that is not over, and not new
// when the instance is up again.
func TestTheAccountOfAnInstanceThatIsDown(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	missing := Finding{ID: "account-missing", Text: "x"}
	b.find(0, missing)
	if told := b.rounds(3); len(told) != 1 {
		t.Fatalf("%+v", told)
	}
	b.find(0, Finding{ID: "not-running", Text: "x"})
	if told := b.rounds(5); len(told) != 1 || told[0].Event != "down" {
		t.Errorf("while it is down: %v", titles(told))
	}
	b.find(0, missing)
	if told := b.rounds(5); len(told) != 1 || !told[0].Ended || told[0].Event != "down" {
		t.Errorf("when it is up again: %v", titles(told))
	}
	b.find(0)
	if told := b.rounds(5); len(told) != 1 || !told[0].Ended || told[0].Event != "account" {
		t.Errorf("with its account: %v", titles(told))
	}
}

// Restarts are no second problem beside an instance that does not come up, nor after it.
func TestRestartsOfAnInstanceThatIsDown(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	c := engine.Container{ID: "1", Name: "alpha-web", State: "restarting"}
	b.sight.Instances[0].container = &c
	b.rounds(1)
	b.find(0, Finding{ID: "restart-loop", Text: "x"})
	var told []string
	for range 5 {
		c.RestartCount += 2
		told = append(told, titles(b.rounds(1))...)
	}
	c.State, c.RestartCount = "running", 0
	b.find(0)
	told = append(told, titles(b.rounds(5))...)
	if len(told) != 2 || !strings.Contains(told[0], "is down") || !strings.Contains(told[1], "works again") {
		t.Errorf("%q", told)
	}
}

// A container that was restarted long ago is none that was restarted now.
func TestRestartsOfLongAgo(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.sight.Instances[0].container = &engine.Container{ID: "1", State: "running", RestartCount: 3}
	b.find(0, Finding{ID: "container-restarted", Text: "Docker has restarted it 3 times since it was created"})
	if told := b.rounds(500); len(told) > 0 {
		t.Errorf("%q", titles(told))
	}
}

// A site that cannot be reached because its domain leads elsewhere is one problem.
func TestTheDomainLeadsElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.find(0, Finding{ID: "dns-mismatch", Text: "x"}, Finding{ID: "site-not-served", Text: "x"})
	told := b.rounds(4)
	b.find(0)
	told = append(told, b.rounds(3)...)
	if len(told) != 2 || told[0].Event != "dns-mismatch" || !told[1].Ended {
		t.Errorf("%q", titles(told))
	}
}

// Docker may take its time after a boot.
func TestDockerAfterABoot(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.rounds(1)
	up, whole := 40*time.Second, b.sight
	b.watch.Uptime = func() time.Duration { up += 2 * time.Minute; return up }
	b.watch.PreOpen = "08:45"
	b.now = time.Date(2026, 11, 23, 8, 43, 0, 0, b.now.Location())
	b.sight = Sight{Docker: "no answer"}
	if told := b.rounds(2); len(told) > 0 || len(b.pings) > 1 {
		t.Errorf("%v, %v", titles(told), b.pings)
	}
	quick := b.sight
	b.sight = whole
	if told := b.rounds(1); len(told) != 1 || told[0].Event != PreOpenEvent {
		t.Errorf("%v", titles(told))
	}
	b.sight = quick
	if told := b.rounds(3); len(told) != 1 || told[0].Event != "engine-unusable" {
		t.Errorf("it never came: %v", titles(told))
	}
}

// silent is a Docker that does not list its containers.
type silent struct {
	Docker
	wait bool // it never answers
}

func (s silent) Info() engine.Info { return engine.Info{Local: true} }

func (s silent) Containers(ctx context.Context, _ ...string) ([]engine.Container, error) {
	if !s.wait {
		return nil, errors.New("the daemon is broken")
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// A Docker that does not list its containers is one that does not answer.
func TestLookAtASilentDocker(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]silent{"error": {}, "silence": {wait: true}} {
		l := &Looker{Docker: d, Machine: sizing.Machine{RAMMiB: 1, Cores: 1}, Now: time.Now, patience: time.Millisecond}
		s := State{}
		s.tidy(time.Now())
		if sight := l.Look(t.Context(), &s); sight.Docker == "" || sight.Partial || len(sight.Findings) > 0 {
			t.Errorf("%s: %+v", name, sight)
		}
	}
}

// What could not be looked at is neither there nor over.
func TestWhatIsUnseen(t *testing.T) {
	t.Parallel()
	s := State{}
	s.tidy(monday)
	look := func(found ...Finding) []string {
		seen := Seen{Name: "alpha", Dir: "/a", asked: []string{Always, Hourly}, found: map[string][]Finding{Hourly: found}}
		s.keep(&seen, monday)
		var ids []string
		for _, f := range seen.Findings {
			ids = append(ids, f.ID)
		}
		return ids
	}
	unseen := Finding{Unseen: []string{"address-changed", "dns-mismatch"}}
	for n, step := range []struct {
		found []Finding
		want  []string
	}{
		{[]Finding{unseen}, nil},
		{[]Finding{{ID: "address-changed"}}, []string{"address-changed"}},
		{[]Finding{unseen, {ID: "env-missing"}}, []string{"env-missing", "address-changed"}},
		{[]Finding{unseen}, []string{"address-changed"}},
		{nil, nil},
	} {
		if got := look(step.found...); !slices.Equal(got, step.want) {
			t.Errorf("%d: %q, want %q", n, got, step.want)
		}
	}
}

// With many instances the slow checks are spread over several rounds.
func TestSlowChecksAreSpread(t *testing.T) {
	t.Parallel()
	s := State{}
	s.tidy(monday)
	var dirs []string
	for n := range 10 {
		dirs = append(dirs, strings.Repeat("x", n+1))
	}
	now, most, all := monday, 0, map[string]int{}
	for range 30 { // an hour
		now = now.Add(2 * time.Minute)
		slow := 0
		for dir, paces := range s.paces(dirs, now) {
			if len(paces) > 1 {
				slow, all[dir] = slow+1, all[dir]+1
			}
			seen := Seen{Name: dir, Dir: dir, asked: paces}
			s.keep(&seen, now)
		}
		most = max(most, slow)
	}
	if most > atOnce || len(all) != 10 {
		t.Errorf("%d at once, %v", most, all)
	}
}
