// Package wizard asks a person for the answers of an install, on full screens or
// in plain lines, and shows what is done with them. What is asked is in package
// questions; what is done with the answers is what --answers does.
package wizard

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/questions"
)

// Host is what the wizard is told and what it lets do. The command line
// provides it: the wizard itself reaches neither the machine nor Docker.
type Host struct {
	Dir string
	// Reader is where commands that the wizard proposes are typed.
	Reader finding.Prompt
	// Look describes the machine.
	Look func(context.Context) Machine
	// DNS compares a domain's addresses with the machine's, and says in words
	// how they compare.
	DNS func(ctx context.Context, domain string) (good bool, words string)
	// SetUpDocker installs Docker Engine, and passes on what is printed.
	SetUpDocker func(ctx context.Context, print func(line string)) error
	Plan        func(context.Context, answers.Answers) (*plan.Plan, error)
	Install     func(context.Context, answers.Answers, event.Reporter) (event.Result, error)
	Next        present.Next // what the last page says
	// Again asks for the answers of the instance that is there, without a menu.
	Again bool
	// Drafts keeps what was answered, should the line drop; nil: nothing is kept.
	Drafts *draft.Store
	// DryRun ends after the plan.
	DryRun bool
}

// Machine is what there is to be known before the first question.
type Machine struct {
	Facts     [][2]string // label and value, in order
	Obstacles []string    // problems, each with what fixes it
	NoEngine  bool        // Docker Engine is not there, and could be installed
	Unusable  bool        // without the obstacles removed nothing can be installed
	Here      questions.Here

	Instance string      // state of the OpenAlgo that is there already; "" is none
	Menu     []MenuEntry // what can be done with it
	Saved    []byte      // its answers, less the secrets
}

// MenuEntry is one of the commands, as the menu offers it.
type MenuEntry struct {
	Label string
	Args  []string // of the command; none: ask for answers
	// Backup asks for the backup that the command takes. It may be this one.
	Backup *string
	// Why says that the entry is not possible now.
	Why string
}

// Outcome is how the wizard was left.
type Outcome struct {
	Command   []string // chosen in the menu
	Installed bool
	Answers   answers.Answers
	Beside    answers.Answers // what was asked for beside the instance
	HasKey    bool            // the instance had the broker's API key before, and keeps it
	Result    event.Result
}
