package elsewhere

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// sftp is a directory on a machine that is reached by this machine's own ssh: with
// its keys, agent, known hosts and settings. One request runs at a time.
type sftp struct {
	address Address
	program string
	ciphers string // in the order in which they are offered; "" is ssh's own
	wire    *wire  // nil while there is no line
	stop    func() error
	said    *bounded // what ssh said
	why     func(error) error
	kill    func()
}

// bounded keeps the beginning of what is written to it. An embedded buffer would have
// its own ReadFrom.
type bounded struct{ kept bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := 4096 - b.kept.Len(); room > 0 {
		_, _ = b.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (b *bounded) String() string { return b.kept.String() }
func (b *bounded) Reset()         { b.kept.Reset() }

func openSFTP(ctx context.Context, a Address) (Store, error) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "ssh-missing", "SFTP needs the program ssh, which is not installed here").
			With(finding.Shell("Install it", "sudo apt-get install openssh-client"))
	}
	s := &sftp{address: a, program: program, said: &bounded{}}
	s.ciphers = quickCiphers(ctx, s)
	if err := s.dial(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// dial makes the line.
func (s *sftp) dial(ctx context.Context) error {
	ctx, idle := watched(ctx, quiet)
	cmd := s.ssh(ctx)
	s.said.Reset()
	cmd.Stderr = s.said
	in, err := cmd.StdoutPipe()
	if err != nil {
		idle.close()
		return err
	}
	out, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		idle.close()
		return err
	}
	s.why, s.kill = func(err error) error { return because(ctx, err) }, func() { idle.end(nil) }
	// Who else has ssh's end of a pipe must not keep us.
	context.AfterFunc(ctx, func() { _, _ = in.Close(), out.Close() })
	s.stop = func() error {
		defer idle.close()
		_ = out.Close()
		idle.limit = 10 * time.Second
		idle.moved()
		return cmd.Wait()
	}
	if s.wire, err = dialWire(in, out, idle); err == nil {
		if err = s.directory(); err != nil {
			s.said.Reset() // a banner says nothing of the directory
		}
	}
	if err != nil {
		err = because(ctx, err)
		s.kill()
		return s.explain(errors.Join(err, s.hangUp()))
	}
	return nil
}

// hangUp ends the line.
func (s *sftp) hangUp() error {
	if s.stop == nil {
		return nil
	}
	stop := s.stop
	s.wire, s.stop = nil, nil
	return stop()
}

// over does something over the line, which is made again if it broke. One that broke
// meanwhile is forgotten.
func (s *sftp) over(ctx context.Context, do func(*wire) error) error {
	if s.wire == nil {
		if err := s.dial(ctx); err != nil {
			return err
		}
	}
	err := do(s.wire)
	if errors.Is(err, errLine) {
		if err = s.why(err); !errors.Is(err, errLine) {
			err = ended(err)
		}
		s.kill()
		_ = s.hangUp() // it complains of the same
	}
	return err
}

// lasting is over, again where the line breaks, for as long as a line is waited for.
// moved says how far it is.
func (s *sftp) lasting(ctx context.Context, moved func() uint64, do func(w *wire, again bool) error) error {
	var broken time.Time
	for at, again, pause := moved(), false, firstPause; ; again = true {
		err := s.over(ctx, func(w *wire) error { return do(w, again) })
		if isLine := errors.Is(err, errLine) || again && finding.IDOf(err) == "store-unreachable"; err == nil || ctx.Err() != nil || !isLine {
			return err
		}
		if now := moved(); now > at || broken.IsZero() {
			broken, at, pause = time.Now(), now, firstPause
		}
		if time.Since(broken) > patience || wait.For(ctx, pause) != nil {
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		pause = min(2*pause, longestPause)
	}
}

// explain says why there is no connection, in ssh's own words.
func (s *sftp) explain(err error) error {
	said := printable.Line(strings.TrimSpace(s.said.String()))
	hints := []finding.Hint{finding.Shell("Log in once as the user who makes the backup, with a key and without a password", s.shell())}
	if said == "" {
		return finding.Named(finding.HostNotReady, "store-unreachable", "no connection to %s: %w", s.address, err).With(hints...)
	}
	return finding.Named(finding.HostNotReady, "store-unreachable", "no connection to %s: %s", s.address, said).With(hints...)
}

func (s *sftp) shell() string {
	words := []string{"sftp"}
	if s.address.Port != 0 {
		words = append(words, "-P", strconv.Itoa(s.address.Port))
	}
	name := s.address.Host
	if s.address.User != "" {
		name = s.address.User + "@" + name
	}
	return strings.Join(append(words, finding.Quoted(name)), " ")
}

// directory makes the address's directory, if the one above it is there.
func (s *sftp) directory() error {
	if s.address.Path == "" {
		return nil
	}
	a, err := s.wire.stat(s.address.Path)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = s.wire.ask(fxMkdir, (&packet{}).str(s.address.Path).u32(4).u32(0o700), fxStatus)
		if err != nil {
			return fmt.Errorf("creating the directory %s there: %w", s.address.Path, err)
		}
		return nil
	}
	const kind, isDir = 0o170000, 0o040000
	if err == nil && a.mode&kind != isDir {
		return fmt.Errorf("%s is not a directory there", s.address.Path)
	}
	return err
}

// Close ends the connection.
func (s *sftp) Close() error { return s.hangUp() }

