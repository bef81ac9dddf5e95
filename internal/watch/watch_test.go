package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// bench is a machine that is watched by a clock of the test's.
type bench struct {
	t     *testing.T
	dir   string
	now   time.Time
	sight Sight
	watch *Watch
	told  []notify.Message
	pings []bool
}

// monday is a trading day, before the market opens.
var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, market.IST)

func newBench(t *testing.T, names ...string) *bench {
	t.Helper()
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "state"), now: monday}
	for _, name := range names {
		b.sight.Instances = append(b.sight.Instances, Seen{Name: name, Dir: "/opt/" + name, Ready: true})
	}
	b.watch = &Watch{
		Store: hoststate.In(b.dir), Now: func() time.Time { return b.now },
		Look: func(context.Context, *State) Sight { return b.sight },
		Tell: func(_ context.Context, m ...notify.Message) error { b.told = append(b.told, m...); return nil },
		Ping: func(_ context.Context, failed bool) error { b.pings = append(b.pings, failed); return nil },
	}
	return b
}

// rounds makes rounds, two minutes after one another, and returns what they told.
func (b *bench) rounds(n int) []notify.Message {
	b.t.Helper()
	b.told = nil
	for range n {
		b.now = b.now.Add(2 * time.Minute)
		if _, err := b.watch.Round(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
	return b.told
}

func (b *bench) find(instance int, found ...Finding) { b.sight.Instances[instance].Findings = found }

func titles(all []notify.Message) (out []string) {
	for _, m := range all {
		out = append(out, m.Title)
	}
	return out
}

// Each problem is told once, its end once, and the reason may change meanwhile.
func TestAProblemIsToldOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha", "beta")
	if told := b.rounds(3); len(told) > 0 {
		t.Fatalf("told of nothing: %v", titles(told))
	}
	b.find(0, Finding{ID: "not-running", Text: "alpha-web is exited (status 137)", Command: "sudo openalgo-install start"})
	if told := b.rounds(1); len(told) > 0 {
		t.Errorf("told at once: %v", titles(told))
	}
	told := b.rounds(2)
	if len(told) != 1 || told[0].Event != "down" || told[0].Instance != "alpha" || told[0].Severity != notify.Problem || told[0].Command == "" {
		t.Fatalf("%+v", told)
	}
	b.find(0, Finding{ID: "not-ready", Text: "no answer"}, Finding{ID: "unhealthy", Text: "x"})
	if told := b.rounds(5); len(told) > 0 {
		t.Errorf("told twice: %v", titles(told))
	}
	b.find(0)
	if told := b.rounds(5); len(told) != 1 || !told[0].Ended {
		t.Errorf("%+v", told)
	}
	if !b.pings[5] || b.pings[0] || b.pings[len(b.pings)-1] {
		t.Errorf("pings with a failure: %v", b.pings)
	}
}

func TestNothingIsToldDuringARunOfOurs(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.sight.Instances[0].Busy = true
	b.find(0, Finding{ID: "not-running", Text: "stopped for a backup"})
	if told := b.rounds(10); len(told) > 0 {
		t.Error(titles(told))
	}
}

// A Docker that does not answer is one problem, and says nothing of the instances.
func TestASilentDocker(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha", "beta")
	b.find(0, Finding{ID: "not-running", Text: "x"})
	b.rounds(3)
	before := b.sight
	b.sight = Sight{Docker: "Docker does not answer"}
	told := b.rounds(4)
	if len(told) != 1 || told[0].Event != "engine-unusable" || !slices.Contains(b.pings, true) {
		t.Fatalf("%+v", told)
	}
	b.sight = before
	if told := b.rounds(3); len(told) != 1 || !told[0].Ended || told[0].Event != "engine-unusable" {
		t.Errorf("%+v", told)
	}
}

// An instance that was uninstalled has no end to tell.
func TestAnInstanceThatIsRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha", "beta")
	b.find(0, Finding{ID: "not-running", Text: "x"})
	b.rounds(3)
	b.sight.Instances = b.sight.Instances[1:]
	if told := b.rounds(3); len(told) > 0 {
		t.Error(titles(told))
	}
	if s := Read(b.watch.Store); len(s.Instances) != 1 || len(s.Problems()) > 0 {
		t.Errorf("%+v", s)
	}
}

// A round that looks at one instance says nothing of the others.
func TestARoundForOneInstance(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha", "beta")
	b.find(0, Finding{ID: "not-running", Text: "x"})
	b.rounds(3)
	whole := b.sight
	b.sight = Sight{Alone: true, Instances: whole.Instances[1:]}
	if told := b.rounds(4); len(told) > 0 {
		t.Error(titles(told))
	}
	b.sight = whole
	if told := b.rounds(4); len(told) > 0 {
		t.Errorf("told again: %v", titles(told))
	}
}

