package elsewhere

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/meter"
)

// List lists the backups at an address.
func List(ctx context.Context, a Address, keys Keys) ([]Entry, error) {
	store, err := Open(ctx, a, keys)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	all, err := store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", a, err)
	}
	var out []Entry
	for _, e := range all {
		if backup.Whose(e.Name) != "" {
			out = append(out, e)
		}
	}
	return out, nil
}

// Fetch copies a backup from a store into a directory of this machine: the one that
// the address names, or else the newest one there. A copy that is there already stays.
func Fetch(ctx context.Context, a Address, keys Keys, dir string, report event.Reporter) (path string, err error) {
	a, name := a.File()
	entry, err := find(ctx, a, keys, name)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, entry.Name) // its name is fit
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == entry.Bytes {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", finding.Named(finding.HostNotReady, "backup-unwritable", "making the directory for backups: %w", err)
	}
	if disk, err := host.Disk(dir); err == nil && int64(disk.FreeMiB)<<20 < entry.Bytes {
		return "", finding.Named(finding.HostNotReady, "disk-full", "the backup takes %s, and %s has %d MiB free", backup.SizeText(entry.Bytes), dir, disk.FreeMiB)
	}
	err = meter.Do(ctx, report, "fetch", "copy "+entry.Name+" from "+a.String(), func(ctx context.Context) error {
		meter.Expect(ctx, entry.Bytes)
		return fetch(ctx, a, keys, entry, path)
	})
	return path, err
}

func fetch(ctx context.Context, a Address, keys Keys, e Entry, path string) error {
	store, err := Open(ctx, a, keys)
	if err != nil {
		return err
	}
	defer store.Close()
	from, err := read(ctx, store, e.Name)
	if err != nil {
		return err
	}
	defer from.Close()
	return backup.Receive(path, func(to io.Writer) error {
		n, err := io.Copy(to, io.LimitReader(meter.Reader(ctx, from), e.Bytes+1))
		if err == nil && n != e.Bytes {
			err = fmt.Errorf("it is not of the %d bytes that are listed", e.Bytes)
		}
		if err != nil {
			return fmt.Errorf("reading %s from %s: %w", e.Name, a, err)
		}
		return nil
	})
}

// find looks for a backup by its name; "" is the newest one, where all are of one
// instance.
func find(ctx context.Context, a Address, keys Keys, name string) (Entry, error) {
	all, err := List(ctx, a, keys)
	if err != nil {
		return Entry{}, err
	}
	var newest Entry
	whose := map[string]bool{}
	for _, e := range all {
		if e.Name == name {
			return e, nil
		}
		newest, whose[backup.Whose(e.Name)] = e, true
	}
	missing := finding.Named(finding.Usage, "backup-missing", "%w", errors.Join(fmt.Errorf("there is no such backup in %s", a), fs.ErrNotExist)).
		With(finding.Run("List them", "backup", "list", a.String())).Ending(finding.Unchanged)
	switch {
	case name != "" || len(all) == 0:
		return Entry{}, missing
	case len(whose) > 1:
		var names []string
		for one := range whose {
			names = append(names, one)
		}
		slices.Sort(names)
		return Entry{}, finding.Named(finding.Usage, "backup-ambiguous", "%s has backups of %d instances: %s", a, len(names), strings.Join(names, ", ")).
			With(finding.Run("Name one of these", "backup", "list", a.String())).Ending(finding.Unchanged)
	}
	// What came into the store long before it was made has a wrong name, and would stay
	// the newest.
	if made := backup.TimeOf(newest.Name); !newest.At.IsZero() && made.Sub(newest.At) > mostAhead {
		return Entry{}, finding.Named(finding.Usage, "backup-ambiguous", "by its name, the newest backup in %s is %s, but it is there since %s. The clock was wrong when it was made, so which one is the newest cannot be said",
			a, newest.Name, market.Text(newest.At)).With(finding.Run("Name the one that you mean", "backup", "list", a.String())).Ending(finding.Unchanged)
	}
	return newest, nil
}

// mostAhead is how much a clock may be ahead of the store's.
const mostAhead = 24 * time.Hour
