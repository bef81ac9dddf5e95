package selfupdate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"aead.dev/minisign"
)

type keyPair struct {
	public  minisign.PublicKey
	private minisign.PrivateKey
}

func newKey(t *testing.T) keyPair {
	t.Helper()
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{public, private}
}

// hashed signs as the minisign command does.
func hashed(t *testing.T, key keyPair, text []byte) []byte {
	t.Helper()
	r := minisign.NewReader(bytes.NewReader(text))
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	return r.SignWithComments(key.private, "openalgo-install 1.1.0", "x")
}

// signedAs signs for any version, in minisign's earlier form.
func signedAs(key keyPair, version string, text []byte) []byte {
	return minisign.SignWithComments(key.private, text, "openalgo-install "+version, "x")
}

func TestFetch(t *testing.T) {
	t.Parallel()
	now, next, stranger := newKey(t), newKey(t), newKey(t)
	archive := []byte("an archive")
	const name = "openalgo-install_linux_amd64.tar.gz"
	sums := fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(archive), name)

	for what, tt := range map[string]struct {
		sums, signature, archive []byte
		want                     error
		says                     string
	}{
		"the present key":           {sums, hashed(t, now, sums), archive, nil, ""},
		"the next key":              {sums, hashed(t, next, sums), archive, nil, ""},
		"minisign's earlier form":   {sums, signedAs(now, "1.1.0", sums), archive, nil, ""},
		"an older release":          {sums, signedAs(now, "1.0.0", sums), archive, ErrNotSigned, "1.0.0"},
		"a comment of other words":  {sums, minisign.Sign(now.private, sums), archive, ErrNotSigned, "for this version"},
		"a key that is not known":   {sums, hashed(t, stranger, sums), archive, ErrNotSigned, keyID(stranger.public.ID())},
		"another key with its id":   {sums, posing(t, hashed(t, stranger, sums), now), archive, ErrNotSigned, "not by the key"},
		"another list":              {append([]byte("\n"), sums...), hashed(t, now, sums), archive, ErrNotSigned, "not by the key"},
		"an Ed25519 signature":      {sums, make([]byte, 64), archive, ErrNotSigned, "cannot be read"},
		"an empty signature":        {sums, []byte{}, archive, ErrNotSigned, "cannot be read"},
		"a signature without one":   {sums, nil, archive, ErrNoRelease, ""},
		"another archive":           {sums, hashed(t, now, sums), []byte("another"), ErrNotSigned, ""},
		"the list of another one":   {[]byte("00  x\n"), hashed(t, now, []byte("00  x\n")), archive, ErrNoRelease, ""},
		"a comment that was edited": {sums, bytes.Replace(hashed(t, now, sums), []byte("1.1.0"), []byte("1.2.0"), 1), archive, ErrNotSigned, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			files := map[string][]byte{"checksums.txt": tt.sums, "checksums.txt.minisig": tt.signature, name: tt.archive}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text := files[strings.TrimPrefix(r.URL.Path, "/download/v1.1.0/")]
				if text == nil {
					http.NotFound(w, r)
				}
				_, _ = w.Write(text)
			}))
			defer server.Close()
			r := &Releases{base: server.URL, keys: parseKeys(now.public.String() + "," + next.public.String()), client: server.Client()}
			got, err := r.Fetch(context.Background(), "1.1.0", "linux", "amd64")
			if !errors.Is(err, tt.want) || tt.want == nil && !bytes.Equal(got, archive) {
				t.Fatalf("%q, %v; want %v", got, err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v does not say %q", err, tt.says)
			}
		})
	}
}

// posing is a signature that names another key than its own.
func posing(t *testing.T, signature []byte, as keyPair) []byte {
	t.Helper()
	var s minisign.Signature
	if err := s.UnmarshalText(signature); err != nil {
		t.Fatal(err)
	}
	s.KeyID = as.public.ID()
	text, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"", ",", "RWQ", "bm90IGEga2V5"} {
		r := &Releases{keys: parseKeys(list)}
		if _, err := r.Fetch(context.Background(), "1.0.0", "linux", "amd64"); !errors.Is(err, ErrNoKey) || !errors.Is(r.CanFetch(), ErrNoKey) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// TestReleaseKeys reads the keys that the release workflow builds in.
func TestReleaseKeys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.github/release-keys")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && line[0] != '#' && len(parseKeys(line)) != 1 {
			t.Errorf("no key of minisign: %q", line)
		}
	}
}