// What all instances find of their machine is one problem.
func TestOneProblemOfTheMachine(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha", "beta")
	full := Finding{ID: "disk-full", Text: "/var/lib/docker has 100 MiB free", Machine: true}
	b.find(0, full)
	b.find(1, full)
	if told := b.rounds(3); len(told) != 1 || told[0].Instance != "" {
		t.Errorf("%+v", told)
	}
}

func TestRestartsAndMemoryThatRanOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	c := engine.Container{ID: "1", Name: "alpha-web", State: "running", RestartCount: 3, StartedAt: b.now}
	b.sight.Instances[0].container = &c
	if told := b.rounds(2); len(told) > 0 {
		t.Fatalf("of before the watch: %v", titles(told))
	}
	c.RestartCount, c.StartedAt = 5, b.now
	if told := b.rounds(20); len(told) != 1 || told[0].Event != "container-restarted" || !strings.Contains(told[0].Text, "2 times") {
		t.Fatalf("%+v", told)
	}
	c.OOMKilled = true
	if told := b.rounds(90); len(told) != 1 || told[0].Event != "process-killed" {
		t.Errorf("%+v", told)
	}
	if s := Read(b.watch.Store); len(s.Problems()) > 0 {
		t.Errorf("it counts for ever: %+v", s.Problems())
	}
}

// A certificate is told at 21, 7 and 1 days.
func TestStagesOfACertificate(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	ends := b.now.Add(22 * 24 * time.Hour)
	var stages []notify.Severity
	for n := range 23 * 4 {
		if left := ends.Sub(b.now); left < 21*24*time.Hour {
			b.find(0, Finding{ID: "certificate-expires", Text: "it ends", Ends: ends})
		}
		b.now = b.now.Add(358 * time.Minute)
		for _, m := range b.rounds(1) {
			stages = append(stages, m.Severity)
			if m.Ended {
				t.Errorf("round %d: ended", n)
			}
		}
	}
	// Once a week besides.
	if len(stages) < 3 || len(stages) > 12 || stages[0] != notify.Warning || stages[len(stages)-1] != notify.Problem {
		t.Errorf("%v", stages)
	}
}

