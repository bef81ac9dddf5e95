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
