package event

import "fmt"

// Units of a Meter.
const (
	Bytes      = "bytes"
	BuildSteps = "steps"
	Migrations = "migrations"
)

// Meter is how far work is that can be counted. Done never exceeds a Total that is
// known; the two are equal once the work is complete.
type Meter struct {
	ID    string `json:"id"`   // of the work: the step that it belongs to
	Unit  string `json:"unit"` // what Done, Total and Rate count
	Done  int64  `json:"done"`
	Total int64  `json:"total,omitempty"`        // 0 is not known
	Rate  int64  `json:"rate,omitempty"`         // a second, over the last seconds; 0 is not known
	Left  int64  `json:"left_seconds,omitempty"` // how long the rest takes at this rate; 0 is not known
}

// Percent is how much of the total is done; -1 where the total is not known.
func (m Meter) Percent() int {
	if m.Total <= 0 {
		return -1
	}
	return int(float64(m.Done) / float64(m.Total) * 100)
}

// PullProgress is the state of a pull. Current and Total are bytes to
// download, summed over the layers that are known so far; neither ever falls.
type PullProgress struct {
	Layer, Status      string // what Docker reported last
	LayerCurrent       int64  // of that layer, in bytes
	LayerTotal         int64
	Current, Total     int64
	LayersDone, Layers int
}

// BuildProgress is the state of a build.
type BuildProgress struct {
	Step   int    `json:"step"`  // how many steps have begun
	Total  int    `json:"total"` // how many are known; BuildKit may still find more
	Name   string `json:"name"`  // the step that began last, as the Dockerfile has it
	Cached bool   `json:"cached,omitempty"`
}

// Stages of a start, as `--json` prints them.
const (
	StageMigrations = "migrations" // the database is brought up to date
	StageWebServer  = "web"        // the web server loads OpenAlgo
	StageWaiting    = "waiting"    // nothing new is known
	StageAnswers    = "answers"    // it answers, which must last for a moment
)

// StartProgress is how far a start is.
type StartProgress struct {
	Stage string `json:"stage"`
	Done  int    `json:"done,omitempty"`  // the migration that runs
	Total int    `json:"total,omitempty"` // of so many; 0 is not known
}

// Text returns it as a person reads it.
func (p StartProgress) Text() string {
	switch {
	case p.Stage == StageMigrations && p.Done > 0 && p.Total >= p.Done:
		return fmt.Sprintf("migrations %d of %d", p.Done, p.Total)
	case p.Stage == StageMigrations && p.Done > 0:
		return fmt.Sprintf("migrations, %d so far", p.Done)
	case p.Stage == StageMigrations:
		return "running the migrations"
	}
	return "starting the web server"
}
