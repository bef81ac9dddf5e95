package step

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// runsOn is a container that runs on a directory of data, and is neither the run's
// new one nor the one with this ID; nil is none.
func runsOn(ctx context.Context, t *run.Tools, data, id string) (*engine.Container, error) {
	all, err := t.Engine.Containers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range all {
		if c.ID != newID(t) && c.ID != id && stacks.IsUp(c) && mounts(ctx, t, c, data) {
			return &c, nil
		}
	}
	return nil, nil
}

// mounts reports whether a container has a directory of this machine mounted.
func mounts(ctx context.Context, t *run.Tools, c engine.Container, dir string) bool {
	return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool {
		if !strings.HasPrefix(m.Target, openalgo.Dir+"/") {
			return false
		}
		path, _, err := stacks.DataPath(ctx, t.Engine, c, m.Target)
		return err == nil && path != "" && stacks.SameFile(path, dir)
	})
}

// beside is another OpenAlgo that runs on the databases of c; nil is none.
func beside(ctx context.Context, t *run.Tools, c engine.Container) (*engine.Container, error) {
	data, _, err := stacks.DataPath(ctx, t.Engine, c, openalgo.DB)
	if err != nil || data == "" {
		return nil, nil //nolint:nilerr // nobody runs on what is gone, and the start of c says so
	}
	other, err := runsOn(ctx, t, data, c.ID)
	if other != nil && !isOpenAlgo(*other) {
		return nil, nil
	}
	return other, err
}

// isOpenAlgo reports whether a container has OpenAlgo's data and .env.
func isOpenAlgo(c engine.Container) bool {
	data := slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return m.Target == openalgo.DB })
	return data && (stacks.EnvSource(c) != "" || c.Labels[compose.LabelService] == compose.Service) && c.Labels["com.docker.compose.oneoff"] != "True"
}

// dataTaken reports whether another OpenAlgo runs on the databases of c, as one
// that the user created since may: c must not be started beside it. Where it does
// not answer, the user has to stop it.
func dataTaken(ctx context.Context, t *run.Tools, c engine.Container) (bool, error) {
	other, err := beside(ctx, t, c)
	if other == nil || err != nil {
		return false, err
	}
	if !answers(ctx, t, *other) {
		return false, usesData(*other)
	}
	t.Note(fmt.Sprintf("%s runs on this data and answers, so it stays as it is, and %s is not started", other.Name, c.Name))
	return true, nil
}

func usesData(c engine.Container) error {
	return fmt.Errorf("container %s uses this data. Stop it first: docker stop %[1]s", c.Name)
}

// startAlone starts a container, unless another one runs on its data.
func startAlone(ctx context.Context, t *run.Tools, c engine.Container) bool {
	other, err := beside(ctx, t, c)
	return other == nil && err == nil && t.Engine.Start(ctx, c.ID) == nil
}

// recreateVolume creates the volume of a copy again where Docker lost it, as it
// does when it is removed and installed again: the copy is all that is left of the
// data. Docker may keep its volumes in another place since.
func (s *KeepData) recreateVolume(ctx context.Context, t *run.Tools) error {
	if s.Volume == "" || !t.Engine.Info().Local || !stacks.IsGone(s.Data.At(t.Dir)) || s.Renaming { // then a part of the copy is lost, too
		return nil
	}
	s.Lost = true
	t.Keep()
	v, err := t.Engine.Volume(ctx, s.Volume)
	if errors.Is(err, engine.ErrNotFound) {
		t.Note(fmt.Sprintf("Docker no longer has the volume %s. It is recreated, and its data is copied back from %s. "+
			"Strategies and logs were in other volumes: only a backup brings them back", s.Volume, s.copy(t)))
		v, err = t.Engine.CreateVolume(ctx, engine.VolumeSpec{Name: s.Volume, Labels: labelsOf(t, s.Volume)})
		t.Point("undo-volume")
	}
	if err != nil {
		return fmt.Errorf("recreating the volume %s: %w", s.Volume, err)
	}
	s.Data, s.Moved = In(t.Dir, v.Mountpoint), false
	t.Keep()
	return nil
}

// volumeAt is the name of the volume whose data is at a path; "" where the path is
// none that Docker gives a volume.
func volumeAt(path string) string {
	dir, base := filepath.Split(path)
	dir, name := filepath.Split(filepath.Clean(dir))
	if base != "_data" || filepath.Base(dir) != "volumes" {
		return ""
	}
	return name
}

// labelsOf are the labels that a volume of this instance has, by which Docker
// Compose and this program know it.
func labelsOf(t *run.Tools, name string) map[string]string {
	labels := map[string]string{stacks.LabelDir: t.Dir}
	c := run.Find[*CreateContainer](t.Steps())
	if c == nil || c.Project == "" {
		return labels
	}
	if key, ours := strings.CutPrefix(name, c.Project+"_"); ours {
		labels[compose.LabelProject], labels[compose.LabelVolume] = c.Project, key
	}
	return labels
}

// unknownData says how to go on where a copy has no place to go back to.
func (s *KeepData) unknownData(t *run.Tools) error {
	at, kept := s.Data.At(t.Dir), s.copy(t)
	return finding.Named(finding.Failed, "data-unplaced", "%[1]s is neither a volume nor a directory of this instance, so nothing was copied over it\n\n"+
		"The copy in %[2]s may be all that is left of your data. First copy it to a safe place:\n\n    sudo cp -a %[2]s %[3]s-data", at, kept, t.Dir).
		With(finding.Hint{
			Do:    fmt.Sprintf("If OpenAlgo's data belongs in %s, copy it there, and forget the interrupted run", at),
			Shell: []string{"sudo mkdir -p " + at, fmt.Sprintf("sudo cp -a %s/. %s/", kept, at), "sudo rm " + t.Work(instance.JournalName)},
			Args:  []string{"start"},
		})
}
