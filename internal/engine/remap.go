package engine

import (
	"archive/tar"
	"errors"
	"io"
)

// inContainer is an archive out of a container with the owners that it has in there.
// Where the engine gives containers other users (userns-remap) it writes this machine's
// numbers into an archive, and wants a container's in one that it unpacks.
func inContainer(i Info, from io.ReadCloser) io.ReadCloser {
	if !i.UserNS || i.Rootless || i.UserBase == 0 {
		return from
	}
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(renumber(writer, from, i.UserBase)) }()
	return struct {
		io.Reader
		io.Closer
	}{reader, both{reader, from}}
}

// both closes one and the other.
type both struct{ one, other io.Closer }

func (b both) Close() error { return errors.Join(b.one.Close(), b.other.Close()) }

func renumber(to io.Writer, from io.Reader, base int) error {
	in, out := tar.NewReader(from), tar.NewWriter(to)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out.Close()
		}
		if err != nil {
			return err
		}
		for _, number := range []*int{&header.Uid, &header.Gid} {
			if *number >= base {
				*number -= base
			}
		}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(out, in); err != nil {
			return err
		}
	}
}
