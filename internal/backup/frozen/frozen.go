// Package frozen copies an instance's data and files at a moment at which OpenAlgo
// stands still, and writes that copy into an archive once it goes on.
package frozen

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/tree/mirror"
)

// Copy is such a copy.
type Copy struct {
	Trees   []backup.Tree
	Dir     string // a directory of its own, with all of it; "" is none
	Watcher freeze.Guard
	// Files reads the files of the instance's directory.
	Files func(ctx context.Context, take func(name string, text []byte) error) error

	mirrors []*mirror.Mirror
	files   []file
}

type file struct {
	name string
	text []byte
}

// Ahead copies what can be copied while OpenAlgo runs.
func (c *Copy) Ahead(ctx context.Context) error {
	c.close()
	meter.Expect(ctx, backup.Total(c.Trees))
	for _, t := range c.Trees {
		m, err := mirror.Open(t.Path, filepath.Join(c.Dir, t.Name))
		if err == nil {
			c.mirrors = append(c.mirrors, m)
			err = m.Ahead(ctx)
		}
		if err != nil {
			return fmt.Errorf("copying %s: %w", t.Source, err)
		}
	}
	return nil
}

// Last copies what changed since.
func (c *Copy) Last(ctx context.Context) error {
	for i, m := range c.mirrors {
		if err := m.Last(ctx); err != nil {
			return fmt.Errorf("copying %s: %w", c.Trees[i].Source, err)
		}
	}
	c.files = nil
	return c.Files(ctx, func(name string, text []byte) error {
		c.files = append(c.files, file{name, text})
		return nil
	})
}

// Guard watches over the freeze.
func (c *Copy) Guard() freeze.Guard { return c.Watcher }

// Archive writes the copy into an archive.
func (c *Copy) Archive(ctx context.Context, w *backup.Writer) error {
	meter.Expect(ctx, backup.Total(c.Trees))
	for i, t := range c.Trees {
		err := c.mirrors[i].Settle(ctx)
		if err == nil {
			t.Path = filepath.Join(c.Dir, t.Name)
			err = w.Tree(ctx, t)
		}
		if err != nil {
			return fmt.Errorf("copying %s: %w", t.Source, err)
		}
	}
	for _, f := range c.files {
		if err := w.File(f.name, f.text); err != nil {
			return fmt.Errorf("copying %s: %w", f.name, err)
		}
	}
	return nil
}

func (c *Copy) close() {
	for _, m := range c.mirrors {
		_ = m.Close()
	}
	c.mirrors = nil
}

// Remove removes the copy.
func (c *Copy) Remove() {
	c.close()
	if c.Dir != "" {
		_ = os.RemoveAll(c.Dir)
		c.Dir = ""
	}
}
