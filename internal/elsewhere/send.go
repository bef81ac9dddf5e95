package elsewhere

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Sender copies backups of an instance to a store.
type Sender struct {
	Dir       instance.Dir
	To        Address
	Keys      Keys
	Keep      int    // how many stay there; 0 is all
	Recipient string // the age recipient of a backup that is not encrypted here
	Report    event.Reporter
	Note      func(string)
}

// pauses are before the further tries of a copy that broke off.
var pauses = []time.Duration{5 * time.Second, 30 * time.Second}

// Send copies a backup of this machine there, encrypted, and removes the oldest ones
// there beyond Keep. How it ended is kept for status.
func (s Sender) Send(ctx context.Context, file string) (known.Last, error) {
	lock, err := instance.OpenOwn(s.Dir.Work(known.LockName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return known.Last{}, err
	}
	defer instance.Funlock(lock)
	// Who asks how the last copy ended has it for a moment.
	if err := wait.Until(ctx, 2*time.Second, 50*time.Millisecond, func(context.Context) (bool, error) { return instance.Flock(lock) }); err != nil {
		return known.Last{}, finding.Named(finding.Failed, "copy-under-way", "another backup is being copied to a store at this moment: %s", s.To)
	}
	last := known.Last{Address: s.To.String(), Name: backup.SealedName(filepath.Base(file)), Source: file}
	begun := last
	begun.At, begun.Begun, begun.Message = time.Now().UTC(), true, "the copy was begun and did not end"
	_ = begun.Save(s.Dir) // a copy that is killed must not look like the good one before it
	var sum string
	err = meter.Do(ctx, s.Report, "send", "copy the backup to "+s.To.String(), func(ctx context.Context) (err error) {
		sum, err = s.tries(ctx, file, &last)
		return err
	})
	if err == nil {
		if left := s.prune(ctx, last, sum); left != nil { // the copy itself is good
			last.Message = left.Error()
			s.Note(last.Message)
		}
	}
	last.At, last.OK = time.Now().UTC(), err == nil
	if err != nil {
		last.Message = err.Error()
	}
	if ctx.Err() == nil {
		if err := last.Save(s.Dir); err != nil {
			s.Note(fmt.Sprintf("how the copy ended could not be kept for `status`: %v", err))
		}
	}
	return last, err
}

// tries sends the file, again where it broke off for another reason than the line: for
// that the store has waited already.
func (s Sender) tries(ctx context.Context, file string, last *known.Last) (sum string, err error) {
	for try := 0; ; try++ {
		var begun bool
		sum, err = s.once(ctx, file, last, &begun)
		if err == nil || ctx.Err() != nil || !begun || try == len(pauses) || errors.Is(err, errBroken) || errors.Is(err, errQuiet) || isFinal(err) {
			return sum, err
		}
		s.Note(fmt.Sprintf("the copy to %s failed, and begins again in %.0f s: %v", s.To, pauses[try].Seconds(), err))
		if err := wait.For(ctx, pauses[try]); err != nil {
			return "", err
		}
	}
}

func (s Sender) once(ctx context.Context, file string, last *known.Last, begun *bool) (sum string, err error) {
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	store, err := Open(ctx, s.To, s.Keys)
	if err != nil {
		return "", err
	}
	defer store.Close()
	if err := store.Tidy(ctx, s.isOwn); err != nil {
		s.Note(fmt.Sprintf("what earlier copies left in %s could not be removed: %v", s.To, err))
	}
	content, end := io.Reader(meter.Reader(ctx, in)), func() {}
	if !backup.IsSealed(file) {
		if content, end, err = sealed(content, s.Recipient); err != nil {
			return "", err
		}
	}
	defer end()
	out := counted(content)
	if info, err := in.Stat(); err == nil {
		meter.Expect(ctx, info.Size())
		out.total = info.Size()
	}
	// What the parts hold stays; what comes and goes is little.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	err = store.Put(ctx, last.Name, out)
	*begun, last.Bytes = out.bytes > 0, out.bytes
	return out.sumText(), err
}

// sealed encrypts a stream on its way.
func sealed(in io.Reader, recipient string) (out io.Reader, end func(), err error) {
	wrap, _, err := backup.Seal{Recipients: []string{recipient}}.Ready()
	if err != nil {
		return nil, nil, err
	}
	from, to := io.Pipe()
	go func() {
		age, err := wrap(to)
		if err == nil {
			_, err = io.Copy(age, in)
		}
		if err == nil {
			err = age.Close()
		}
		_ = to.CloseWithError(err)
	}()
	return from, func() { _ = from.Close() }, nil
}

func (s Sender) isOwn(name string) bool { return backup.IsOwn(s.Dir, name) }

// prune removes the oldest backups of this instance there, and never the one that was
// just sent and compared, whose sum it keeps.
func (s Sender) prune(ctx context.Context, fresh known.Last, sum string) error {
	store, err := Open(ctx, s.To, s.Keys)
	if err != nil {
		return err
	}
	defer store.Close()
	all, err := store.List(ctx) // by name, so by time
	if err != nil && s.Keep > 0 {
		return fmt.Errorf("listing the backups in %s: %w", s.To, err)
	}
	unseen := err != nil // its keys may write alone
	var own []string
	for _, e := range all {
		if s.isOwn(e.Name) {
			own = append(own, e.Name)
		}
	}
	var old []string
	if s.Keep > 0 {
		old = own[:max(0, len(own)-s.Keep)]
	}
	one := known.Stored{Name: fresh.Name, Address: fresh.Address, Bytes: fresh.Bytes, SHA256: sum}
	if err := known.KeepStored(s.Dir, one, func(name string) bool { return unseen || slices.Contains(own[len(old):], name) }); err != nil {
		return err
	}
	for _, name := range old {
		if name == fresh.Name {
			continue // the clock was set back
		}
		err := store.Remove(ctx, name)
		switch {
		case errors.Is(err, ErrKept):
			s.Note(fmt.Sprintf("%s does not allow removing backups, so %s stays", s.To, name))
			return nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("removing an old backup in %s: %w", s.To, err)
		}
		s.Note("removed the older backup " + name + " in " + s.To.String() + ": --keep")
	}
	return nil
}