// The line before the market comes once on a trading day, and says what is wrong.
func TestPreOpen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		day    int // of November 2026
		change func(*bench)
		want   []string
	}{
		{"ready", 23, func(*bench) {}, []string{"Ready for the market: alpha, beta"}},
		{"down", 23, func(b *bench) {
			b.sight.Instances[1].Ready, b.sight.Instances[1].Reason = false, "the container is exited"
		}, []string{"Not ready for the market: beta (the container is exited)"}},
		{"Docker", 23, func(b *bench) { b.sight = Sight{Docker: "no answer"} }, []string{"Docker does not answer", "Not ready for the market: Docker does not answer"}},
		{"Saturday", 21, func(*bench) {}, nil},
		{"crypto", 21, func(b *bench) { b.sight.Instances[0].Crypto = true }, []string{"Ready for the market: alpha, beta"}},
		{"off", 23, func(b *bench) { b.watch.PreOpen = "" }, nil},
		{"nobody", 23, func(b *bench) { b.sight.Instances = nil }, nil},
	} {
		b := newBench(t, "alpha", "beta")
		b.watch.PreOpen = "08:45"
		b.now = time.Date(2026, 11, test.day, 8, 41, 0, 0, market.IST)
		test.change(b)
		if got := titles(b.rounds(6)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

// The forecast is a straight line, and begins again where room was made.
func TestForecast(t *testing.T) {
	t.Parallel()
	r := room{id: "1", path: "/var/lib/docker", total: 100_000, inodes: -1}
	for name, test := range map[string]struct {
		free func(hour int) int64
		days int // until it is full; 0: nothing is told
	}{
		"steady":       {func(int) int64 { return 50_000 }, 0},
		"half a year":  {func(h int) int64 { return 50_000 - 10*int64(h) }, 0},
		"soon":         {func(h int) int64 { return 20_000 - 200*int64(h) }, 2},
		"room is made": {func(h int) int64 { return 20_000 - 200*int64(h%40) }, 0},
	} {
		s := State{Disks: map[string]*roomsSeen{}}
		var found []Finding
		now := monday
		for hour := range 48 {
			r.free = max(test.free(hour), 0)
			found = s.fill([]room{r}, now)
			now = now.Add(time.Hour)
		}
		switch {
		case test.days == 0 && len(found) > 0, test.days > 0 && len(found) != 1:
			t.Errorf("%s: %+v", name, found)
		case test.days > 0 && !strings.Contains(found[0].Text, market.Day(now.Add(time.Duration(test.days)*24*time.Hour))):
			t.Errorf("%s: %s", name, found[0].Text)
		}
	}
}

// A state that somebody else wrote ends no round, and that is told.
func TestADamagedState(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.rounds(1)
	at := filepath.Join(b.dir, stateName)
	for name, text := range map[string]string{
		"no JSON": "{", "another type": `{"rules":{"known":3}}`, "nothing": "",
		"nulls":  `{"instances":{"/a":null},"disks":{"1":null,"2":{"samples":[]}},"rules":{"known":null}}`,
		"future": `{"at":"2999-01-01T00:00:00Z","instances":{"/opt/alpha":{"name":"alpha","seen":"2999-01-01T00:00:00Z","done":{"hourly":"2999-01-01T00:00:00Z","x":"2020-01-01T00:00:00Z"}}}}`,
		"long":   `{"instances":{"/opt/alpha":{"kept":{"hourly":[{"id":"` + strings.Repeat("x", 100_000) + `"}]}}}}`,
	} {
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		told := b.rounds(1)
		damaged := name == "no JSON" || name == "another type" || name == "nothing"
		if got := len(told) == 1 && told[0].Event == "watch-state"; got != damaged {
			t.Errorf("%s: %+v", name, told)
		}
		if s := Read(b.watch.Store); s.At.After(b.now) || len(s.Instances) != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if info, err := os.Stat(at); err != nil || info.Size() > 4096 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := os.Stat(at + ".damaged"); err != nil {
		t.Error(err)
	}
}

func TestTwoRoundsNeverRunAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	free, err := b.watch.Store.Lock(t.Context(), "watch", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	if _, err := b.watch.Round(t.Context()); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

// An interrupted run is completed after the round, and not at once again where that
// fails.
func TestWhatARunOwes(t *testing.T) {
	t.Parallel()
	b := newBench(t, "alpha")
	b.sight.Instances[0].Owes = true
	tries, fails := 0, true
	b.watch.Recover = func(context.Context, string) (string, error) {
		tries++
		if fails {
			return "", fmt.Errorf("no")
		}
		return "done", nil
	}
	for range 90 { // three hours
		b.now = b.now.Add(2 * time.Minute)
		r, err := b.watch.Round(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.watch.Settle(t.Context(), r)
	}
	if got := titles(b.told); tries != 3 || len(got) != 1 {
		t.Errorf("%d tries, told %v", tries, got)
	}
	fails, b.told = false, nil
	b.now = b.now.Add(6 * time.Hour)
	r, err := b.watch.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b.watch.Settle(t.Context(), r); len(b.told) != 1 || b.told[0].Event != "recovered" {
		t.Errorf("%+v", b.told)
	}
}

// A day of rounds in which all that can be wrong comes and goes: neither the state nor
// the memory grows.
func TestADayOfRounds(t *testing.T) {
	b := newBench(t, "alpha", "beta", "gamma")
	b.watch.PreOpen = "08:45"
	var ids []string
	for id := range manners {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	b.watch.Look = func(_ context.Context, s *State) Sight {
		now := b.now
		sight := b.sight
		sight.Findings = s.fill([]room{{id: "1", path: "/", free: 90_000 - now.Unix()%5000, total: 100_000, inodes: 1e6}}, now)
		return sight
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	size := func() int64 {
		info, err := os.Stat(filepath.Join(b.dir, stateName))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	const day = 24 * 30 // rounds
	told := 0
	var firstHeap uint64
	var mostSize int64
	for n := range day {
		for i := range b.sight.Instances {
			id := ids[(n/7+i*11)%len(ids)]
			b.find(i, Finding{ID: id, Text: fmt.Sprintf("round %d", n), Ends: b.now.Add(40 * time.Hour)})
		}
		told += len(b.rounds(1))
		if n == day/4 {
			firstHeap = heap()
		}
		mostSize = max(mostSize, size())
	}
	grown := int64(heap()) - int64(firstHeap)
	t.Logf("%d messages; state at most %d bytes; heap grown by %d bytes", told, mostSize, grown)
	if grown > 256<<10 || mostSize > 64<<10 || told == 0 {
		t.Errorf("heap grown by %d, state %d, told %d", grown, mostSize, told)
	}
}
