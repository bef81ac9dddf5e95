package instance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

const (
	// lockPoll is how often a waiting run looks whether the other one has ended.
	lockPoll = 200 * time.Millisecond
	// lockWait is how long it waits at most. A backup of many GiB takes its time.
	lockWait = time.Hour
)

const lockName = "lock"

// Lock is held by the one run that changes an instance. It is an flock, which the
// kernel frees whatever ends the process.
type Lock struct{ file *os.File }

// Flock locks an open file, and reports whether it could: another process may
// have it locked.
func Flock(file *os.File) (bool, error) {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("locking %s: %w", file.Name(), err)
	}
	return true, nil
}

// Funlock lets go of what Flock locked, and closes the file. Closing alone is not
// enough: a child that is being started has the file, too, until its exec.
func Funlock(file *os.File) {
	_ = unix.Flock(int(file.Fd()), unix.LOCK_UN)
	_ = file.Close()
}

// Holder is the run that has the lock, as far as it is known: it signs a moment after it
// took it.
type Holder struct {
	PID     int
	Command string
	Since   time.Time
}

func (h Holder) String() string {
	switch {
	case h.PID == 0:
		return "another run"
	case h.Command == "":
		return fmt.Sprintf("another run (process %d)", h.PID)
	}
	return fmt.Sprintf("another run (%s, process %d, since %s)", h.Command, h.PID, market.Text(h.Since))
}

// holderOf reads who signed a lock.
func holderOf(file *os.File) (h Holder) {
	text, _ := readfile.Open(file, lockName, 64)
	pid, command, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if h.PID, _ = strconv.Atoi(pid); h.PID == 0 {
		return Holder{}
	}
	h.Command = printable.Line(command)
	if info, err := file.Stat(); err == nil {
		h.Since = info.ModTime()
	}
	return h
}

// TryLock takes the lock, or returns nil and its holder.
func (d Dir) TryLock() (l *Lock, holder Holder, err error) {
	file, err := OpenOwn(d.Work(lockName), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, holder, finding.Named(finding.HostNotReady, "directory-unwritable", "opening the lock: %w", err)
	}
	held, err := Flock(file)
	if held {
		return &Lock{file}, holder, nil
	}
	defer file.Close()
	if err != nil {
		return nil, holder, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	return nil, holderOf(file), nil
}

// WasLocked reports whether a run ever took the lock.
func (d Dir) WasLocked() bool {
	_, err := os.Stat(d.Work(lockName))
	return err == nil
}

// Sign writes into the lock who has it, for those who wait.
func (l *Lock) Sign(command string) {
	if err := l.file.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(io.NewOffsetWriter(l.file, 0), "%d %s\n", os.Getpid(), command)
	}
}

// Release lets go of the lock.
func (l *Lock) Release() { Funlock(l.file) }

// Lock waits for the lock while another run holds it, but not without an end, and passes
// on what that run writes into its log.
func (d Dir) Lock(ctx context.Context, command string, report func(message string)) (*Lock, error) {
	return d.lockWithin(ctx, lockWait, command, report)
}

func (d Dir) lockWithin(ctx context.Context, most time.Duration, command string, report func(message string)) (*Lock, error) {
	var log *bufio.Reader
	began := time.Now()
	for told := false; ; told = true {
		l, holder, err := d.TryLock()
		switch {
		case told && errors.Is(err, fs.ErrNotExist):
			return nil, finding.Named(finding.HostNotReady, "instance-removed", "the other run removed the OpenAlgo in %s: there is nothing left to change", string(d)).Ending(finding.Unchanged)
		case err != nil:
			return nil, err
		case !told && l == nil:
			// Opened before anything is said: not a line after that is missed.
			log = openLog(d, io.SeekEnd)
			report(holder.String() + " is under way in this directory. This one waits for its end, and shows what it does")
		case told && log == nil:
			log = openLog(d, io.SeekStart) // created since
		}
		if log != nil {
			passOn(log, report) // what it wrote since the last look
		}
		if l != nil {
			l.Sign(command)
			return l, nil
		}
		if time.Since(began) >= most {
			return nil, finding.Named(finding.HostNotReady, "instance-busy", "%s is still under way, after a wait of %s. Try again when it has ended", holder, most).Ending(finding.Unchanged)
		}
		if wait.For(ctx, lockPoll) != nil {
			return nil, finding.Named(finding.Cancelled, "cancelled", "stopped watching; %s goes on", holder)
		}
	}
}

// Watch waits for the end of the run that is under way, and passes on
// what it does. It is false where there is none.
func (d Dir) Watch(ctx context.Context, report func(message string)) (ran bool, err error) {
	if !d.WasLocked() {
		return false, nil
	}
	l, err := d.Lock(ctx, "", func(message string) {
		ran = true
		report(message)
	})
	if err == nil {
		l.Release()
	}
	return ran, err
}

// openLog opens the log at its start or its end; nil while there is none.
func openLog(d Dir, whence int) *bufio.Reader {
	file, err := OpenOwn(d.Work(logName), os.O_RDONLY)
	if err != nil {
		return nil
	}
	_, _ = file.Seek(0, whence)
	return bufio.NewReader(file)
}

// inIST is a line of the log with its time as a person reads it.
func inIST(line string) string {
	stamp, rest, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return line
	}
	return at.In(market.IST).Format("15:04:05 MST") + " " + rest
}

// passOn reports what was written into the log since the last look.
func passOn(log *bufio.Reader, report func(string)) {
	for {
		line, err := log.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			report(printable.Line(inIST(line)))
		}
		if err != nil {
			return
		}
	}
}
