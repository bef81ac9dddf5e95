package elsewhere

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/place"
)

// stores are one of each kind. garbage puts what an interrupted upload leaves.
func stores(t *testing.T) map[string]func(*testing.T) (Address, Keys) {
	all := map[string]func(*testing.T) (Address, Keys){
		"s3": func(t *testing.T) (Address, Keys) {
			_, a, keys := newFakeS3(t)
			return a, keys
		},
		"sftp":   sftpHere,
		"rclone": rcloneHere,
	}
	if at := os.Getenv("OPENALGO_S3"); at != "" { // s3://bucket/x?endpoint=..., its keys in the environment
		all["real s3"] = func(t *testing.T) (Address, Keys) {
			a, err := place.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			a.Path += "/" + strings.ReplaceAll(t.Name(), "/", "_") + time.Now().Format("150405.000")
			return a, FromEnvironment(os.Getenv)
		}
	}
	return all
}

// programs puts a program into the PATH, in the place of the real one.
func programs(t *testing.T, name, script string) (dir string) {
	dir = t.TempDir()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\nDIR='"+dir+"'\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return dir
}

// sftpHere is OpenSSH's own SFTP server, without SSH.
func sftpHere(t *testing.T) (Address, Keys) {
	const server = "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(server); err != nil {
		t.Skip("openssh-sftp-server is not there")
	}
	dir := programs(t, "ssh", "exec "+server+"\n")
	a, err := place.Parse("sftp://me@host:2222" + dir + "/backups")
	if err != nil {
		t.Fatal(err)
	}
	return a, Keys{}
}

// rcloneHere does what rclone does, with a directory.
func rcloneHere(t *testing.T) (Address, Keys) {
	programs(t, "rclone", `
last=; for word; do prev=$last; last=$word; done
at() { echo "$DIR/${1#drive:}"; }
case $1 in
rcat) mkdir -p "$(dirname "$(at "$2")")" && exec cat >"$(at "$2")" ;;
cat) [ -e "$(at "$2")" ] || { echo "object not found" >&2; exit 4; }; exec tail -c "+$((${4:-0} + 1))" "$(at "$2")" ;;
moveto) exec mv "$(at "$2")" "$(at "$3")" ;;
deletefile) exec rm "$(at "$2")" ;;
lsjson) cd "$(at "$last")" 2>/dev/null || exit 3
  echo "["; sep=; for f in *; do [ -f "$f" ] || continue
    echo "$sep{\"Name\":\"$f\",\"Size\":$(wc -c <"$f"),\"ModTime\":\"2026-11-26T10:00:00Z\"}"; sep=,; done; echo "]" ;;
*) echo "unknown: $*" >&2; exit 2 ;;
esac
`)
	a, err := place.Parse("rclone:drive:open algo/backups")
	if err != nil {
		t.Fatal(err)
	}
	return a, Keys{}
}

