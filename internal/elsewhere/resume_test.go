package elsewhere

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// within sets the bounds of a line for one test.
func within(t *testing.T, silent, broken time.Duration) {
	was := []time.Duration{quiet, patience, rcloneQuiet}
	quiet, patience, rcloneQuiet = silent, broken, silent
	t.Cleanup(func() { quiet, patience, rcloneQuiet = was[0], was[1], was[2] })
}

// cutting is a line to a server that breaks after so many bytes in either direction: the
// first times, or each time.
func cutting(t *testing.T, to string, after int64, times int64) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var n atomic.Int64
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			both := func(to, from net.Conn) {
				if n.Load() < times {
					if _, err := io.CopyN(to, from, after); err == nil {
						n.Add(1)
					}
				} else {
					_, _ = io.Copy(to, from)
				}
				_, _ = to.Close(), from.Close()
			}
			go both(here, there)
			go both(there, here)
		}
	}()
	return "http://" + l.Addr().String()
}

const always = 1 << 40

// A line that breaks in the middle of a part, or of what is read, is made again: an
// upload goes on with the part, and nothing of it is read twice.
func TestS3LineBreaks(t *testing.T) {
	f, a, keys := newFakeS3(t)
	s := open(t, s3At(t, cutting(t, strings.TrimPrefix(a.Endpoint, "http://"), partBytes*3/4, 6)), keys)
	size := 5*partBytes + 10
	from := counted(noise(size, 5))
	if err := s.Put(t.Context(), named(1), from); err != nil {
		t.Fatal(err)
	}
	if f.ids != 1 || from.bytes != size {
		t.Errorf("begun %d times, %d bytes of %d read", f.ids, from.bytes, size)
	}
	mustHave(t, open(t, a, keys), named(1), noise(size, 5))
	mustHave(t, open(t, s3At(t, cutting(t, strings.TrimPrefix(a.Endpoint, "http://"), partBytes*3/4, 4)), keys), named(1), noise(size, 5))
}

func TestS3LineStaysBroken(t *testing.T) {
	within(t, time.Minute, 50*time.Millisecond)
	f, a, keys := newFakeS3(t)
	s := open(t, s3At(t, cutting(t, strings.TrimPrefix(a.Endpoint, "http://"), partBytes*3/4, always)), keys)
	if err := s.Put(t.Context(), named(1), noise(5*partBytes, 5)); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if len(f.objects)+len(f.uploads) > 0 {
		t.Errorf("left: %d objects, %d uploads", len(f.objects), len(f.uploads))
	}
}

func TestS3IsSilent(t *testing.T) {
	within(t, 50*time.Millisecond, 100*time.Millisecond)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	s := open(t, s3At(t, server.URL), Keys{ID: "id", Secret: FromFile([]byte(nameSecret + "=x")).Secret})
	for name, do := range map[string]func() error{
		"put": func() error { return s.Put(t.Context(), named(1), noise(10, 5)) },
		"get": func() error { _, err := s.Get(t.Context(), named(1), 0); return err },
	} {
		if err := do(); !errors.Is(err, errQuiet) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sftpThrough is OpenSSH's server behind a script, which breaks the line.
func sftpThrough(t *testing.T, script string) (s Store, dir string) {
	t.Helper()
	const server = "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(server); err != nil {
		t.Skip("openssh-sftp-server is not there")
	}
	dir = programs(t, "ssh", `
case "$*" in *sha256sum*) exit 1 ;; esac
n=$(cat "$DIR/n" 2>/dev/null || echo 0); echo $((n + 1)) >"$DIR/n"
cut() { OPENALGO_CUT=$1 '`+os.Args[0]+`'; }
server=`+server+"\n"+script+"\nexec $server\n")
	a, err := Parse("sftp://me@host" + dir + "/backups")
	if err != nil {
		t.Fatal(err)
	}
	return open(t, a, Keys{}), dir
}

func TestSFTPLineBreaks(t *testing.T) {
	s, dir := sftpThrough(t, `
[ $n -ge 3 ] || { cut 5000000 | $server; exit 255; }
[ $n -ge 6 ] || { $server | cut 3000000; exit 255; }`)
	size := int64(17 << 20)
	from := counted(noise(size, 5))
	if err := s.Put(t.Context(), named(1), from); err != nil {
		t.Fatal(err)
	}
	if from.bytes != size {
		t.Errorf("%d bytes of %d were read", from.bytes, size)
	}
	if n, _ := os.ReadFile(filepath.Join(dir, "n")); strings.TrimSpace(string(n)) != "7" {
		t.Errorf("it took %s lines", n)
	}
	mustHave(t, s, named(1), noise(size, 5))
	if all, err := s.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestSFTPLineStaysBroken(t *testing.T) {
	within(t, time.Minute, 200*time.Millisecond)
	s, _ := sftpThrough(t, `cut 300000 | $server; exit 255`)
	if err := s.Put(t.Context(), named(1), noise(9<<20, 5)); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// A server that takes what is sent and answers nothing ends the copy, with the reason.
func TestSFTPIsSilent(t *testing.T) {
	within(t, 2*time.Second, time.Millisecond)
	s, _ := sftpThrough(t, `{ cut 300000; exec sleep 60; } 2>/dev/null | $server 2>/dev/null`)
	if err := s.Put(t.Context(), named(1), noise(9<<20, 5)); !errors.Is(err, errQuiet) || !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	programs(t, "ssh", "exec sleep 60\n")
	if _, err := Open(t.Context(), s.(*sftp).address, Keys{}); !errors.Is(err, errQuiet) && (err == nil || !strings.Contains(err.Error(), errQuiet.Error())) {
		t.Errorf("opened: %v", err)
	}
}

func TestRcloneIsSilent(t *testing.T) {
	a, _ := rcloneHere(t)
	s := open(t, a, Keys{})
	if err := s.Put(t.Context(), named(1), noise(10, 1)); err != nil {
		t.Fatal(err)
	}
	if from, err := s.Get(t.Context(), named(1), 7); err != nil {
		t.Error(err)
	} else if rest, err := io.ReadAll(from); err != nil || len(rest) != 3 {
		t.Errorf("from its middle: %d bytes, %v", len(rest), err)
	}
	programs(t, "rclone", "exec sleep 60\n")
	within(t, 200*time.Millisecond, time.Minute)
	silent := open(t, a, Keys{})
	if err := silent.Put(t.Context(), named(2), noise(1<<20, 1)); !errors.Is(err, errQuiet) {
		t.Errorf("put: %v", err)
	}
	from, err := silent.Get(t.Context(), named(1), 0)
	if err == nil {
		_, err = io.ReadAll(from)
		_ = from.Close()
	}
	if !errors.Is(err, errQuiet) {
		t.Errorf("get: %v", err)
	}
}

// Who cancels ends a wait for a line at once.
func TestCancelledWhileBroken(t *testing.T) {
	_, a, keys := newFakeS3(t)
	s := open(t, s3At(t, cutting(t, strings.TrimPrefix(a.Endpoint, "http://"), partBytes/2, always)), keys)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Put(ctx, named(1), noise(5*partBytes, 5)); err == nil || ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
}
