package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/publicip/recent"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// lookAt describes this machine, and the OpenAlgo that dir may have.
func lookAt(ctx context.Context, a *app, dir string) wizard.Machine {
	s := &survey{app: a, at: dir}
	public := make(chan publicip.Address, 1)
	go func() { public <- recent.Find(ctx) }()
	e, machine, err := connect(ctx)
	if err == nil {
		defer e.Close()
		if s.instance(ctx, e, machine) {
			s.Here.Address = addressOf(e, <-public).String()
			return s.Machine
		}
	}
	facts, measured := host.Measure(ctx)
	if measured == nil {
		s.fact("System", "%s, %s", facts.OS.Pretty, facts.Arch)
		s.fact("RAM", "%s", ramText(facts))
		s.fact("Cores", "%d", facts.Cores)
	}
	if disk, err := host.Disk(dir); err == nil {
		s.fact("Disk", "%s free of %s at %s", printable.MiB(disk.FreeMiB), printable.MiB(disk.TotalMiB), disk.Path)
	}
	s.engine(e, facts, err)
	if err != nil && measured == nil {
		machine = sizing.Machine{RAMMiB: facts.RAMMiB, Cores: facts.Cores, Source: sizing.SourceHost}
	}
	s.addresses(ctx, e, machine)
	s.memory(ctx)
	if at := addressOf(e, <-public); at.Known() {
		s.fact("Public IP", "%s: register it at your broker", at)
		s.Here.Address = at.String()
	}
	if err := host.DirWritable(dir); err != nil {
		s.Unusable = true
		s.obstacle(err.Error() + ". Or choose another directory with --dir")
	}
	s.start(ctx, e)
	return s.Machine
}

// addressOf is what brokers see of this machine; nothing where OpenAlgo runs on another.
func addressOf(e *engine.Engine, here publicip.Address) publicip.Address {
	if e != nil && isElsewhere(e.Info().Endpoint) {
		return publicip.Address{}
	}
	return here
}

// ramText is the RAM and swap of a machine.
func ramText(f host.Facts) string {
	swap := "no swap"
	if f.SwapMiB > 0 {
		swap = printable.MiB(f.SwapMiB) + " of swap"
	}
	return printable.MiB(f.RAMMiB) + ", " + swap
}

// survey is what the wizard's first page shows, as it is found.
type survey struct {
	wizard.Machine
	app *app
	at  string // the directory that is looked at
}

func (s *survey) fact(label, format string, args ...any) {
	s.Facts = append(s.Facts, [2]string{label, fmt.Sprintf(format, args...)})
}

func (s *survey) obstacle(text string) { s.Obstacles = append(s.Obstacles, text) }

func (s *survey) entry(label string, args ...string) {
	s.Menu = append(s.Menu, wizard.MenuEntry{Label: label, Args: args})
}

// engine describes Docker, or why there is none.
func (s *survey) engine(e *engine.Engine, facts host.Facts, err error) {
	switch {
	case err == nil:
		s.fact("Docker", "%s", strings.TrimPrefix(e.Info().Product(), "Docker "))
		return
	case errors.Is(err, engine.ErrAbsent):
		s.fact("Docker", "not there")
		// sudo would ask for its password in the middle of a page.
		s.NoEngine = facts.DockerProblem() == "" && os.Geteuid() == 0
		if problem := facts.DockerProblem(); problem != "" {
			s.obstacle(problem)
		}
	default:
		s.fact("Docker", "cannot be used")
	}
	s.Unusable = true
	if s.NoEngine { // what is asked next does all that there is to advise
		s.obstacle(err.Error())
		return
	}
	s.obstacle(s.app.prompt().Advice(err))
}

// elsewhere describes the instances in other directories, each of which the
// menu leads to.
func (s *survey) elsewhere(ctx context.Context, e *engine.Engine, machine sizing.Machine) bool {
	if !s.others(ctx, e, machine) {
		return false
	}
	s.addresses(ctx, e, machine)
	s.memory(ctx)
	return true
}

// others makes the menu of those instances; false is none, and no menu.
func (s *survey) others(ctx context.Context, e status.Docker, machine sizing.Machine) bool {
	all, err := status.Look(ctx, e, machine, "")
	if err != nil {
		return false
	}
	var states []string
	for _, i := range all.Instances {
		if i.Dir != "" {
			states = append(states, printable.Text(present.Glance(i))+"Directory: "+printable.Line(i.Dir)+"\n")
			s.entry("Manage the instance in "+i.Dir, "--dir", i.Dir)
		}
	}
	if len(states) == 0 {
		return false
	}
	s.Instance = strings.Join(states, "\n")
	s.entry("Install another instance in " + s.app.dir)
	return true
}

// instance describes the OpenAlgo in the directory, with what can be done with it;
// false is none.
func (s *survey) instance(ctx context.Context, e *engine.Engine, machine sizing.Machine) bool {
	all, err := status.Look(ctx, e, machine, s.at)
	if err != nil || len(all.Instances) == 0 {
		return err == nil && !s.app.dirGiven && s.elsewhere(ctx, e, machine)
	}
	i := all.Instances[0]
	s.Instance = printable.Text(present.Glance(i))
	if text := run.Unfinished(s.at); text != "" {
		s.Instance += "Note:    " + text + "\n"
	}
	s.Saved, _ = readfile.Regular(filepath.Join(s.at, "openalgo-install.yaml"), readfile.Config)
	ours := s.Saved != nil
	if !ours && i.State == "running" {
		s.entry("adopt: let openalgo-install manage it, with its data", "adopt")
	}
	s.entry("status: show its state, sizing and backups", "status")
	s.entry("doctor: find problems and how to fix them", "doctor")
	if i.State == "running" {
		s.entry("logs: show what OpenAlgo prints", "logs", "-f")
		if i.Sizing.ResizeDue {
			s.entry("resize: fit OpenAlgo to RAM and cores", "resize")
		}
		s.entry("restart: stop and start OpenAlgo", "restart")
		s.entry("stop: stop it", "stop")
		if !i.Sizing.ResizeDue {
			s.entry("resize: fit OpenAlgo to RAM and cores", "resize")
		}
		if ours {
			s.entry("backup: save and check keys and databases", "backup")
			s.entry("upgrade: install the newest release; roll back if it fails", "upgrade")
		}
	} else {
		s.entry("start: start it", "start")
		s.entry("logs: show what OpenAlgo printed", "logs")
	}
	s.entry("uninstall: remove the container; keep data and keys", "uninstall")
	if ours {
		s.entry("Change your answers, and keep your secrets")
	}
	return true
}
