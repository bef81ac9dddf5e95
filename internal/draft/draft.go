// Package draft keeps the answers of an interview that was cut off, until the
// install that they are for has ended.
package draft

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// MostDays is how many days a draft is kept: it may hold secrets.
const MostDays = 7

const (
	mostAge    = MostDays * 24 * time.Hour
	mostTexts  = 100
	mostLength = 4096 // of one answer, in bytes
	ending     = ".json"
)

// Draft is what was answered, by key, and when.
type Draft struct {
	Dir   string            `json:"dir"` // of the instance that it is for
	At    time.Time         `json:"at"`
	Given map[string]string `json:"given"`
}

// Store keeps the draft for one instance. It writes in the background: no key
// that is typed waits for a disk.
type Store struct {
	dir, path string // of the instance; of the file
	now       func() time.Time

	mu      sync.Mutex
	idle    *sync.Cond
	pending map[string]string // to be written next; nil: nothing
	writes  bool
	err     error // of the last write
}

// For returns the Store of the instance in a directory.
func For(dir string) *Store { return newStore(dir, hoststate.Dir(), time.Now) }

func newStore(dir, place string, now func() time.Time) *Store {
	sum := sha256.Sum256([]byte(dir))
	s := &Store{dir: dir, path: filepath.Join(place, "draft-"+hex.EncodeToString(sum[:8])+ending), now: now}
	s.idle = sync.NewCond(&s.mu)
	return s
}

// Keep has the answers written, in place of earlier ones, and does not wait.
func (s *Store) Keep(given map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = maps.Clone(given)
	if !s.writes {
		s.writes = true
		go s.writeAll()
	}
}

func (s *Store) writeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.pending != nil {
		given := s.pending
		s.pending = nil
		s.mu.Unlock()
		err := s.write(given)
		s.mu.Lock()
		s.err = err
	}
	s.writes = false
	s.idle.Broadcast()
}

// Flush waits until all is written, and returns why it could not be.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.writes {
		s.idle.Wait()
	}
	return s.err
}

// Kept returns the file of the draft; "" where there is none.
func (s *Store) Kept() string {
	if _, err := os.Lstat(s.path); err != nil {
		return ""
	}
	return s.path
}

// Drop removes the draft.
func (s *Store) Drop() error {
	s.mu.Lock()
	s.pending = nil
	for s.writes {
		s.idle.Wait()
	}
	s.mu.Unlock()
	if err := host.Remove(s.path); err != nil {
		return fmt.Errorf("delete the saved answers: %w", err)
	}
	return nil
}

// Settle waits for what is being written, and removes what an install has used up. A
// machine that keeps nothing still installs.
func Settle(s *Store, installed bool) {
	switch {
	case s == nil:
	case installed:
		_ = s.Drop() // else it is removed in a week
	default:
		_ = s.Flush()
	}
}

func (s *Store) write(given map[string]string) error {
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create the directory for answers: %w", err)
	}
	if err := hoststate.Private(dir); err != nil {
		return fmt.Errorf("keep the answers: %w", err)
	}
	text, err := json.Marshal(Draft{Dir: s.dir, At: s.now().UTC().Round(0), Given: given})
	if err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	if len(text) > readfile.Secret {
		return fmt.Errorf("write the answers: %w", readfile.ErrTooLarge)
	}
	if err := host.WriteFile(s.path, text, 0o600, ""); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	return nil
}

// Load returns the draft that is kept; nil where there is none that is of use.
// It removes what is too old, of other instances as well.
func (s *Store) Load() *Draft {
	dir := filepath.Dir(s.path)
	if hoststate.Private(dir) != nil {
		return nil
	}
	s.sweep(dir)
	text, err := readfile.NoLink(s.path, readfile.Secret)
	if err != nil {
		return nil
	}
	var d Draft
	if json.Unmarshal(text, &d) != nil || d.Dir != s.dir || len(d.Given) > mostTexts || s.isOld(d.At) {
		return nil
	}
	for key, text := range d.Given {
		if !isPlain(key) || !isPlain(text) {
			delete(d.Given, key)
		}
	}
	if len(d.Given) == 0 {
		return nil
	}
	return &d
}

// Sweep removes what is too old, of every instance: for commands that load none.
func Sweep() {
	s := For("")
	if dir := filepath.Dir(s.path); hoststate.Private(dir) == nil {
		s.sweep(dir)
	}
}

// sweep removes old drafts, and what a write left that was cut off.
func (s *Store) sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		ours := strings.HasPrefix(name, "draft-") && strings.HasSuffix(name, ending)
		cutOff := host.IsTemp(name) && strings.HasPrefix(name, ".draft-")
		if !ours && !cutOff {
			continue
		}
		if info, err := e.Info(); err == nil && s.isOld(info.ModTime()) {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

// isOld reports whether a time is too long ago, or where no clock should be.
func (s *Store) isOld(at time.Time) bool { return s.now().Sub(at).Abs() > mostAge }

func isPlain(text string) bool {
	return len(text) <= mostLength && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
