package rehearsal_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

var update = flag.Bool("update", false, "write the golden files")

const program = "not really a program"

func image(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	when := time.Date(2026, 11, 23, 9, 15, 0, 123, time.FixedZone("IST", 5*3600+1800))
	err := rehearsal.WriteImage(&out, strings.NewReader(program), int64(len(program)), when, []byte("ENV_CONFIG_VERSION = '1.0.7'\n"))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWriteImageIsDeterministic(t *testing.T) {
	if !bytes.Equal(image(t), image(t)) {
		t.Error("two images of the same input differ")
	}
}

func TestWriteImage(t *testing.T) {
	var listing strings.Builder
	tr := tar.NewReader(bytes.NewReader(image(t)))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&listing, "%c %04o %d:%d %s", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Name)
		if h.Linkname != "" {
			fmt.Fprintf(&listing, " -> %s", h.Linkname)
		}
		if len(content) > 0 {
			fmt.Fprintf(&listing, " %q", content)
		}
		listing.WriteByte('\n')
		if want := time.Date(2026, 11, 23, 3, 45, 0, 0, time.UTC); !h.ModTime.Equal(want) {
			t.Errorf("%s has time %v, want %v", h.Name, h.ModTime, want)
		}
	}
	golden(t, "testdata/image.golden", listing.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (%s):\n%s", got, path, want)
	}
}

func TestWriteImageOfAWrongSize(t *testing.T) {
	for _, size := range []int64{int64(len(program)) - 1, int64(len(program)) + 1} {
		err := rehearsal.WriteImage(io.Discard, strings.NewReader(program), size, time.Time{}, nil)
		if err == nil {
			t.Errorf("no error for %d bytes said to be %d", len(program), size)
		}
	}
}

func TestImageRef(t *testing.T) {
	const sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	if got := rehearsal.ImageRef(sum); got != "openalgo-install/rehearsal:0123456789ab" {
		t.Errorf("ImageRef = %s", got)
	}
}

func TestImageChanges(t *testing.T) {
	golden(t, "testdata/changes.golden", strings.Join(rehearsal.ImageChanges("1.2.3", "openalgo-install/rehearsal:abc"), "\n")+"\n")
}
