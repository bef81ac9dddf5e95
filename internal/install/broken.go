package install

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// notRolledBack reports an undo that failed: whether OpenAlgo runs, what failed,
// where files and data are, and the command that completes the undo.
func (in *Installer) notRolledBack(ctx context.Context, j *journal, failed error) error {
	return fmt.Errorf("%s\nRolling back failed: %w\n\n"+
		"Your files as they were before are in %s. %s\n"+
		"Fix the cause, then complete the rollback and start OpenAlgo:\n\n    sudo openalgo-install --dir %s start",
		in.afterFailedUndo(ctx, j), failed, in.dir.KeptPath(""), whereData(j), string(in.dir))
}

// afterFailedUndo says whether OpenAlgo runs, as Docker has it now.
func (in *Installer) afterFailedUndo(ctx context.Context, j *journal) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	all, err := in.Engine.Containers(ctx)
	if err != nil {
		return "Docker does not answer, so it is not known whether OpenAlgo runs."
	}
	for _, c := range all {
		if j.Old != nil && c.ID == j.Old.ID && isUp(c) {
			return fmt.Sprintf("OpenAlgo runs as before, in the container %s, but not everything else is as before.", c.Name)
		}
		if c.ID == j.NewID && isUp(c) {
			return fmt.Sprintf("The new container %s still runs. Do not trade with it before the rollback is complete.", c.Name)
		}
	}
	return "OpenAlgo is stopped."
}

// whereData says where the data is while an undo is not finished.
func whereData(j *journal) string {
	copies := j.copies()
	if len(copies) == 0 {
		return "Your data was not touched."
	}
	return "Your data as it was before is in " + filepath.Dir(copies[0].Copy) + "."
}
