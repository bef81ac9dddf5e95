package step

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/bytecode"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

func init() {
	run.Register[RemoveLeftovers]("leftovers.remove")
	run.Register[EndDaily]("daily.end")
	run.Register[RemoveNetwork]("network.remove")
	run.Register[RemoveVolume]("volume.remove")
	run.Register[RemoveDirectory]("directory.remove")
	run.Register[RemoveFile]("file.remove")
	run.Register[DropImages]("images.drop")
	run.Register[RemoveWork]("work.remove")
}

// A removal is a commit from its beginning: what a kill leaves of it is removed by
// the next run. What cannot be removed ends it for good: a removal that a later
// command goes on with by itself must not be one that its user gave up.

// RemoveLeftovers moves away what another installer left on this machine.
type RemoveLeftovers struct {
	run.OnlyForward
	run.Leftovers
}

func (s *RemoveLeftovers) String() string { return "remove " + strings.Join(s.Paths, ", ") }

// Do moves them.
func (s *RemoveLeftovers) Do(ctx context.Context, t *run.Tools) error {
	return run.Final(t.App.RemoveLeftovers(ctx, s.Leftovers))
}

// Check refuses files that no installer leaves.
func (s *RemoveLeftovers) Check() error {
	for _, path := range s.Paths {
		known := slices.ContainsFunc([]string{"/usr/local/bin/openalgo-", "/etc/nginx/", "/etc/cron.d/"}, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
		if !known || !run.IsCleanAbs(path) {
			return run.Foreign(path)
		}
	}
	return nil
}

// EndDaily ends the daily backup.
type EndDaily struct {
	run.OnlyForward
	run.Pathless
}

func (s *EndDaily) String() string { return "end the daily backup" }

// Do ends it.
func (s *EndDaily) Do(ctx context.Context, t *run.Tools) error { return run.Final(t.App.EndDaily(ctx)) }

// RemoveNetwork removes a network of the stack; one that others use stays.
type RemoveNetwork struct {
	run.OnlyForward
	run.Pathless
	Name string `json:"name"`
}

func (s *RemoveNetwork) String() string { return "remove the network " + s.Name }

// Do removes it.
func (s *RemoveNetwork) Do(ctx context.Context, t *run.Tools) error {
	if err := t.Engine.RemoveNetwork(ctx, s.Name); err != nil {
		t.Note(fmt.Sprintf("the network %s stays: %v", s.Name, err))
	}
	return nil
}

// RemoveVolume deletes a volume and its data.
type RemoveVolume struct {
	run.OnlyForward
	run.Pathless
	Name string `json:"name"`
}

func (s *RemoveVolume) String() string { return "delete the volume " + s.Name }

// Do deletes it.
func (s *RemoveVolume) Do(ctx context.Context, t *run.Tools) error {
	_ = bytecode.End(ctx, t.Engine, s.Name) // it may be filled just now
	if err := t.Engine.RemoveVolume(ctx, s.Name); err != nil {
		return run.Final(fmt.Errorf("removing the volume %s: %w", s.Name, err))
	}
	t.Point("uninstall-volume")
	return nil
}

// RemoveDirectory deletes a directory that kept data in place of a volume.
type RemoveDirectory struct {
	run.OnlyForward
	Name string `json:"name"` // in the instance's directory
}

func (s *RemoveDirectory) String() string { return "delete the directory " + s.Name }

// Do deletes it, unless a container is up that has it: somebody started one again
// since.
func (s *RemoveDirectory) Do(ctx context.Context, t *run.Tools) error {
	if s.Name == "" { // the instance's own directory, with its keys
		return run.Final(run.Foreign(s.Name))
	}
	path := t.Dir.Path(s.Name)
	all, err := t.Engine.Containers(ctx)
	if err != nil {
		return fmt.Errorf("find containers that use %s: %w", path, err)
	}
	for _, c := range all {
		if stacks.IsUp(c) && slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return stacks.BindSource(m) == path }) {
			return run.Final(fmt.Errorf("removing %s: the container %s uses it", path, c.Name))
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return run.Final(fmt.Errorf("removing %s: %w", path, err))
	}
	t.Point("uninstall-directory")
	return nil
}

// Check refuses what is no directory with data of OpenAlgo.
func (s *RemoveDirectory) Check() error {
	if !slices.Contains(openalgo.Trees, s.Name) {
		return run.Foreign("the directory", s.Name)
	}
	return nil
}

// RemoveFile deletes a file of the instance.
type RemoveFile struct {
	run.OnlyForward
	Name string `json:"name"` // in the instance's directory
}

func (s *RemoveFile) String() string { return "delete " + s.Name }

// Do deletes it.
func (s *RemoveFile) Do(_ context.Context, t *run.Tools) error {
	if err := host.Remove(t.Dir.Path(s.Name)); err != nil {
		return run.Final(fmt.Errorf("removing %s: %w", s.Name, err))
	}
	t.Point("uninstall-file")
	return nil
}

// Check refuses names that are paths.
func (s *RemoveFile) Check() error { return run.CheckName(s.Name) }

// DropImages removes the tags that images of this instance have for a rollback, and
// test apps that it ran.
type DropImages struct {
	run.OnlyForward
	run.Pathless
	Project string   `json:"project"`
	Tests   []string `json:"tests,omitempty"`
}

func (s *DropImages) String() string { return "remove the image tags of " + s.Project }

// Do removes them.
func (s *DropImages) Do(ctx context.Context, t *run.Tools) error {
	t.App.DropImages(ctx, s.Project, s.Tests)
	return nil
}

// RemoveWork deletes what this program keeps for the instance: copies of files and
// data, and the state. The journal, the lock and the log are in use until the run
// has ended; the log is emptied.
type RemoveWork struct {
	run.OnlyForward
	run.Pathless
}

func (s *RemoveWork) String() string { return "delete " + instance.WorkName }

// Do deletes it.
func (s *RemoveWork) Do(_ context.Context, t *run.Tools) error {
	if err := instance.Clear(t.Dir); err != nil {
		return run.Final(fmt.Errorf("removing %s: %w", t.Work(""), err))
	}
	if err := draft.For(string(t.Dir)).Drop(); err != nil {
		return run.Final(err)
	}
	t.Point("uninstall-work")
	return nil
}
