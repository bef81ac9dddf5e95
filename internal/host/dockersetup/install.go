package dockersetup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// Source is where Docker Engine's packages come from.
type Source string

const (
	// FromBest is Docker's repository, or the distribution's where that
	// cannot be used.
	FromBest Source = ""
	// FromDistribution is the distribution's package.
	FromDistribution Source = "distribution"
)

// Options are how to install. The zero Options are right outside tests.
type Options struct {
	// Out gets a line for each step and each line that the commands print.
	Out    func(line string)
	Source Source
	// User is who should be told how to use Docker without root; empty is the
	// one behind sudo, or this one.
	User string

	Runner Runner
	HTTP   *http.Client
	Socket string // the daemon's, /var/run/docker.sock
	Root   string // where the machine's files are looked for, "/"
	// Wait is how long the daemon may take to answer after its start, LockWait
	// how long others may hold apt's locks, Poll how often both are looked at.
	Wait, LockWait, Poll time.Duration
}

func (o Options) withDefaults() Options {
	if o.Out == nil {
		o.Out = func(string) {}
	}
	if o.Runner == nil {
		o.Runner = SystemRunner
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 20 * time.Second}
	}
	o.Socket = first(o.Socket, "/var/run/docker.sock")
	o.Root = first(o.Root, "/")
	if o.Wait == 0 {
		o.Wait = time.Minute
	}
	if o.LockWait == 0 {
		o.LockWait = aptLockLimit
	}
	if o.Poll == 0 {
		o.Poll = 250 * time.Millisecond
	}
	return o
}

// Report is what an installation came to.
type Report struct {
	Changed bool   // false: Docker was running already
	Version string // of the daemon; empty when this user may not ask it
	// Notes are sentences for the user: what was found, what to do.
	Notes []string
}

// CommandError is a step whose command failed.
type CommandError struct {
	Title   string
	Command []string
	Tail    []string // the last lines that it printed
	Err     error
}

func (e *CommandError) Error() string {
	text := fmt.Sprintf("%s: %s: %v", strings.ToLower(e.Title[:1])+e.Title[1:], commandLine(e.Command), e.Err)
	if len(e.Tail) > 0 {
		text += "; it said:\n  " + strings.Join(e.Tail, "\n  ")
	}
	return text
}

func (e *CommandError) Unwrap() error { return e.Err }

// Install makes Docker Engine run on this machine, and at its every boot where
// there is an init that can. Running it again is harmless: with a daemon that
// answers it does nothing, with one that is stopped it only starts it. The
// error is ErrSnap, ErrNeedsRoot, a *CommandError, or says what to do.
func Install(ctx context.Context, facts host.Facts, o Options) (Report, error) {
	o = o.withDefaults()
	state := Look(ctx, facts, o)
	steps, err := Plan(facts, state)
	if err != nil {
		return Report{}, err
	}
	if len(steps) == 0 {
		r := Report{Version: state.Version, Notes: []string{Named(state.Version) + " is running already; nothing was changed"}}
		if state.NotAllowed || !state.Root {
			r.Notes = append(r.Notes, o.withoutRoot()...)
		}
		return r, nil
	}

	a := applying{Options: o, root: state.Root}
	if !state.Installed && state.RepoProblem != "" {
		a.note(fmt.Sprintf("using the distribution's package, because %s", state.RepoProblem))
	}
	for _, step := range steps {
		if err := a.step(ctx, step); err != nil {
			return Report{}, err
		}
	}
	version, running := o.waitForDaemon(ctx)
	if !running {
		return Report{}, a.notRunning(ctx, facts.Systemd)
	}
	if !facts.Systemd && (a.byHand || !o.startsAtBoot()) {
		a.note("Docker is running, but nothing starts it at the next boot. Run the same command again after each boot, or put this into " +
			"a boot script (as root): " + detached)
	}
	a.notes = append(a.notes, o.withoutRoot()...)
	return Report{Changed: true, Version: version, Notes: a.notes}, nil
}

// applying is a plan while it is carried out.
type applying struct {
	Options
	root   bool // this user is root
	notes  []string
	byHand bool // dockerd was started without an init
}

func (a *applying) note(text string) { a.notes = append(a.notes, text) }

