package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// leftOut is an instance that resize --all cannot resize, and does not stop for.
type leftOut struct {
	Dir   string `json:"dir"`
	Error string `json:"error"`
	err   error
}

// open opens the instances of directories. With --all one that cannot be
// resized is left out, so that the others are.
func (c *resizeCommand) open(ctx context.Context, dirs []string, e *engine.Engine, machine sizing.Machine, report *presenter) (all []*ops.Session, left []leftOut, err error) {
	for _, dir := range dirs {
		in, err := ops.New(dir, e, machine, report)
		if err == nil {
			c.follow(in, c.changeOptions)
		}
		if c.all && err == nil {
			err = mayResize(ctx, in, dir, c.options())
		}
		switch {
		case err == nil:
			all = append(all, in)
		case !c.all || ctx.Err() != nil:
			return nil, nil, err
		default:
			left = append(left, leftOut{dir, finding.Prompt{Dir: dir, Sudo: true}.Advice(err), err})
		}
	}
	return all, left, nil
}

// mayResize reports why an instance cannot be resized.
func mayResize(ctx context.Context, in *ops.Session, dir string, r ops.ResizeOptions) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return finding.Named(finding.HostNotReady, "directory-gone", "the directory is gone, but its container is running").
			With(finding.Hint{Do: "If you moved the directory, recreate the container in its new place", Dir: "NEW-DIRECTORY", Args: []string{"start"}})
	}
	_, err := in.Plan(ctx, ops.Resize(r))
	return err
}

// notAll is the error of a resize of all instances that left some out, after the
// others ended as done says; nil where it left out none.
func notAll(left []leftOut, done string) error {
	if len(left) == 0 {
		return nil
	}
	var text strings.Builder
	text.WriteString(done)
	var failed error
	for _, l := range left {
		fmt.Fprintf(&text, "\n\nNot resized: %s\n%s", l.Dir, l.Error)
		failed = worse(failed, l.err)
	}
	return &finding.Error{Kind: kindOf(failed), ID: finding.IDOf(failed), Err: errors.New(text.String())}
}

// firstThere is the first directory that is there.
func firstThere(dirs []string) string {
	for _, dir := range dirs {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	return dirs[0]
}
