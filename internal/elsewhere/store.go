// Package elsewhere keeps backups on another machine: in S3, over SFTP, or wherever
// an installed rclone can write. What such a store says is not trusted: names are
// checked, answers are bounded, and what was stored is compared with what was sent.
package elsewhere

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/place"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// Address is a place on another machine.
type Address = place.Address

// Is reports whether a text is meant as an address, and not as a path here.
func Is(text string) bool { return place.Is(text) }

// Parse reads an address.
func Parse(text string) (Address, error) { return place.Parse(text) }

// Store holds files on another machine, in one directory.
type Store interface {
	// Put stores what a reader has, to its end, under a name. It returns nil only
	// when the store has all of it; until then nothing has that name.
	Put(ctx context.Context, name string, content io.Reader) error
	// Get reads a file from an offset on; one that is not there is an fs.ErrNotExist.
	Get(ctx context.Context, name string, offset int64) (io.ReadCloser, error)
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
	case place.SchemeS3:
		return openS3(a, keys)
	case place.SchemeSFTP:
		return openSFTP(ctx, a)
	case place.SchemeRclone:
		return openRclone(a)
	}
	return nil, fmt.Errorf("%q is not a store", a.Scheme)
}

// fit are the names that a file in a store may have to be seen at all.
var fit = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

// errTooMany says that a list has no end, or too much in it to tell the newest.
var errTooMany = fmt.Errorf("there are more than %d files, or the list has no end. Use a directory of its own for the backups", mostEntries)

// add takes in a file of a list, if its name is fit. Of the answer that it was in
// nothing else is kept.
func add(out []Entry, e Entry) []Entry {
	if e.Bytes < 0 || !fit.MatchString(e.Name) {
		return out
	}
	e.Name = strings.Clone(e.Name)
	return append(out, e)
}

// sorted are entries by their names.
func sorted(all []Entry) []Entry {
	order.By(all, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// sent counts and sums what is read from it.
type sent struct {
	from  io.Reader
	sum   hash.Hash
	bytes int64
	total int64 // how many it will be, about; 0 is not known
}

// counted is a reader that is counted and summed, once.
func counted(from io.Reader) *sent {
	if s, ok := from.(*sent); ok {
		return s
	}
	return &sent{from: from, sum: sha256.New()}
}

func (s *sent) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.bytes += int64(n)
	_, _ = s.sum.Write(p[:n]) // a hash takes everything
	return n, err
}

// sumText is the SHA-256 of what was read so far.
func (s *sent) sumText() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// compare reads back what was sent.
func (s *sent) compare(ctx context.Context, store Store, name string) error {
	return compare(ctx, store, name, s.bytes, s.sumText())
}

// errDiffers says that a store has other bytes than were sent.
var errDiffers = errors.New("the content in the store differs from the backup")

// compare reads a file of a store to its end, and holds it against what was sent.
func compare(ctx context.Context, store Store, name string, bytes int64, sum string) error {
	back, err := read(ctx, store, name)
	if err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	got := sha256.New()
	meter.Expect(ctx, bytes)
	n, err := io.CopyBuffer(got, io.LimitReader(meter.Reader(ctx, back), bytes+1), make([]byte, 128<<10))
	if err = errors.Join(err, back.Close()); err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	if n != bytes || hex.EncodeToString(got.Sum(nil)) != sum {
		return fmt.Errorf("%w: it has %d bytes, and %d were sent", errDiffers, n, bytes)
	}
	return nil
}

// notThere says that a store has no such file.
func notThere(name string) error {
	return finding.Cause("backup-missing", "the store has no "+name, fs.ErrNotExist)
}