func (a *applying) step(ctx context.Context, s Step) error {
	if s.Starts {
		if _, running, _ := ping(ctx, a.Socket); running {
			return nil
		}
		a.byHand = strings.Contains(strings.Join(s.Command, " "), detached)
	}
	a.Out(s.Title)
	if s.TakesLock {
		if err := a.waitForAptLocks(ctx); err != nil {
			return err
		}
	}
	var err error
	if s.File != nil {
		err = a.write(ctx, s.Title, *s.File)
	} else {
		err = a.run(ctx, s.Title, Command{Args: s.Command})
	}
	if err != nil && ctx.Err() == nil && s.Fallback != nil {
		a.Out("That failed. Starting dockerd directly.")
		a.byHand = true
		err = a.run(ctx, s.Title, Command{Args: s.Fallback})
	}
	if err != nil && ctx.Err() == nil && s.MayFail {
		a.Out("warning: " + err.Error())
		return nil
	}
	return err
}

// tailLines is how much of a failed command's output is shown again.
const tailLines = 15

func (a *applying) run(ctx context.Context, title string, c Command) error {
	var tail []string
	err := a.Runner.Run(ctx, c, func(line string) {
		a.Out("  " + line)
		if tail = append(tail, line); len(tail) > tailLines {
			tail = tail[1:]
		}
	})
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", strings.ToLower(title), ctx.Err())
	}
	if err != nil {
		return &CommandError{Title: title, Command: c.Args, Tail: tail, Err: err}
	}
	return nil
}

// write makes the file through install(1), which sets the mode whatever the
// umask and can be run through sudo.
func (a *applying) write(ctx context.Context, title string, f File) error {
	content := []byte(f.Content)
	if f.URL != "" {
		var err error
		if content, err = a.fetchKey(ctx, f.URL, f.Fingerprint); err != nil {
			return err
		}
	}
	command := []string{"install", "-D", "-m", fmt.Sprintf("%04o", f.Mode), "/dev/stdin", f.Path}
	if !a.root {
		command = withSudo(command)
	}
	return a.run(ctx, title, Command{Args: command, Stdin: content})
}

// maxKey is far above the few kB of a key.
const maxKey = 1 << 20

func (a *applying) fetchKey(ctx context.Context, url, fingerprint string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	response, err := a.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w; try again", url, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: the answer was %s. Try again later", url, response.Status)
	}
	key, err := io.ReadAll(io.LimitReader(response.Body, maxKey))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w; try again", url, err)
	}
	if err := CheckKey(key, fingerprint); err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return key, nil
}

// notRunning is the error for a daemon that was started and does not answer,
// with the last lines of its log.
func (a *applying) notRunning(ctx context.Context, systemd bool) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wait for Docker Engine to answer: %w", ctx.Err())
	}
	var tail []string
	log := "journalctl -u docker"
	if systemd {
		command := []string{"journalctl", "-u", "docker", "-n", fmt.Sprint(tailLines), "--no-pager"}
		if !a.root {
			command = withSudo(command)
		}
		// Without the journal the error below still says what happened.
		_ = a.Runner.Run(ctx, Command{Args: command}, func(line string) { tail = append(tail, line) })
	} else {
		log = "/var/log/docker.log"
		if a.byHand {
			log = detachedLog
		}
		if text, err := os.ReadFile(a.path(log)); err == nil {
			tail = strings.Split(strings.TrimSpace(string(text)), "\n")
			tail = slices.Clone(tail[max(0, len(tail)-tailLines):])
		}
	}
	text := fmt.Sprintf("Docker was started, but does not answer on %s after %s. To see its log: %s", a.Socket, a.Wait, log)
	if len(tail) > 0 {
		text += "\n  " + strings.Join(tail, "\n  ")
	}
	return errors.New(text)
}

// startsAtBoot reports whether a runlevel of sysvinit or OpenRC has Docker.
func (o Options) startsAtBoot() bool {
	for _, pattern := range []string{"etc/rc[2-5].d/S*docker", "etc/runlevels/default/docker"} {
		if found, _ := filepath.Glob(o.path(pattern)); len(found) > 0 {
			return true
		}
	}
	return false
}

// withoutRoot says how the user may use Docker without root.
func (o Options) withoutRoot() []string {
	name := first(o.User, os.Getenv("SUDO_USER"), os.Getenv("USER"))
	if name == "root" || name == "" {
		return nil
	}
	return []string{
		"Docker's commands need sudo; openalgo-install's do, too",
		fmt.Sprintf("whoever is in the docker group needs no sudo, and can do all that root can; add nobody you would not give root: sudo usermod -aG docker %s, then log out and in again", name),
	}
}
