package engine

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"path"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
)

// maxLinks is how many symbolic links ReadFile follows.
const maxLinks = 8

// CopyFrom returns a tar of the file or directory at path in a container,
// which may be stopped or never started. The caller closes it. ErrNotFound
// when there is no such path.
func (e files) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	content, _, err := e.api.CopyFromContainer(ctx, id, path)
	if err != nil {
		return nil, e.explain(ctx, "copy "+path+" from container "+short(id), err)
	}
	return inContainer(e.info, content), nil
}

// ModTime returns when the file or directory at path in a container was last
// changed; the container may never have been started. ErrNotFound when there is
// no such path.
func (e files) ModTime(ctx context.Context, id, path string) (time.Time, error) {
	stat, err := e.api.ContainerStatPath(ctx, id, path)
	return stat.Mtime, e.explain(ctx, "look at "+path+" in container "+short(id), err)
}

// CopyTo unpacks a tar into the directory dir of a container, which must
// exist there; owners and modes are those in the tar.
func (e files) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	doing := "copy to " + dir + " in container " + short(id)
	in := &source{from: tar}
	err := e.api.CopyToContainer(ctx, id, dir, in, container.CopyToContainerOptions{})
	if broken := in.broken(); broken != nil {
		return fmt.Errorf("%s: %w", doing, broken)
	}
	return e.explain(ctx, doing, err)
}

// source remembers why reading what we were to send failed, which would
// otherwise look like a lost connection.
type source struct {
	from io.Reader
	mu   sync.Mutex // the HTTP client reads in a goroutine of its own
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && err != io.EOF {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
	return n, err
}

func (s *source) broken() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// ReadFile returns one file of a container, which may be stopped or never
// started. Symbolic links are followed. ErrNotFound when there is no such
// file; an error too when it is no file or has more than max bytes.
func (e files) ReadFile(ctx context.Context, id, name string, max int64) ([]byte, error) {
	at := name
	for range maxLinks {
		data, link, err := e.readOne(ctx, id, at, max)
		if err != nil || link == "" {
			return data, err
		}
		if !path.IsAbs(link) {
			link = path.Join(path.Dir(at), link)
		}
		at = link
	}
	return nil, fmt.Errorf("read %s in container %s: too many symbolic links", name, short(id))
}

// readOne returns the file's content, or where the link at name points.
func (e files) readOne(ctx context.Context, id, name string, max int64) (data []byte, link string, err error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	doing := "read " + name + " in container " + short(id)
	content, err := e.CopyFrom(ctx, id, name)
	if err != nil {
		return nil, "", err
	}
	defer content.Close()
	archive := tar.NewReader(content)
	header, err := archive.Next()
	if err != nil {
		return nil, "", e.explain(ctx, doing, err)
	}
	switch {
	case header.Typeflag == tar.TypeSymlink:
		return nil, header.Linkname, nil
	case header.Typeflag != tar.TypeReg:
		return nil, "", fmt.Errorf("%s: it is not a file", doing)
	case header.Size > max:
		return nil, "", fmt.Errorf("%s: it has %d bytes, more than the %d expected", doing, header.Size, max)
	}
	data, err = io.ReadAll(io.LimitReader(archive, max))
	return data, "", e.explain(ctx, doing, err)
}
