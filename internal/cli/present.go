package cli

import (
	"os"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/present"
)

// presenter shows a run on this program's streams.
type presenter struct {
	*present.Run
	docker *bool // whether this run has installed Docker Engine
}

func (a *app) presenter() *presenter {
	o := present.Options{Text: a.stdout, Errors: a.stderr, Verbose: a.verbose, Prompt: a.prompt}
	if a.json {
		o.Text, o.Events = a.stderr, a.stdout
	}
	if a.stdoutTaken {
		o.Text = a.stderr
	} else {
		o.Live = isTerminal(o.Text) && os.Getenv("TERM") != "dumb" && !a.accessible
	}
	return &presenter{present.NewRun(o), &a.broughtDocker}
}

// aside is a presenter of what is said on the way to a plan: with --json, the plan has all
// of stdout.
func aside(a *app) *presenter {
	if !a.json {
		return a.presenter()
	}
	return &presenter{present.NewRun(present.Options{Text: a.stderr, Errors: a.stderr, Verbose: a.verbose, Prompt: a.prompt}), &a.broughtDocker}
}

// end shows how the run ended and returns the error for the exit code.
func (p *presenter) end(result event.Result, err error) error {
	if err != nil && *p.docker {
		err = afterDocker(err)
	}
	p.End(result, err, exitCode(err))
	if err != nil {
		return &toldError{err}
	}
	return nil
}
