package run_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() {
	run.Register[tell]("tell")
	run.RegisterOld(func(instance.Dir, []byte) (*run.Journal, error) { return nil, errors.New("not of any form") })
}

// tell notes what is done with it.
type tell struct {
	Name string `json:"name"`

	Fails, FailsUndo error     `json:"-"`
	To               *[]string `json:"-"`
}

func (s *tell) String() string { return s.Name }

func (s *tell) Do(context.Context, *run.Tools) error {
	*s.To = append(*s.To, "do "+s.Name)
	return s.Fails
}

func (s *tell) Undo(context.Context, *run.Tools) error {
	*s.To = append(*s.To, "undo "+s.Name)
	return s.FailsUndo
}

func (s *tell) Check() error { return nil }

func tools(t *testing.T) (tools *run.Tools, events *[]string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, instance.WorkName), 0o700); err != nil {
		t.Fatal(err)
	}
	events = &[]string{}
	return &run.Tools{Engine: memory.New(dir), Dir: instance.Dir(dir), UndoLimit: time.Minute, Report: event.ReporterFunc(func(e event.Event) {
		if e.Type == event.TypeStep {
			*events = append(*events, e.Step+" "+e.State)
		}
	})}, events
}

// What is done is undone in reverse order, and an error of an undo ends it only
// where going on would do harm.
func TestOrder(t *testing.T) {
	no, unknown := errors.New("no"), errors.New("unknown")
	for name, c := range map[string]struct {
		fail, undo error
		want       string
		end        run.End
	}{
		"all goes well":                {nil, nil, "do a, do b, do c, do d", 0},
		"the last one fails":           {no, nil, "do a, do b, do c, undo c, undo b, undo a", run.RolledBack},
		"an undo fails":                {no, unknown, "do a, do b, do c, undo c, undo b, undo a", run.NotRolledBack},
		"an undo fails that must not":  {no, run.Halt(unknown), "do a, do b, do c, undo c, undo b", run.NotRolledBack},
		"an undo that has no way back": {no, run.Halt(nil), "do a, do b, do c, undo c, undo b, undo a", run.RolledBack},
	} {
		w, _ := tools(t)
		var did []string
		p := run.Plan{Command: "set", Parts: []run.Part{
			{Name: "one", Steps: []run.Step{&tell{Name: "a", To: &did}, &tell{Name: "b", To: &did, FailsUndo: c.undo}}},
			{Name: "two", Steps: []run.Step{&tell{Name: "c", To: &did, Fails: c.fail}}},
		}, Commit: []run.Step{&tell{Name: "d", To: &did}}}
		err := run.Run(t.Context(), w, p)
		if strings.Join(did, ", ") != c.want {
			t.Errorf("%s: %v", name, did)
		}
		var f *run.Failure
		if (c.fail == nil) != (err == nil) || err != nil && (!errors.As(err, &f) || f.End != c.end || !errors.Is(err, c.fail)) {
			t.Errorf("%s: %v", name, err)
		}
		if open := instance.Dir(w.Dir).HasJournal(); open != (c.end == run.NotRolledBack) {
			t.Errorf("%s: the journal is open: %v", name, open)
		}
	}
}

// A part is what people see; one without a name is not told.
func TestParts(t *testing.T) {
	w, events := tools(t)
	var did []string
	w.Hook = func(point string) {
		if point == "after-one" {
			did = append(did, strings.Join(run.DoneOf(w), "+"))
		}
	}
	p := run.Plan{Parts: []run.Part{{Name: "one", Steps: []run.Step{&tell{Name: "a", To: &did}}}, {Steps: []run.Step{&tell{Name: "b", To: &did}}}}}
	if err := run.Run(t.Context(), w, p); err != nil {
		t.Fatal(err)
	}
	if want := []string{"one start", "one done"}; !slices.Equal(*events, want) {
		t.Errorf("%v, want %v", *events, want)
	}
	if !slices.Equal(did, []string{"do a", "one", "do b"}) {
		t.Errorf("%v", did)
	}
}

// A commit is completed by the next process, unless a step says that nothing is
// left to complete. While Docker is away there is.
func TestCommit(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		end  run.End
		open bool
	}{
		"it fails":        {errors.New("no"), run.NotCommitted, true},
		"it is final":     {run.Final(errors.New("no")), run.GivenUp, false},
		"Docker is away":  {run.Final(engine.ErrUnreachable), run.NotCommitted, true},
		"it goes well":    {nil, 0, false},
		"nothing's final": {run.Final(nil), 0, false},
	} {
		w, _ := tools(t)
		var did []string
		err := run.Run(t.Context(), w, run.Plan{Commit: []run.Step{&tell{Name: "a", To: &did, Fails: c.err}}})
		var f *run.Failure
		if (err == nil) != (c.end == 0) || err != nil && (!errors.As(err, &f) || f.End != c.end) {
			t.Errorf("%s: %v", name, err)
		}
		if open := instance.Dir(w.Dir).HasJournal(); open != c.open {
			t.Errorf("%s: the journal is open: %v", name, open)
		}
	}
}

// No kind is registered twice, and none that is not.
func TestRegister(t *testing.T) {
	for name, do := range map[string]func(){
		"twice":      func() { run.Register[tell]("tell") },
		"not at all": func() { run.NewEntry("", &stranger{}, "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it goes through", name)
				}
			}()
			do()
		}()
	}
	if run.Kinds()["tell"] == nil {
		t.Error("the kind is not known")
	}
}

type stranger struct{ tell }
