package cli

import (
	"context"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/swapfile"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/wizard"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// addresses finds out the ports that an install here gets, so that every page shows
// the same, and the sizing that it gets beside the instances that run.
func (s *survey) addresses(ctx context.Context, e *engine.Engine, machine sizing.Machine) {
	instances := 1
	if e != nil {
		look := &world.Looker{Engine: e, Dir: instance.Dir(s.at), Machine: machine}
		if o, err := look.Look(ctx, false); err == nil {
			instances += o.OthersRunning()
			s.ports(ctx, look, o)
		}
	}
	size, _ := sizing.Compute(machine, instances, sizing.Overrides{})
	s.fact("Sizing", "%s; enough for %s strategies", size.Values(), size.Strategies)
	if shared := size.Shared(); shared != "" {
		s.fact("", "%s", shared)
	}
}

// ports says which ports an install gets, as its plan chooses them.
func (s *survey) ports(ctx context.Context, look *world.Looker, o *world.Observation) {
	a := answers.Answers{Ports: answers.Open()}
	if ports.AsksFree(o, a) {
		look.LookAtPorts(ctx, o, a.Ports.Bind, ports.Asked(o, a))
	}
	if err := ports.Choose(o, &a); err != nil {
		s.obstacle(s.app.prompt().Advice(err))
		return
	}
	s.Here.Ports = a.Ports
	text := fmt.Sprintf("%d and %d, which are free", a.Ports.Web, a.Ports.WebSocket)
	if taken := ports.Taken(o, a); taken != "" {
		text = fmt.Sprintf("%d and %d, since %s. Change them on the page Options", a.Ports.Web, a.Ports.WebSocket, taken)
	}
	s.fact("Ports", "%s", text)
}

// memory says where a machine has too little, and whether it can get a swap file.
func (s *survey) memory(ctx context.Context) {
	m, err := swapfile.Look(ctx)
	if err != nil || !m.Needs() {
		return
	}
	text := fmt.Sprintf("%s of RAM and no swap: when memory runs out for a moment, Linux kills OpenAlgo. ", printable.MiB(m.RAMMiB))
	switch need := swapfile.AdviceMiB + 1024; {
	case m.Why != "":
		text += "A swap file cannot be made: " + m.Why
	case m.There:
		text += "There is a swap file that is not in use: sudo swapon " + swapfile.Default().Path
	case m.FreeMiB < need:
		text += fmt.Sprintf("A swap file of 2 GiB needs %s of disk space, and only %s is free", printable.MiB(need), printable.MiB(m.FreeMiB))
	default:
		s.Here.SmallMiB = m.RAMMiB
		text += "The page Memory offers to make a swap file of 2 GiB"
	}
	s.obstacle(text)
}

// start is what can be done where there is no OpenAlgo in this directory.
func (s *survey) start(ctx context.Context, e *engine.Engine) {
	s.entry("Install OpenAlgo")
	newest := backup.Newest(instance.Dir(s.at))
	s.Menu = append(s.Menu, wizard.MenuEntry{Label: "Restore a backup", Args: []string{"restore", "--ask"}, Backup: &newest})
	var dirs []string
	if e != nil {
		dirs, _ = world.Adoptable(ctx, e) // the command says what is wrong
	}
	for _, dir := range dirs {
		s.entry("Take over the OpenAlgo in "+dir, "adopt", "--ask", "--dir", dir)
	}
	if len(dirs) == 0 {
		s.Menu = append(s.Menu, wizard.MenuEntry{Label: "Take over an instance of install-docker.sh or Docker Compose",
			Why: "Found no OpenAlgo that another tool installed. If yours is stopped, start its container, then press r."})
	}
}

// comeBack carries out what was chosen on the first page, and shows that again.
func (w *interview) comeBack(ctx context.Context, args []string) error {
	child := *w.app // flags are read into it again
	child.asked = false
	cmd := newRoot(&child)
	if w.noColor {
		args = append(args, "--no-color")
	}
	cmd.SetArgs(args)
	cmd.SetIn(w.stdin)
	cmd.SetOut(w.stdout)
	cmd.SetErr(w.stderr)
	err := cmd.ExecuteContext(ctx)
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		child.fail(err)
	}
	if _, err := terminal.NewLines(w.stdin, w.stdout).Ask(ctx, "\nPress Enter to return: ", false); err != nil {
		return asCancelled(err)
	}
	return w.wizard(ctx)
}
