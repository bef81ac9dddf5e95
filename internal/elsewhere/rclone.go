package elsewhere

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
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
			With(finding.Shell("Install it", "sudo apt-get install rclone"), finding.Shell("Then set up your store, as the user who makes the backup", "rclone config"))
	}
	return &rclone{a, program}, nil
}

// Close has nothing to do.
func (r *rclone) Close() error { return nil }

func (r *rclone) at(name string) string { return r.address.Host + ":" + r.address.At(name) }

// rcloneQuiet is how long rclone may neither read nor write: rclone itself tries a broken
// connection again.
var rcloneQuiet = 15 * time.Minute

func (r *rclone) command(ctx context.Context, args ...string) (context.Context, *exec.Cmd, *bounded, *idle) {
	ctx, idle := watched(ctx, rcloneQuiet)
	cmd, said := exec.CommandContext(ctx, r.program, args...), &bounded{}
	cmd.Stderr, cmd.WaitDelay = said, 5*time.Second
	return ctx, cmd, said, idle
}

// Codes with which rclone ends.
const (
	rcloneNoDir  = 3
	rcloneNoFile = 4
)

// explain says what rclone said. It says no secrets, and may say paths.
func (r *rclone) explain(ctx context.Context, err error, said *bounded) error {
	text, err := printable.Line(strings.TrimSpace(said.String())), because(ctx, err)
	if err == nil || text == "" {
		return err
	}
	return fmt.Errorf("rclone: %s: %w", text, err)
}

func (r *rclone) run(ctx context.Context, in io.Reader, args ...string) (string, error) {
	ctx, cmd, said, idle := r.command(ctx, args...)
	defer idle.close()
	if in != nil {
		cmd.Stdin = moving{in, idle}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(moving{out, idle}, mostAnswer))
	return string(text), r.explain(ctx, errors.Join(err, cmd.Wait()), said)
}

// Put stores a file under a name that does not count, reads it back, and renames it.
func (r *rclone) Put(ctx context.Context, name string, content io.Reader) error {
	from, part := counted(content), name+partEnding
	if _, err := r.run(ctx, from, "rcat", r.at(part)); err != nil {
		return err
	}
	if err := from.compare(ctx, r, part); err != nil {
		return errors.Join(err, r.Remove(ctx, part))
	}
	_, err := r.run(ctx, nil, "moveto", r.at(part), r.at(name))
	return err
}

// Get reads a file.
func (r *rclone) Get(ctx context.Context, name string, offset int64) (io.ReadCloser, error) {
	args := []string{"cat", r.at(name)}
	if offset > 0 {
		args = append(args, "--offset", strconv.FormatInt(offset, 10))
	}
	ctx, cmd, said, idle := r.command(ctx, args...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		idle.close()
		return nil, err
	}
	return &poured{from: out, idle: idle, name: name, wait: func() error { return r.explain(ctx, cmd.Wait(), said) }}, nil
}

// poured is what rclone writes. How it ended counts as well as what it wrote.
type poured struct {
	from io.ReadCloser
	idle *idle
	name string
	wait func() error
	over bool
}

func (p *poured) Read(b []byte) (int, error) {
	p.idle.moved()
	defer p.idle.rest() // who reads may take its time
	n, err := p.from.Read(b)
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
	if !p.over {
		p.over = true
		_ = p.from.Close()
		p.idle.close()
		_ = p.wait() // it complains of the cut
	}
	p.idle.close()
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
		return nil, errors.New("the list that rclone gave cannot be read")
	}
	for _, one := range all {
		out = add(out, Entry{Name: one.Name, Bytes: one.Size, At: one.ModTime})
	}
	if len(out) > mostEntries {
		return nil, errTooMany
	}
	return out, nil
}

// List lists the files of the directory.
func (r *rclone) List(ctx context.Context) ([]Entry, error) {
	all, err := r.entries(ctx)
	return sorted(all), err
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
