package elsewhere

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"regexp"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// Store holds files on another machine, in one directory.
type Store interface {
	// Put stores what a reader has, to its end, under a name. It returns nil only
	// when the store has all of it; until then nothing has that name.
	Put(ctx context.Context, name string, content io.Reader) error
	// Get reads a file; one that is not there is an fs.ErrNotExist.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// List lists the files whose names are fit for a backup.
	List(ctx context.Context) ([]Entry, error)
	// Remove removes a file. A store that keeps all it has says ErrKept.
	Remove(ctx context.Context, name string) error
	// Tidy removes what an upload that was cut off left of some names.
	Tidy(ctx context.Context, own func(name string) bool) error
	Close() error
}

// Entry is a file in a store.
type Entry struct {
	Name  string    `json:"name"`
	Bytes int64     `json:"bytes"`
	At    time.Time `json:"at,omitzero"`
}

// ErrKept says that a store does not let anything be removed.
var ErrKept = errors.New("the store does not let backups be removed")

// Bounds of what a store may say.
const (
	mostEntries = 10_000
	mostPages   = 1000 // of a list, which may be empty
	mostAnswer  = 8 << 20
)

// partEnding is that of a file which is not whole, where a store has no other way.
const partEnding = ".part"

// Open opens the store at an address.
func Open(ctx context.Context, a Address, keys Keys) (Store, error) {
	switch a.Scheme {
	case schemeS3:
		return openS3(a, keys)
	case schemeSFTP:
		return openSFTP(ctx, a)
	case schemeRclone:
		return openRclone(a)
	}
	return nil, fmt.Errorf("%q is not a store", a.Scheme)
}

// fit are the names that a file in a store may have to be seen at all.
var fit = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

// kept are those entries whose names are fit, by their names.
func kept(all []Entry) []Entry {
	var out []Entry
	for _, e := range all {
		if fit.MatchString(e.Name) && e.Bytes >= 0 && len(out) < mostEntries {
			out = append(out, e)
		}
	}
	order.By(out, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// sent counts and sums what is read from it.
type sent struct {
	from  io.Reader
	sum   hash.Hash
	bytes int64
}

func counted(from io.Reader) *sent { return &sent{from: from, sum: sha256.New()} }

func (s *sent) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.bytes += int64(n)
	_, _ = s.sum.Write(p[:n]) // a hash takes everything
	return n, err
}

// compare reads back what was sent.
func (s *sent) compare(back io.Reader) error {
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(back, s.bytes+1))
	if err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	if n != s.bytes || string(sum.Sum(nil)) != string(s.sum.Sum(nil)) {
		return fmt.Errorf("the store has %d bytes of it that are not the %d that were sent", n, s.bytes)
	}
	return nil
}

// notThere says that a store has no such file.
func notThere(name string) error {
	return finding.Cause("backup-missing", "the store has no "+name, fs.ErrNotExist)
}
