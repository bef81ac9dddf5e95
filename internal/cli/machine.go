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
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// usedPorts are what OpenAlgo listens on when nothing else is said.
var usedPorts = []int{openalgo.WebPort, openalgo.WebSocketPort}

// lookAt describes this machine, and the OpenAlgo that dir may have.
func (a *app) lookAt(ctx context.Context, dir string) wizard.Machine {
	var m wizard.Machine
	fact := func(label, format string, args ...any) {
		m.Facts = append(m.Facts, [2]string{label, fmt.Sprintf(format, args...)})
	}
	e, machine, err := a.connect(ctx)
	if err == nil {
		defer e.Close()
		if a.instance(ctx, &m, e, machine, dir) {
			return m
		}
	}
	facts, measured := host.Measure(ctx)
	if measured == nil {
		fact("System", "%s, %s", facts.OS.Pretty, facts.Arch)
		fact("RAM", "%d MiB, %d of swap", facts.RAMMiB, facts.SwapMiB)
		fact("Cores", "%d", facts.Cores)
	}
	if disk, err := host.Disk(dir); err == nil {
		fact("Disk", "%d GiB free of %d at %s", disk.FreeMiB/1024, disk.TotalMiB/1024, disk.Path)
	}
	a.engineFacts(&m, fact, e, facts, err)
	if err != nil && measured == nil {
		machine = sizing.Machine{RAMMiB: facts.RAMMiB, Cores: facts.Cores, Source: sizing.SourceHost}
	}
	s, _ := sizing.Compute(machine, 1, sizing.Overrides{})
	fact("Sizing", "threads %d, shared memory %d MiB, strategies %s with %d MiB each", s.Threads, s.ShmMiB, s.Strategies, s.StrategyMemoryMiB)
	a.portFacts(ctx, &m, fact)
	if err := host.DirWritable(dir); err != nil {
		m.Unusable = true
		m.Obstacles = append(m.Obstacles, err.Error()+"; or choose another place with --dir")
	}
	return m
}

// engineFacts describes the engine, or why there is none.
func (a *app) engineFacts(m *wizard.Machine, fact func(string, string, ...any), e *engine.Engine, facts host.Facts, err error) {
	switch {
	case err == nil:
		fact("Docker", "Engine %s", e.Info().Version)
		return
	case errors.Is(err, engine.ErrAbsent):
		fact("Docker", "not there")
		// sudo would ask for its password in the middle of a page.
		m.NoEngine = facts.DockerProblem() == "" && os.Geteuid() == 0
		if problem := facts.DockerProblem(); problem != "" {
			m.Obstacles = append(m.Obstacles, problem)
		}
	default:
		fact("Docker", "can't be used")
	}
	m.Unusable = true
	m.Obstacles = append(m.Obstacles, err.Error())
}

// portFacts says whether the ports are free. Others can be chosen.
func (a *app) portFacts(ctx context.Context, m *wizard.Machine, fact func(string, string, ...any)) {
	taken := false
	for _, port := range usedPorts {
		holder, err := host.PortHolder(ctx, "127.0.0.1", port)
		if err != nil || holder.Free {
			continue
		}
		taken = true
		m.Obstacles = append(m.Obstacles, fmt.Sprintf("port %d is taken by %s: stop that, or choose another port under Options", port, holder))
	}
	if !taken {
		fact("Ports", "%d and %d are free", usedPorts[0], usedPorts[1])
	}
}

// elsewhere describes the instances in other directories, each of which the
// menu leads to.
func (a *app) elsewhere(ctx context.Context, m *wizard.Machine, e *engine.Engine, machine sizing.Machine) bool {
	status, err := ops.ReadStatus(ctx, e, machine, "")
	if err != nil {
		return false
	}
	var states []string
	for _, i := range status.Instances {
		if i.Dir != "" {
			states = append(states, glance(i)+"Where:   "+i.Dir+"\n")
			m.Menu = append(m.Menu, wizard.MenuEntry{Label: "Go to the one in " + i.Dir, Args: []string{"--dir", i.Dir}})
		}
	}
	m.Instance = strings.Join(states, "\n")
	m.Menu = append(m.Menu, wizard.MenuEntry{Label: "Install another one in " + a.dir})
	return len(states) > 0
}

// glance is the state of an instance in a few lines.
func glance(i status.Instance) string {
	state := i.Name + " is ready at " + i.URL
	if i.Starting {
		state = i.Name + " is starting: " + i.Reason
	} else if !i.Ready {
		state = i.Name + " is not ready: " + i.Reason
	}
	version := i.Image.Ref
	if i.Version != "" {
		version = i.Version + " from " + version
	}
	now := i.Sizing.InForce
	sizing := fmt.Sprintf("threads %d, shared memory %d MiB, strategy memory %d MiB", now.Threads, now.ShmMiB, now.StrategyMemoryMiB)
	if due := i.Sizing.Due; i.Sizing.ResizeDue {
		sizing += fmt.Sprintf("; a resize is due: %d, %d MiB, %d MiB", due.Threads, due.ShmMiB, due.StrategyMemoryMiB)
	}
	https := "none, this machine only"
	switch {
	case i.HTTPS != nil:
		https = i.HTTPS.String()
	case strings.HasPrefix(i.URL, "https:"):
		https = "by your own proxy or tunnel"
	}
	return fmt.Sprintf("%s\nVersion: %s\nSizing:  %s\nHTTPS:   %s\n", state, version, sizing, https)
}

// instance describes the OpenAlgo in dir, with what can be done with it; false
// is none.
func (a *app) instance(ctx context.Context, m *wizard.Machine, e *engine.Engine, machine sizing.Machine, dir string) bool {
	status, err := ops.ReadStatus(ctx, e, machine, dir)
	if err != nil || len(status.Instances) == 0 {
		return err == nil && !a.dirGiven && a.elsewhere(ctx, m, e, machine)
	}
	m.Instance = glance(status.Instances[0])
	if text := ops.Unfinished(dir); text != "" {
		m.Instance += "Note:    " + text + "\n"
	}
	m.Saved, _ = readfile.Regular(filepath.Join(dir, "openalgo-install.yaml"), readfile.Config)
	add := func(label string, args ...string) {
		m.Menu = append(m.Menu, wizard.MenuEntry{Label: label, Args: args})
	}
	i := status.Instances[0]
	ours := m.Saved != nil
	if !ours && i.State == "running" {
		add("adopt: let this program look after it, as it is", "adopt")
	}
	add("status: everything about it", "status")
	add("doctor: what is wrong, and what mends it", "doctor")
	if i.State == "running" {
		add("logs: what OpenAlgo says", "logs", "-f")
		if i.Sizing.ResizeDue {
			add("resize: RAM and cores allow another sizing", "resize")
		}
		add("restart: stop and start it", "restart")
		add("stop: stop it", "stop")
		if !i.Sizing.ResizeDue {
			add("resize: after a RAM upgrade", "resize")
		}
		if ours {
			add("backup: keys and databases, checked", "backup")
			add("upgrade: the newest release, and back if it fails", "upgrade")
		}
	} else {
		add("start: start it", "start")
		add("logs: what OpenAlgo said", "logs")
	}
	add("uninstall: remove the container; data and keys stay", "uninstall")
	if ours {
		add("Answer the questions again, and change what was answered")
	}
	return true
}