// Put stores a file under a name that does not count, compares it, and renames it. A
// line that breaks is made again, and the file goes on where it broke off.
func (s *sftp) Put(ctx context.Context, name string, content io.Reader) error {
	from, part := counted(content), s.address.At(name+partEnding)
	file := &filling{content: from}
	err := s.lasting(ctx, file.confirmed, func(w *wire, again bool) error {
		how := uint32(openWrite)
		if again && file.confirmed() > 0 {
			how = openGoOn
		}
		handle, err := w.open(part, how)
		if a := (attributes{}); err == nil && how == openGoOn {
			if a, err = w.stat(part); err == nil && a.bytes < file.confirmed() {
				err = fmt.Errorf("the store had %d bytes of it, and has %d", file.confirmed(), a.bytes)
			}
		}
		if err != nil {
			return fmt.Errorf("creating %s there: %w", name, err)
		}
		if err = file.write(w, handle); err == nil && w.has[extFsync] {
			_, err = w.ask(fxExtended, (&packet{}).str(extFsync).str(handle), fxStatus)
		}
		if err := errors.Join(err, w.close(handle)); err != nil {
			return fmt.Errorf("writing %s there: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !s.hasSum(ctx, part, from) {
		err = from.compare(ctx, s, name+partEnding)
	}
	if err != nil {
		return errors.Join(err, s.Remove(ctx, name+partEnding))
	}
	still := func() uint64 { return 0 }
	return s.lasting(ctx, still, func(w *wire, again bool) error {
		err := rename(w, part, s.address.At(name))
		if again && errors.Is(err, fs.ErrNotExist) { // the first time it was done, and not answered
			if a, err := w.stat(s.address.At(name)); err == nil && a.bytes == uint64(from.bytes) {
				return nil
			}
		}
		return err
	})
}

// hasSum asks the server for the sum of a file, where it has a shell for us. It need not
// send the file back then.
func (s *sftp) hasSum(ctx context.Context, path string, from *sent) bool {
	ctx, cancel := context.WithTimeout(ctx, quiet+time.Duration(from.bytes>>20)*time.Second/4)
	defer cancel()
	said := &bounded{}
	cmd := s.ssh(ctx, "sha256sum -- '"+strings.ReplaceAll(path, "'", `'\''`)+"'")
	cmd.Stdout = said
	return cmd.Run() == nil && strings.HasPrefix(said.String(), from.sumText()+" ")
}

func rename(w *wire, from, to string) error {
	if !w.has[extRename] {
		_, err := w.ask(fxRename, (&packet{}).str(from).str(to), fxStatus)
		return err
	}
	_, err := w.ask(fxExtended, (&packet{}).str(extRename).str(from).str(to), fxStatus)
	return err
}

// Get reads a file.
func (s *sftp) Get(ctx context.Context, name string, offset int64) (file io.ReadCloser, err error) {
	err = s.over(ctx, func(w *wire) error {
		path := s.address.At(name)
		a, err := w.stat(path)
		if err != nil {
			return err
		}
		handle, err := w.open(path, openRead)
		file = &opened{reading{w: w, handle: handle, bytes: a.bytes, asked: uint64(offset), got: map[uint32][]byte{}}, s}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notThere(name)
	}
	return file, err
}

type opened struct {
	reading
	s *sftp
}

func (o *opened) Read(p []byte) (n int, err error) {
	if o.s.wire != o.w {
		return 0, errLine // it broke meanwhile
	}
	err = o.s.over(context.Background(), func(*wire) error {
		n, err = o.reading.Read(p)
		return err
	})
	return n, err
}

// Close closes the file. Answers that nobody waits for any more come first.
func (o *opened) Close() error {
	if o.s.wire != o.w {
		return nil // with its line
	}
	for range len(o.wait) - len(o.got) {
		if _, _, _, err := o.w.receive(); err != nil && !isStatus(err) {
			return err
		}
	}
	return o.w.close(o.handle)
}

func isStatus(err error) bool {
	s := (*status)(nil)
	return errors.As(err, &s)
}

// List lists the files of the directory.
func (s *sftp) List(ctx context.Context) (all []Entry, err error) {
	err = s.over(ctx, func(w *wire) error {
		all, err = entries(w, s.address.Path)
		return err
	})
	return sorted(all), err
}

// entries lists the files of a directory.
func entries(w *wire, at string) (out []Entry, err error) {
	if at == "" {
		at = "."
	}
	p, err := w.ask(fxOpenDir, (&packet{}).str(at), fxHandle)
	if err != nil {
		return nil, err
	}
	handle := string(p.takeStr())
	defer func() { err = errors.Join(err, w.close(handle)) }()
	for page := 0; ; page++ {
		if len(out) > mostEntries || page == mostEntries {
			return nil, errTooMany
		}
		p, err := w.ask(fxReadDir, (&packet{}).str(handle), fxName)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for count := p.takeU32(); count > 0 && !p.short; count-- {
			name := string(p.takeStr())
			p.takeStr() // a line for people
			a := p.takeAttributes()
			const kind, isFile = 0o170000, 0o100000
			if a.mode&kind == isFile && a.bytes < 1<<62 {
				out = add(out, Entry{Name: name, Bytes: int64(a.bytes), At: time.Unix(int64(a.mtime), 0)})
			}
		}
	}
	return out, nil
}

// Remove removes a file.
func (s *sftp) Remove(ctx context.Context, name string) error {
	err := s.over(ctx, func(w *wire) error { return remove(w, s.address.At(name)) })
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", ErrKept, err)
	}
	return err
}

func remove(w *wire, path string) error {
	_, err := w.ask(fxRemove, (&packet{}).str(path), fxStatus)
	return err
}

// Tidy removes files that are not whole.
func (s *sftp) Tidy(ctx context.Context, own func(string) bool) error {
	return s.over(ctx, func(w *wire) error {
		all, err := entries(w, s.address.Path)
		for _, e := range all {
			if whole, ok := strings.CutSuffix(e.Name, partEnding); ok && own(whole) {
				err = errors.Join(err, remove(w, s.address.At(e.Name)))
			}
		}
		return err
	})
}
