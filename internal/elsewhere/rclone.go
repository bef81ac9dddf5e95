package elsewhere

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// rclone is a remote of an installed rclone, by its own settings.
type rclone struct {
	address Address
	program string
}

func openRclone(a Address) (Store, error) {
	program, err := exec.LookPath("rclone")
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "rclone-missing", "%s needs the program rclone, which is not installed here", a).
			With(finding.Shell("Install it", "sudo apt-get install rclone"), finding.Shell("Then tell it of your store, as the user who makes the backup", "rclone config"))
	}
	return &rclone{a, program}, nil
}

// Close has nothing to do.
func (r *rclone) Close() error { return nil }

func (r *rclone) at(name string) string { return r.address.Host + ":" + r.address.at(name) }

func (r *rclone) command(ctx context.Context, args ...string) (*exec.Cmd, *bounded) {
	cmd, said := exec.CommandContext(ctx, r.program, args...), &bounded{}
	cmd.Stderr, cmd.WaitDelay = said, 5*time.Second
	return cmd, said
}

// Codes with which rclone ends.
const (
	rcloneNoDir  = 3
	rcloneNoFile = 4
)

// explain says what rclone said. It says no secrets, and may say paths.
func (r *rclone) explain(err error, said *bounded) error {
	text := printable.Line(strings.TrimSpace(said.String()))
	if err == nil || text == "" {
		return err
	}
	return fmt.Errorf("rclone: %s: %w", text, err)
}

func (r *rclone) run(ctx context.Context, in io.Reader, args ...string) (string, error) {
	cmd, said := r.command(ctx, args...)
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(out, mostAnswer))
	return string(text), r.explain(errors.Join(err, cmd.Wait()), said)
}

// Put stores a file under a name that does not count, reads it back, and renames it.
func (r *rclone) Put(ctx context.Context, name string, content io.Reader) error {
	from, part := counted(content), name+partEnding
	if _, err := r.run(ctx, from, "rcat", r.at(part)); err != nil {
		return err
	}
	back, err := r.Get(ctx, part)
	if err == nil {
		err = errors.Join(from.compare(back), back.Close())
	}
	if err != nil {
		return errors.Join(err, r.Remove(ctx, part))
	}
	_, err = r.run(ctx, nil, "moveto", r.at(part), r.at(name))
	return err
}

// Get reads a file.
func (r *rclone) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	cmd, said := r.command(ctx, "cat", r.at(name))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	return &poured{Reader: out, name: name, wait: func() error { return r.explain(cmd.Wait(), said) }}, nil
}

// poured is what rclone writes. How it ended counts as well as what it wrote.
type poured struct {
	io.Reader
	name string
	wait func() error
	over bool
}

func (p *poured) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if errors.Is(err, io.EOF) && !p.over {
		p.over = true
		if failed := p.wait(); failed != nil {
			err = failed
			if code := codeOf(failed); code == rcloneNoDir || code == rcloneNoFile {
				err = notThere(p.name)
			}
		}
	}
	return n, err
}

// Close ends it; one that was not read to its end is cut off.
func (p *poured) Close() error {
	if c, ok := p.Reader.(io.Closer); ok && !p.over {
		p.over = true
		_ = c.Close()
		_ = p.wait() // it complains of the cut
	}
	return nil
}

func codeOf(err error) int {
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		return e.ExitCode()
	}
	return -1
}

func (r *rclone) entries(ctx context.Context) (out []Entry, err error) {
	text, err := r.run(ctx, nil, "lsjson", "--files-only", r.at(""))
	if codeOf(err) == rcloneNoDir {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []struct {
		Name    string
		Size    int64
		ModTime time.Time
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, errors.New("rclone's list cannot be read")
	}
	for _, one := range all {
		out = append(out, Entry{Name: one.Name, Bytes: one.Size, At: one.ModTime})
	}
	return out, nil
}

// List lists the files of the directory.
func (r *rclone) List(ctx context.Context) ([]Entry, error) {
	all, err := r.entries(ctx)
	return kept(all), err
}

// Remove removes a file.
func (r *rclone) Remove(ctx context.Context, name string) error {
	_, err := r.run(ctx, nil, "deletefile", r.at(name))
	return err
}

// Tidy removes files that are not whole.
func (r *rclone) Tidy(ctx context.Context, own func(string) bool) error {
	all, err := r.entries(ctx)
	for _, e := range all {
		if whole, ok := strings.CutSuffix(e.Name, partEnding); ok && own(whole) {
			err = errors.Join(err, r.Remove(ctx, e.Name))
		}
	}
	return err
}
