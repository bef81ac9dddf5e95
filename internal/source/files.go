package source

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/marketcalls/openalgo-install/templates"
)

// file is one entry of the build context.
type file struct {
	name    string // with slashes, from the context's top
	root    string // the checkout's directory; "" for one of ours
	info    fs.FileInfo
	link    string // where a symbolic link leads
	content []byte // of one of ours
	mode    fs.FileMode
}

// isOurs reports whether one of our files stands in for the checkout's.
func isOurs(name string) bool {
	return slices.ContainsFunc(templates.BuildFiles(), func(f templates.File) bool { return f.Name == name })
}

// list walks the checkout, less what .dockerignore leaves out. Docker leaves
// that to its client: what is sent is in the image (measured on 20.10 and 29).
func (s *Source) list() ([]file, error) {
	ignored, err := s.ignored()
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("reading the checkout: %w", err)
	}
	defer root.Close()
	w := &walker{source: s, root: root, ignored: ignored, parents: map[string]patternmatcher.MatchInfo{}}
	if err := fs.WalkDir(root.FS(), ".", w.visit); err != nil {
		return nil, err
	}
	if s.Dockerfile == Ours {
		for _, f := range templates.BuildFiles() {
			w.files = append(w.files, file{name: f.Name, content: f.Text, mode: f.Mode})
		}
	}
	return w.files, nil
}

// ignored reads the patterns: the checkout's, and with our Dockerfile ours
// after them, which so have the last word.
func (s *Source) ignored() (*patternmatcher.PatternMatcher, error) {
	var patterns []string
	text, err := s.Read(".dockerignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the checkout's .dockerignore: %w", err)
	}
	texts := [][]byte{text}
	if s.Dockerfile == Ours {
		texts = append(texts, templates.DockerIgnore())
	}
	for _, text := range texts {
		more, err := ignorefile.ReadAll(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("reading the checkout's .dockerignore: %w", err)
		}
		patterns = append(patterns, more...)
	}
	if s.Dockerfile == Theirs {
		patterns = append(patterns, "!Dockerfile", "!.dockerignore") // Docker needs them
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("reading the checkout's .dockerignore: %w", err)
	}
	return matcher, nil
}

// instances are the files of an instance whose directory is the checkout, too,
// as install-docker.sh leaves it: its keys, and what changes with every run.
// They are never part of an image.
var instances = []string{".env", ".openalgo-install", "openalgo-install.yaml", "docker-compose.yaml", "docker-compose.override.yaml", "docker-compose.override.yml"}

// walker collects what is not ignored.
type walker struct {
	source  *Source
	root    *os.Root
	ignored *patternmatcher.PatternMatcher
	parents map[string]patternmatcher.MatchInfo
	files   []file
}

func (w *walker) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return fmt.Errorf("reading the checkout: %w (leave it out in .dockerignore if it is not part of OpenAlgo)", err)
	}
	if name == "." {
		return nil
	}
	if slices.Contains(instances, name) {
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	skip, info, err := w.ignored.MatchesUsingParentResults(name, w.parents[path.Dir(name)])
	if err != nil {
		return fmt.Errorf(".dockerignore, at %s: %w", name, err)
	}
	if d.IsDir() {
		w.parents[name] = info
	}
	switch {
	case skip && d.IsDir() && !w.comesBack(name):
		return fs.SkipDir
	case skip, w.source.Dockerfile == Ours && isOurs(name):
		return nil
	}
	return w.add(name)
}

// comesBack reports whether a pattern with ! takes something of an ignored
// directory back in.
func (w *walker) comesBack(directory string) bool {
	for _, p := range w.ignored.Patterns() {
		if p.Exclusion() && strings.HasPrefix(p.String()+"/", directory+"/") {
			return true
		}
	}
	return false
}

func (w *walker) add(name string) error {
	info, err := w.root.Lstat(name)
	if err != nil {
		return fmt.Errorf("reading the checkout: %w", err)
	}
	f := file{name: name, root: w.source.Dir, info: info}
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		if f.link, err = w.root.Readlink(name); err != nil {
			return fmt.Errorf("reading the checkout: %w", err)
		}
	case !mode.IsRegular() && !mode.IsDir():
		return nil // sockets, pipes and devices are no source
	}
	w.files = append(w.files, f)
	return nil
}

func (f file) header() (*tar.Header, error) {
	if f.root == "" {
		return &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: int64(f.mode), Size: int64(len(f.content))}, nil
	}
	h, err := tar.FileInfoHeader(f.info, f.link)
	if err != nil {
		return nil, fmt.Errorf("putting %s into the build context: %w", f.name, err)
	}
	h.Name = f.name
	if f.info.IsDir() {
		h.Name += "/"
	}
	// As root's, whoever owns the checkout: the image shall not depend on it.
	h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
	return h, nil
}

// copyTo writes a regular file's content.
func (f file) copyTo(w io.Writer) error {
	if f.root == "" {
		_, err := w.Write(f.content)
		return err
	}
	if !f.info.Mode().IsRegular() {
		return nil
	}
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return fmt.Errorf("reading the checkout: %w", err)
	}
	defer root.Close()
	in, err := openListed(root, f.name, f.info)
	if err != nil {
		return err
	}
	defer in.Close()
	n, err := io.Copy(w, io.LimitReader(in, f.info.Size()))
	if err == nil && n < f.info.Size() {
		err = fmt.Errorf("%s of the checkout became shorter while it was read. Run the same command again", f.name)
	}
	return err
}

// sum adds to a digest what of the file goes into an image; its time does not.
func (f file) sum(to io.Writer) error {
	h, err := f.header()
	if err != nil {
		return err
	}
	fmt.Fprintf(to, "%c %q %o %d %q\n", h.Typeflag, h.Name, h.Mode, h.Size, h.Linkname)
	return f.copyTo(to)
}

// WriteContext streams the build context as a tar archive.
func (s *Source) WriteContext(ctx context.Context, to io.Writer) error {
	buffered := bufio.NewWriterSize(to, 256<<10) // else every header goes out by itself
	archive := tar.NewWriter(buffered)
	for _, f := range s.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := f.header()
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(h); err != nil {
			return fmt.Errorf("putting %s into the build context: %w", f.name, err)
		}
		if err := f.copyTo(archive); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}
