package install

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// recreateVolume creates the volume of a copy again where Docker lost it, as it
// does when it is removed and installed again: the copy is all that is left of
// the data. Docker may keep its volumes in another place since.
func (in *Installer) recreateVolume(ctx context.Context, j *journal, s *snapshot) error {
	name := volumeAt(s.Data)
	if name == "" || !in.Engine.Info().Local || !isGone(s.Data) || s.Renaming { // then a part of the copy is lost, too
		return nil
	}
	v, err := in.Engine.Volume(ctx, name)
	if errors.Is(err, engine.ErrNotFound) {
		in.note(fmt.Sprintf("Docker no longer has the volume %s. It is recreated, and its data is copied back from %s. "+
			"Strategies and logs were in other volumes: only a backup brings them back", name, s.Copy))
		v, err = in.Engine.CreateVolume(ctx, engine.VolumeSpec{Name: name, Labels: in.labelsOf(name, j.Project)})
		failpoint("undo-volume")
	}
	if err != nil {
		return fmt.Errorf("recreating the volume %s: %w", name, err)
	}
	s.Data, s.Moved = v.Mountpoint, false
	j.noteUndone()
	return nil
}

// volumeAt is the name of the volume whose data is at a path; "" where the path
// is none that Docker gives a volume.
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
func (in *Installer) labelsOf(name, project string) map[string]string {
	labels := map[string]string{LabelDir: string(in.dir)}
	if key, ours := strings.CutPrefix(name, project+"_"); ours && project != "" {
		labels[compose.LabelProject], labels[compose.LabelVolume] = project, key
	}
	return labels
}

// unknownData says how to go on where a copy has no place to go back to.
func (in *Installer) unknownData(s *snapshot) error {
	return fmt.Errorf("%[1]s is neither a volume nor a directory of this instance, so nothing was copied over it\n\n"+
		"The copy in %[2]s may be all that is left of your data. First copy it to a safe place:\n\n    sudo cp -a %[2]s %[3]s-data\n\n"+
		"If OpenAlgo's data belongs in %[1]s, copy it there, and forget the interrupted run:\n\n"+
		"    sudo mkdir -p %[1]s\n    sudo cp -a %[2]s/. %[1]s/\n    sudo rm %[4]s\n    sudo openalgo-install --dir %[3]s start",
		s.Data, s.Copy, string(in.dir), in.dir.Work(instance.JournalName))
}
