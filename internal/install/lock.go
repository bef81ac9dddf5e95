package install

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// lockPoll is how often a waiting run looks whether the other one has ended.
const lockPoll = 200 * time.Millisecond

// lock is an flock on <dir>/.openalgo-install/lock: the kernel frees it
// whatever ends the process.
type lock struct{ file *os.File }

// tryLock takes the lock, or returns nil and the process ID of its holder.
func (w workdir) tryLock() (l *lock, holder int, err error) {
	file, err := openOwn(w.path("lock"), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, 0, finding.Errorf(finding.HostNotReady, "opening the lock: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		text, _ := readfile.Open(file, "lock", 64)
		_ = file.Close()
		holder, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, holder, nil
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, finding.Errorf(finding.HostNotReady, "locking %s: %w", file.Name(), err)
	}
	return &lock{file}, 0, nil
}

// sign writes this process's ID into the lock, for those who wait.
func (l *lock) sign() {
	if err := l.file.Truncate(0); err == nil {
		_, _ = l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}

func (l *lock) release() { _ = l.file.Close() }

// attach waits for the lock while another run holds it, and passes on what
// that run writes into its log.
func (w workdir) attach(ctx context.Context, report func(message string)) (*lock, error) {
	var log *bufio.Reader
	for {
		l, holder, err := w.tryLock()
		if err != nil {
			return nil, err
		}
		if l != nil {
			if log != nil {
				passOn(log, report) // what it wrote since the last look
			}
			l.sign()
			return l, nil
		}
		if log == nil {
			// Opened before anything is said: not a line after that is missed.
			log = w.openLogAtEnd()
			report(fmt.Sprintf("another run is under way in this directory (process %d); this is what it does", holder))
		}
		passOn(log, report)
		select {
		case <-ctx.Done():
			return nil, finding.Errorf(finding.Cancelled, "stopped watching; the other run (process %d) goes on", holder)
		case <-time.After(lockPoll):
		}
	}
}

// Watch waits for the end of the run that is under way in dir, and passes on
// what it does. It is false where there is none.
func Watch(ctx context.Context, dir string, report func(message string)) (ran bool, err error) {
	w := workdir{dir}
	if _, err := os.Stat(w.path("lock")); err != nil {
		return false, nil //nolint:nilerr // no lock: nobody was ever here
	}
	l, err := w.attach(ctx, func(message string) {
		ran = true
		report(message)
	})
	if err == nil {
		l.release()
	}
	return ran, err
}

func (w workdir) openLogAtEnd() *bufio.Reader {
	file, err := openOwn(w.path("log"), os.O_RDONLY)
	if err != nil {
		return bufio.NewReader(strings.NewReader(""))
	}
	_, _ = file.Seek(0, io.SeekEnd)
	return bufio.NewReader(file)
}

func passOn(log *bufio.Reader, report func(string)) {
	for {
		line, err := log.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			report(printable.Line(line))
		}
		if err != nil {
			return
		}
	}
}
