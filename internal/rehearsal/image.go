package rehearsal

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

const (
	// Repository is the name of the image without its tag.
	Repository = spec.TestRepository
	binaryPath = "openalgo-install"

	// appID is uid and gid of the image's user, as in OpenAlgo's image since
	// 2026-05 (docs/openalgo-facts.md 3).
	appID = openalgo.User

	// LabelRehearsal marks every image of the test app; its value is the tag,
	// which outlives the name of an image that was made twice at once.
	LabelRehearsal = "io.openalgo.install.rehearsal"
)

// entry is a directory of the image, or a small file where content is not nil.
// Paths have no leading slash; owner is uid and gid.
type entry struct {
	path    string
	mode    int64
	owner   int
	content []byte
}

// directories of the image, parents first. Owners and modes are those of
// OpenAlgo's image, since a new volume takes them from there.
var directories = []entry{
	{path: "app", mode: 0o755, owner: appID},
	{path: "app/.venv", mode: 0o755, owner: appID},
	{path: "app/.venv/bin", mode: 0o755, owner: appID},
	{path: "app/db", mode: 0o755, owner: appID},
	{path: "app/keys", mode: 0o700, owner: appID},
	{path: "app/log", mode: 0o755, owner: appID},
	{path: "app/log/strategies", mode: 0o755, owner: appID},
	{path: "app/strategies", mode: 0o755, owner: appID},
	{path: "app/strategies/examples", mode: 0o755, owner: appID},
	{path: "app/strategies/scripts", mode: 0o755, owner: appID},
	{path: "app/tmp", mode: 0o755, owner: appID},
	{path: "app/tmp/matplotlib", mode: 0o755, owner: appID},
	{path: "app/tmp/numba_cache", mode: 0o755, owner: appID},
	{path: "app/upgrade", mode: 0o755, owner: appID},
	{path: "etc", mode: 0o755},
	{path: "home", mode: 0o755},
	{path: "home/appuser", mode: 0o755, owner: appID},
	{path: "root", mode: 0o700},
	{path: "tmp", mode: 0o1777},
	{path: "usr", mode: 0o755},
	{path: "usr/bin", mode: 0o755},
}

// files of the image but for the binary. .env is there so that a mount over it
// finds a file.
func files(sampleEnv []byte) []entry {
	return []entry{
		{path: "app/.env", mode: 0o600, owner: appID, content: []byte{}},
		{path: "app/.sample.env", mode: 0o644, owner: appID, content: sampleEnv},
		{path: migrationsFile, mode: 0o644, owner: appID, content: migrationList()},
		{path: "etc/group", mode: 0o644, content: []byte("root:x:0:\nappuser:x:1000:\n")},
		{path: "etc/passwd", mode: 0o644, content: []byte("root:x:0:0:root:/root:/sbin/nologin\nappuser:x:1000:1000::/home/appuser:/sbin/nologin\n")},
	}
}

// WriteImage streams the image's only layer as a tar archive, the form that
// Docker's import takes. binary is the static openalgo-install for the
// engine's platform, size its length in bytes. sampleEnv becomes
// /app/.sample.env. Equal input gives equal bytes; modTime is every entry's
// time.
func WriteImage(w io.Writer, binary io.Reader, size int64, modTime time.Time, sampleEnv []byte) error {
	return writeImageFor(appID, w, binary, size, modTime, sampleEnv)
}

// writeImageFor is WriteImage for another user than OpenAlgo's: the image's
// files are that user's. The line USER among its changes is the caller's.
func writeImageFor(user int, w io.Writer, binary io.Reader, size int64, modTime time.Time, sampleEnv []byte) error {
	header := func(e entry, modTime time.Time) *tar.Header {
		if e.owner == appID {
			e.owner = user
		}
		return header(e, modTime)
	}
	tw := tar.NewWriter(w)
	modTime = modTime.UTC().Truncate(time.Second)
	for _, d := range directories {
		h := header(d, modTime)
		h.Typeflag, h.Name = tar.TypeDir, d.path+"/"
		if err := write(tw, h, nil); err != nil {
			return err
		}
	}
	for _, f := range files(sampleEnv) {
		h := header(f, modTime)
		h.Size = int64(len(f.content))
		if err := write(tw, h, f.content); err != nil {
			return err
		}
	}
	program := header(entry{path: binaryPath, mode: 0o755}, modTime)
	program.Size = size
	if err := write(tw, program, nil); err != nil {
		return err
	}
	if n, err := io.Copy(tw, binary); err != nil {
		return fmt.Errorf("put openalgo-install into the image of the test app (%d of %d bytes): %w", n, size, err)
	}
	for _, path := range []string{"usr/bin/" + CurlName, "usr/bin/" + ChownName, "app/.venv/bin/" + PythonName, "app/" + ScriptName} {
		link := header(entry{path: path, mode: 0o755}, modTime)
		link.Typeflag, link.Linkname = tar.TypeLink, binaryPath
		if err := write(tw, link, nil); err != nil {
			return err
		}
	}
	// Close fails when binary was shorter than size.
	if err := tw.Close(); err != nil {
		return fmt.Errorf("complete the image of the test app: %w", err)
	}
	return nil
}

func header(e entry, modTime time.Time) *tar.Header {
	return &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     e.path,
		Mode:     e.mode,
		Uid:      e.owner,
		Gid:      e.owner,
		ModTime:  modTime,
		Format:   tar.FormatUSTAR,
	}
}

func write(tw *tar.Writer, h *tar.Header, content []byte) error {
	if err := tw.WriteHeader(h); err != nil {
		return fmt.Errorf("put %s into the image of the test app: %w", h.Name, err)
	}
	if _, err := tw.Write(content); err != nil {
		return fmt.Errorf("put %s into the image of the test app: %w", h.Name, err)
	}
	return nil
}

// ImageChanges are the Dockerfile instructions that go with the layer
// (`docker import --change`): user, environment and ports of OpenAlgo's image.
// version is what the test app gives as its own, ref the image's name.
func ImageChanges(version, ref string) []string {
	return []string{
		fmt.Sprintf(`CMD ["/%s","%s"]`, binaryPath, Command),
		"WORKDIR /app",
		"USER appuser",
		"EXPOSE 5000",
		"ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"ENV TZ=Asia/Kolkata",
		"ENV APP_MODE=standalone",
		"ENV TMPDIR=/app/tmp",
		fmt.Sprintf("ENV %s=%q", versionVariable, version),
		`LABEL org.opencontainers.image.title="OpenAlgo test app"`,
		fmt.Sprintf("LABEL org.opencontainers.image.version=%q", version),
		"LABEL " + Label(ref),
		"LABEL " + openalgo.LabelBytecode + "=1", // it has no Python to compile
	}
}

// Label is the label, with its value, that all images made as ref carry.
func Label(ref string) string {
	_, tag, _ := strings.Cut(ref, ":")
	return LabelRehearsal + "=" + tag
}

// ImageRef names the image made of the binary with this SHA-256 in hex, so
// that every build of the program has its own.
func ImageRef(binarySHA256 string) string {
	if len(binarySHA256) > 12 {
		binarySHA256 = binarySHA256[:12]
	}
	return Repository + ":" + binarySHA256
}
