package backup

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Receive writes a backup that comes from elsewhere, readable by its owner alone. It
// has its name once it is whole, and replaces nothing.
func Receive(path string, write func(io.Writer) error) error {
	removePartials(path)
	f, err := makeFresh(path)
	if err != nil {
		return finding.Named(finding.HostNotReady, "backup-unwritable", "making %s: %w", path, err)
	}
	defer f.discard()
	if err := write(f); err != nil {
		return err
	}
	if err := f.keep(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// removePartials removes what was written of a backup by a run that was killed.
func removePartials(path string) {
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if mark, ok := strings.CutPrefix(e.Name(), base+"."); ok && isPartialMark(mark) && e.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// Fresh is a backup that is being written, and has no name until it is whole.
type Fresh struct{ f *freshFile }

// MakeFresh begins the backup that is to be at path, readable by its owner alone. What a
// killed run left of one by that name is removed.
func MakeFresh(path string) (*Fresh, error) {
	removePartials(path)
	f, err := makeFresh(path)
	if err != nil {
		return nil, err
	}
	return &Fresh{f}, nil
}

// Write writes a part of it.
func (f *Fresh) Write(p []byte) (int, error) { return f.f.Write(p) }

// Open reads back what was written, through to the disk.
func (f *Fresh) Open(ctx context.Context, key Key) (*Archive, error) {
	if err := f.f.Sync(); err != nil {
		return nil, err
	}
	return Open(ctx, f.f.content(), key)
}

// Keep gives the whole backup its name. It replaces nothing.
func (f *Fresh) Keep() error { return f.f.keep() }

// Discard ends the work with it, and removes what was not kept.
func (f *Fresh) Discard() { f.f.discard() }