func open(t *testing.T, a Address, keys Keys) Store {
	t.Helper()
	s, err := Open(t.Context(), a, keys)
	if err != nil {
		t.Fatal(err)
	}
	if s3, ok := s.(*s3); ok {
		s3.pause = time.Millisecond
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// noise is a reader of bytes that are the same for each seed.
func noise(n int64, seed uint64) io.Reader {
	var key [32]byte
	key[0] = byte(seed)
	return io.LimitReader(rand.NewChaCha8(key), n)
}

func mustHave(t *testing.T, s Store, name string, want io.Reader) {
	t.Helper()
	from, err := read(t.Context(), s, name)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	got, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(want); !bytes.Equal(got, text) {
		t.Errorf("%s has %d bytes that are not the %d that were stored", name, len(got), len(text))
	}
}

func TestStores(t *testing.T) {
	for kind, at := range stores(t) {
		t.Run(kind, func(t *testing.T) {
			s := open2(t, at)
			sizes := map[string]int64{"a.tar.zst": 0, "b.tar.zst": 12345, "c.tar.zst": partBytes, "d.tar.zst.age": partBytes + 77}
			for name, n := range sizes {
				if err := s.Put(t.Context(), name, noise(n, uint64(n))); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			for name, n := range sizes {
				mustHave(t, s, name, noise(n, uint64(n)))
			}
			all, err := s.List(t.Context())
			if err != nil || len(all) != len(sizes) {
				t.Fatalf("listed %+v: %v", all, err)
			}
			for i, e := range all {
				if e.Bytes != sizes[e.Name] || i > 0 && all[i-1].Name > e.Name || time.Since(e.At) > 365*24*time.Hour {
					t.Errorf("listed %+v", e)
				}
			}
			if err := s.Remove(t.Context(), "b.tar.zst"); err != nil {
				t.Fatal(err)
			}
			from, err := s.Get(t.Context(), "b.tar.zst", 0)
			if err == nil {
				_, err = io.ReadAll(from)
				_ = from.Close()
			}
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("reading what was removed: %v", err)
			}
		})
	}
}

func open2(t *testing.T, at func(*testing.T) (Address, Keys)) Store {
	a, keys := at(t)
	return open(t, a, keys)
}

// A stream that breaks off has no name in the store, and what is left of it is removed.
func TestStoresBrokenOff(t *testing.T) {
	for kind, at := range stores(t) {
		t.Run(kind, func(t *testing.T) {
			s := open2(t, at)
			broken := io.MultiReader(noise(partBytes+partBytes/2, 1), iotest.ErrReader(errors.New("it broke off")))
			if err := s.Put(t.Context(), "x.tar.zst", broken); err == nil || !strings.Contains(err.Error(), "it broke off") {
				t.Fatalf("stored: %v", err)
			}
			if err := s.Tidy(t.Context(), func(name string) bool { return name == "x.tar.zst" }); err != nil {
				t.Fatal(err)
			}
			if all, err := s.List(t.Context()); err != nil || len(all) != 0 {
				t.Errorf("there is %+v, %v", all, err)
			}
			if err := s.Put(t.Context(), "x.tar.zst", noise(10, 1)); err != nil {
				t.Error(err)
			}
			mustHave(t, s, "x.tar.zst", noise(10, 1))
		})
	}
}

func TestS3PassesOverWhatPasses(t *testing.T) {
	f, a, keys := newFakeS3(t)
	s := open(t, a, keys)
	n := 0
	f.fail = func(*http.Request) int {
		if n++; n%2 == 1 {
			return http.StatusServiceUnavailable
		}
		return 0
	}
	if err := s.Put(t.Context(), "x.tar.zst", noise(partBytes*2+1, 3)); err != nil {
		t.Fatal(err)
	}
	f.fail = nil
	mustHave(t, s, "x.tar.zst", noise(partBytes*2+1, 3))
	if len(f.uploads) != 0 {
		t.Error("an upload is left")
	}
}

func TestS3Truncates(t *testing.T) {
	f, a, keys := newFakeS3(t)
	f.cut = 1
	s := open(t, a, keys)
	for _, n := range []int64{10, partBytes + 5} {
		if err := s.Put(t.Context(), "x.tar.zst", noise(n, 3)); err == nil {
			t.Error("one that lost a byte counts as stored")
		}
	}
	if len(f.objects) != 0 {
		t.Error("it is still there")
	}
}

func TestS3Locked(t *testing.T) {
	f, a, keys := newFakeS3(t)
	f.locked = true
	s := open(t, a, keys)
	if err := s.Put(t.Context(), "x.tar.zst", noise(10, 3)); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "x.tar.zst"); !errors.Is(err, ErrKept) {
		t.Errorf("removing: %v", err)
	}
}

// An upload that was killed leaves parts that are paid for.
func TestS3Tidy(t *testing.T) {
	f, a, keys := newFakeS3(t)
	f.uploads["1"], f.keys["1"] = nil, "backups of me/own.tar.zst"
	f.uploads["2"], f.keys["2"] = nil, "backups of me/other.tar.zst"
	f.uploads["3"], f.keys["3"] = nil, "elsewhere/own.tar.zst"
	s := open(t, a, keys)
	if err := s.Tidy(t.Context(), func(name string) bool { return name == "own.tar.zst" }); err != nil {
		t.Fatal(err)
	}
	if _, there := f.uploads["1"]; there || len(f.uploads) != 2 {
		t.Errorf("left: %v", f.uploads)
	}
}

func TestS3SaysNoSecrets(t *testing.T) {
	f, a, keys := newFakeS3(t)
	f.fail = func(*http.Request) int { return http.StatusForbidden }
	err := open(t, a, keys).Put(t.Context(), "x.tar.zst", noise(10, 3))
	if err == nil || strings.Contains(err.Error(), keys.Secret.Reveal()) || strings.Contains(err.Error(), "Signature") {
		t.Errorf("got %v", err)
	}
}

// The example of Amazon's documentation of Signature Version 4, for S3.
func TestSign(t *testing.T) {
	t.Parallel()
	keys := FromFile([]byte("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://examplebucket.s3.amazonaws.com/?lifecycle=", nil)
	keys.sign(req, "us-east-1", hexSum(nil), time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC))
	if got := req.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543") {
		t.Errorf("signed as %s", got)
	}
}

// What a server says is not trusted.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	var all []Entry
	for _, e := range []Entry{{Name: "../../etc/passwd"}, {Name: "a/b"}, {Name: ".x"}, {Name: "-rf"}, {Name: "ok.tar.zst", Bytes: 1}, {Name: "neg", Bytes: -1}, {Name: "a\nb"}, {Name: ""}, {Name: strings.Repeat("x", 300)}} {
		all = add(all, e)
	}
	if len(all) != 1 || all[0].Name != "ok.tar.zst" {
		t.Errorf("kept %+v", all)
	}
}

func FuzzWire(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x05\x02\x00\x00\x00\x03\x00\x00\x00\x05\x66\x00\x00\x00\x01"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		w, err := dialWire(bytes.NewReader(text), io.Discard, nil)
		if err != nil {
			return
		}
		s := &sftp{wire: w, said: &bounded{}, stop: func() error { return nil }, kill: func() {}, why: func(err error) error { return err }}
		_, _ = entries(w, "")
		if file, err := s.Get(context.Background(), "x", 0); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(file, 1<<20))
		}
	})
}
