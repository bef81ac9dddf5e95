// Package selfupdate takes the program to another of its releases: found on the
// project's page, verified by the project's signature, put in the place of
// this one in a single step.
package selfupdate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"aead.dev/minisign"
	"golang.org/x/mod/semver"

	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Home is where releases are; Variable names a mirror, which need not be
// trusted: the signature is what counts.
const (
	Home     = "https://github.com/marketcalls/openalgo-install/releases"
	Variable = "OPENALGO_INSTALL_RELEASES"
)

// Most that is read, in bytes: of a list of checksums, and of an archive.
const (
	maxText    = 1 << 20
	maxArchive = 200 << 20
)

// What a caller decides on.
var (
	// ErrNoKey says that this build cannot verify releases.
	ErrNoKey = errors.New("this build has no release key")
	// ErrNotSigned says that what was fetched is not the project's.
	ErrNotSigned = errors.New("this is not signed by the project")
	// ErrNoRelease says that there is no such release.
	ErrNoRelease = errors.New("there is no such release")
)

// Releases is a place with releases.
type Releases struct {
	base   string
	keys   []minisign.PublicKey
	client *http.Client
}

// Open returns the project's releases, or those of the mirror that Variable
// names.
func Open() (*Releases, error) {
	base := strings.TrimSuffix(os.Getenv(Variable), "/")
	if base == "" {
		base = Home
	}
	at, err := url.Parse(base)
	if err != nil || at.Scheme != "https" && (at.Scheme != "http" || !loopback(at.Hostname())) {
		return nil, fmt.Errorf("%s is no https address of releases", Variable)
	}
	return &Releases{base: base, keys: parseKeys(publicKeys), client: &http.Client{Timeout: 10 * time.Minute}}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// CanFetch is ErrNoKey where this build can tell no release from anything else.
func (r *Releases) CanFetch() error {
	if len(r.keys) == 0 {
		return ErrNoKey
	}
	return nil
}

// Latest is the version of the newest release, for example 1.4.0.
func (r *Releases) Latest(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client := *r.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/latest", http.NoBody)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("asking for the newest release: %w", err)
	}
	_ = res.Body.Close()
	tag := path.Base(res.Header.Get("Location"))
	if res.StatusCode/100 != 3 || !semver.IsValid(tag) {
		return "", fmt.Errorf("%w: %s/latest names none (%s)", ErrNoRelease, r.base, res.Status)
	}
	return strings.TrimPrefix(tag, "v"), nil
}

// Newer reports whether one version comes after another. One that is no
// version, as of a build from a checkout, comes before all.
func Newer(than, version string) bool {
	return semver.Compare(tag(version), tag(than)) > 0
}

// Valid reports whether text is a version.
func Valid(text string) bool { return semver.IsValid(tag(text)) }

func tag(version string) string { return "v" + strings.TrimPrefix(version, "v") }

// Fetch returns the archive of a release for a platform. Its checksum is in a
// list that the project signed for this version.
func (r *Releases) Fetch(ctx context.Context, version, os, arch string) ([]byte, error) {
	if err := r.CanFetch(); err != nil {
		return nil, err
	}
	version = strings.TrimPrefix(version, "v")
	base := r.base + "/download/v" + version + "/"
	sums, err := r.get(ctx, base+"checksums.txt", maxText)
	if err != nil {
		return nil, err
	}
	signature, err := r.get(ctx, base+"checksums.txt.minisig", maxText)
	if err != nil {
		return nil, err
	}
	if err := verify(r.keys, version, sums, signature); err != nil {
		return nil, fmt.Errorf("%schecksums.txt: %w", base, err)
	}
	name := "openalgo-install_" + os + "_" + arch + ".tar.gz"
	want := ""
	for line := range strings.Lines(string(sums)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[1] == name {
			want = fields[0]
		}
	}
	if want == "" {
		return nil, fmt.Errorf("%w: version %s has no %s", ErrNoRelease, version, name)
	}
	archive, err := r.get(ctx, base+name, maxArchive)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(archive); hex.EncodeToString(sum[:]) != want {
		return nil, fmt.Errorf("%w: %s%s is not the file that was", ErrNotSigned, base, name)
	}
	return archive, nil
}

func (r *Releases) get(ctx context.Context, address string, most int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetching a release: %w", err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%w: %s", ErrNoRelease, address)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("fetching %s: %s", address, res.Status)
	}
	var out bytes.Buffer
	if res.ContentLength <= most {
		meter.Expect(ctx, res.ContentLength)
	}
	if _, err := io.Copy(&out, meter.Reader(ctx, io.LimitReader(res.Body, most+1))); err != nil {
		return nil, fmt.Errorf("fetching %s: %w", address, err)
	}
	if int64(out.Len()) > most {
		return nil, fmt.Errorf("%s is larger than a release can be (%s)", address, printable.Size(int64(most)))
	}
	return out.Bytes(), nil
}
