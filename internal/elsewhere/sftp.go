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
)

// sftp is a directory on a machine that is reached by this machine's own ssh: with
// its keys, agent, known hosts and settings. One request runs at a time.
type sftp struct {
	address Address
	wire    *wire
	stop    func() error
	said    *bounded // what ssh said
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := 4096 - b.Len(); room > 0 {
		_, _ = b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func openSFTP(ctx context.Context, a Address) (Store, error) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "ssh-missing", "SFTP needs the program ssh, which is not installed here").
			With(finding.Shell("Install it", "sudo apt-get install openssh-client"))
	}
	// Nobody is there to be asked, and a line that is dead must end.
	args := []string{"-oBatchMode=yes", "-oConnectTimeout=20", "-oServerAliveInterval=15", "-oServerAliveCountMax=4", "-oClearAllForwardings=yes", "-s"}
	if a.Port != 0 {
		args = append(args, "-p", strconv.Itoa(a.Port))
	}
	if a.User != "" {
		args = append(args, "-l", a.User)
	}
	cmd := exec.CommandContext(ctx, program, append(args, "--", a.Host, "sftp")...)
	s := &sftp{address: a, said: &bounded{}}
	cmd.Stderr, cmd.WaitDelay = s.said, 5*time.Second
	in, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	s.stop = func() error {
		_ = out.Close()
		return cmd.Wait()
	}
	if s.wire, err = dialWire(in, out); err == nil {
		if err = s.directory(); err != nil {
			s.said.Reset() // a banner says nothing of the directory
		}
	}
	if err != nil {
		return nil, s.explain(errors.Join(err, s.stop()))
	}
	return s, nil
}

// explain says why there is no connection, in ssh's own words.
func (s *sftp) explain(err error) error {
	said := printable.Line(strings.TrimSpace(s.said.String()))
	hints := []finding.Hint{finding.Shell("Log in once as the user who makes the backup, with a key and without a password", s.shell())}
	if said == "" {
		said = err.Error()
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
func (s *sftp) Close() error { return s.stop() }

// Put stores a file under a name that does not count, reads it back, and renames it.
func (s *sftp) Put(_ context.Context, name string, content io.Reader) error {
	from, part := counted(content), s.address.at(name+partEnding)
	handle, err := s.wire.open(part, openWrite)
	if err != nil {
		return fmt.Errorf("creating %s there: %w", name, err)
	}
	err = s.wire.fill(handle, from)
	if err == nil && s.wire.has[extFsync] {
		_, err = s.wire.ask(fxExtended, (&packet{}).str(extFsync).str(handle), fxStatus)
	}
	if err := errors.Join(err, s.wire.close(handle)); err != nil {
		return fmt.Errorf("write %s there: %w", name, err)
	}
	back, err := s.read(part)
	if err == nil {
		err = errors.Join(from.compare(back), back.Close())
	}
	if err != nil {
		return errors.Join(err, s.remove(part))
	}
	return s.rename(part, s.address.at(name))
}

func (s *sftp) rename(from, to string) error {
	if !s.wire.has[extRename] {
		_, err := s.wire.ask(fxRename, (&packet{}).str(from).str(to), fxStatus)
		return err
	}
	_, err := s.wire.ask(fxExtended, (&packet{}).str(extRename).str(from).str(to), fxStatus)
	return err
}

// Get reads a file.
func (s *sftp) Get(_ context.Context, name string) (io.ReadCloser, error) {
	file, err := s.read(s.address.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notThere(name)
	}
	return file, err
}

func (s *sftp) read(path string) (io.ReadCloser, error) {
	a, err := s.wire.stat(path)
	if err != nil {
		return nil, err
	}
	handle, err := s.wire.open(path, openRead)
	if err != nil {
		return nil, err
	}
	return &opened{reading{w: s.wire, handle: handle, bytes: a.bytes, got: map[uint32][]byte{}}}, nil
}

type opened struct{ reading }

// Close closes the file. Answers that nobody waits for any more come first.
func (o *opened) Close() error {
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
func (s *sftp) List(context.Context) ([]Entry, error) {
	all, err := s.entries()
	return kept(all), err
}

func (s *sftp) entries() (out []Entry, err error) {
	at := s.address.Path
	if at == "" {
		at = "."
	}
	p, err := s.wire.ask(fxOpenDir, (&packet{}).str(at), fxHandle)
	if err != nil {
		return nil, err
	}
	handle := string(p.takeStr())
	defer func() { err = errors.Join(err, s.wire.close(handle)) }()
	for page := 0; len(out) < mostEntries && page < mostEntries; page++ {
		p, err := s.wire.ask(fxReadDir, (&packet{}).str(handle), fxName)
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
				out = append(out, Entry{Name: name, Bytes: int64(a.bytes), At: time.Unix(int64(a.mtime), 0)})
			}
		}
	}
	return out, nil
}

// Remove removes a file.
func (s *sftp) Remove(_ context.Context, name string) error {
	err := s.remove(s.address.at(name))
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", ErrKept, err)
	}
	return err
}

func (s *sftp) remove(path string) error {
	_, err := s.wire.ask(fxRemove, (&packet{}).str(path), fxStatus)
	return err
}

// Tidy removes files that are not whole.
func (s *sftp) Tidy(_ context.Context, own func(string) bool) error {
	all, err := s.entries()
	for _, e := range all {
		if whole, ok := strings.CutSuffix(e.Name, partEnding); ok && own(whole) {
			err = errors.Join(err, s.remove(s.address.at(e.Name)))
		}
	}
	return err
}
