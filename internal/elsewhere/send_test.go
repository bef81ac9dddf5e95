package elsewhere

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"filippo.io/age"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/place"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

const salt = "0123456789abcdef"

// named is a name that the instance of these tests gives.
func named(second int) string {
	sum := sha256.Sum256([]byte("backup of " + salt))
	return fmt.Sprintf("openalgo-%x-20261126T1000%02dZ.tar.zst", sum[:3], second)
}

func sender(t *testing.T, a Address, keys Keys) (Sender, *[]string) {
	t.Helper()
	d := instance.Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveState(instance.State{Project: "openalgo", Salt: salt}); err != nil {
		t.Fatal(err)
	}
	var notes []string
	return Sender{Dir: d, To: a, Keys: keys, Report: event.ReporterFunc(func(event.Event) {}), Note: func(text string) { notes = append(notes, text) }}, &notes
}

// archive is a file that stands for a backup here.
func archive(t *testing.T, second int, n int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), named(second))
	text, _ := io.ReadAll(noise(n, uint64(n)))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSend(t *testing.T) {
	for kind, at := range stores(t) {
		t.Run(kind, func(t *testing.T) {
			a, keys := at(t)
			s, _ := sender(t, a, keys)
			identity, recipient, err := NewIdentity()
			if err != nil {
				t.Fatal(err)
			}
			s.Recipient, s.Keep = recipient, 2
			other := "openalgo-aaaaaa-20200101T000000Z.tar.zst.age"
			if err := open(t, a, keys).Put(t.Context(), other, noise(3, 3)); err != nil {
				t.Fatal(err)
			}
			for second := range 3 {
				last, err := s.Send(t.Context(), archive(t, second+10, 100_000))
				if err != nil || !last.OK || last.Name != named(second+10)+".age" {
					t.Fatalf("%+v: %v", last, err)
				}
			}
			// The clock was set back: the fresh one is not the oldest.
			if _, err := s.Send(t.Context(), archive(t, 1, 100_000)); err != nil {
				t.Fatal(err)
			}
			all, err := List(t.Context(), a, keys)
			var names []string
			for _, e := range all {
				names = append(names, e.Name)
			}
			want := []string{named(1) + ".age", named(11) + ".age", named(12) + ".age", other}
			if err != nil || !sameSet(names, want) {
				t.Errorf("kept %v, want %v: %v", names, want, err)
			}
			one, _ := age.ParseX25519Identity(identity.Reveal())
			from, err := open(t, a, keys).Get(t.Context(), named(12)+".age", 0)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := age.Decrypt(from, one)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(plain)
			if want, _ := io.ReadAll(noise(100_000, 100_000)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("it opens to %d other bytes: %v", len(got), err)
			}
		})
	}
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	has := map[string]bool{}
	for _, one := range a {
		has[one] = true
	}
	for _, one := range b {
		if !has[one] {
			return false
		}
	}
	return true
}

// A store that fails is its own state; the backup here is as it was.
func TestSendFails(t *testing.T) {
	f, a, keys := newFakeS3(t)
	s, _ := sender(t, a, keys)
	_, s.Recipient, _ = NewIdentity()
	file := archive(t, 10, 1000)
	good, err := s.Send(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	f.fail = func(*http.Request) int { return http.StatusForbidden }
	if _, err := s.Send(t.Context(), file); err == nil {
		t.Fatal("it was stored")
	}
	last := known.LoadLast(s.Dir)
	if last == nil || last.OK || !last.Good().Equal(good.At) || last.Message == "" || strings.Contains(last.Message, keys.Secret.Reveal()) {
		t.Errorf("kept %+v", last)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestSendToALockedStore(t *testing.T) {
	f, a, keys := newFakeS3(t)
	f.locked = true
	s, notes := sender(t, a, keys)
	_, s.Recipient, _ = NewIdentity()
	s.Keep = 1
	for second := range 2 {
		if _, err := s.Send(t.Context(), archive(t, second, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.objects) != 2 || len(*notes) != 1 || !strings.Contains((*notes)[0], "does not allow removing backups") {
		t.Errorf("%d objects, said %q", len(f.objects), *notes)
	}
}

// A line that breaks off is taken up again.
func TestSendAgain(t *testing.T) {
	old := pauses
	pauses = []time.Duration{time.Millisecond, time.Millisecond}
	t.Cleanup(func() { pauses = old })
	f, a, keys := newFakeS3(t)
	s, notes := sender(t, a, keys)
	_, s.Recipient, _ = NewIdentity()
	n := 0
	f.fail = func(r *http.Request) int {
		if n++; r.Method == http.MethodPut && n < 5 {
			return http.StatusBadRequest
		}
		return 0
	}
	if last, err := s.Send(t.Context(), archive(t, 3, 1000)); err != nil || !last.OK || len(*notes) == 0 {
		t.Errorf("%+v, %v, said %q", last, err, *notes)
	}
}

func TestFetch(t *testing.T) {
	f, a, keys := newFakeS3(t)
	f.at = time.Date(2026, 11, 26, 10, 5, 0, 0, time.UTC)
	s := open(t, a, keys)
	here, report := t.TempDir(), event.ReporterFunc(func(event.Event) {})
	if _, err := Fetch(t.Context(), a, keys, here, report); finding.IDOf(err) != "backup-missing" {
		t.Errorf("of an empty store: %v", err)
	}
	for second, name := range []string{named(1), named(2), "x.tar.zst", "notes.txt"} {
		if err := s.Put(t.Context(), name, noise(int64(second)+10, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time it is there
		path, err := Fetch(t.Context(), a, keys, here, report)
		if err != nil || filepath.Base(path) != named(2) {
			t.Fatalf("%s: %v", path, err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != 11 || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
	one := a
	one.Path += "/" + named(1)
	if path, err := Fetch(t.Context(), one, keys, here, report); err != nil || filepath.Base(path) != named(1) {
		t.Errorf("%s: %v", path, err)
	}
	if err := s.Put(t.Context(), "other-aaaaaa-20261126T100000Z.tar.zst", noise(10, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Fetch(t.Context(), a, keys, here, report); finding.IDOf(err) != "backup-ambiguous" {
		t.Errorf("of two instances: %v", err)
	}
}

func TestRecipient(t *testing.T) {
	s, _ := sender(t, Address{}, Keys{})
	if got := LoadRecipient(s.Dir); got != "" {
		t.Errorf("there is %q", got)
	}
	identity, recipient, err := NewIdentity()
	if err == nil {
		err = KeepRecipient(s.Dir, recipient)
	}
	if err != nil || LoadRecipient(s.Dir) != recipient {
		t.Error(err)
	}
	_ = filepath.WalkDir(string(s.Dir), func(path string, e os.DirEntry, _ error) error {
		if text, _ := os.ReadFile(path); !e.IsDir() && bytes.Contains(text, []byte(identity.Reveal())) {
			t.Errorf("%s has the identity", path)
		}
		return nil
	})
}

// sizeKilled is what the process that is killed sends.
func sizeKilled() int64 { return 3*partBytes + 5000 }

// TestPutForKilled is the process of TestPutKilled.
func TestPutForKilled(t *testing.T) {
	at := os.Getenv("OPENALGO_PUT")
	if at == "" {
		t.Skip("only for TestPutKilled")
	}
	a, err := place.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, a, FromEnvironment(os.Getenv))
	if err := s.Put(t.Context(), named(7), noise(sizeKilled(), 9)); err != nil {
		t.Fatal(err)
	}
}

// Killed at whatever moment, an upload leaves no wrong file that counts as good. make
// kills kills it 50 times.
func TestPutKilled(t *testing.T) {
	kills, _ := strconv.Atoi(cmp.Or(os.Getenv("OPENALGO_PUT_KILLS"), "2"))
	for kind, at := range stores(t) {
		t.Run(kind, func(t *testing.T) {
			a, keys := at(t)
			for range kills {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+rand.IntN(200))*time.Millisecond)
				cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPutForKilled$")
				cmd.Env = append(os.Environ(), "OPENALGO_PUT="+a.String(), nameID+"="+keys.ID, nameSecret+"="+keys.Secret.Reveal())
				_ = cmd.Run() // killed, or not
				cancel()
				s := open(t, a, keys)
				all, err := s.List(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range all {
					if e.Name == named(7) && e.Bytes != sizeKilled() {
						t.Fatalf("%+v counts as good", e)
					}
				}
				if err := s.Tidy(t.Context(), func(name string) bool { return name == named(7) }); err != nil {
					t.Fatal(err)
				}
				if err := s.Remove(t.Context(), named(7)); err != nil && len(all) > 0 && !errors.Is(err, os.ErrNotExist) {
					t.Log(err)
				}
			}
			s := open(t, a, keys)
			if err := s.Put(t.Context(), named(7), noise(sizeKilled(), 9)); err != nil {
				t.Fatal(err)
			}
			mustHave(t, s, named(7), noise(sizeKilled(), 9))
		})
	}
}

// While a copy is under way, and once it was killed, the one before is not taken for it.
func TestSendThatDoesNotEnd(t *testing.T) {
	f, a, keys := newFakeS3(t)
	s, _ := sender(t, a, keys)
	_, s.Recipient, _ = NewIdentity()
	good, err := s.Send(t.Context(), archive(t, 1, 1000))
	if err != nil {
		t.Fatal(err)
	}
	asked := false
	f.fail = func(r *http.Request) int {
		if last := known.LoadLast(s.Dir); !asked && (last == nil || last.OK || last.Failed() || !last.Good().Equal(good.At)) {
			t.Errorf("kept meanwhile: %+v", last)
		}
		asked = true
		return 0
	}
	if last, err := s.Send(t.Context(), archive(t, 2, 1000)); err != nil || last.Begun || last.Failed() || !asked {
		t.Errorf("%+v, %v", last, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f.fail = func(*http.Request) int {
		cancel()
		return http.StatusServiceUnavailable
	}
	if _, err := s.Send(ctx, archive(t, 3, 1000)); err == nil {
		t.Error("it was stored")
	}
	if last := known.LoadLast(s.Dir); last.OK || !last.Failed() || last.Message == "" {
		t.Errorf("kept of a copy that was ended: %+v", last)
	}
}

// A copy is good although an older one cannot be removed.
func TestSendThatRemovesNothing(t *testing.T) {
	f, a, keys := newFakeS3(t)
	s, notes := sender(t, a, keys)
	_, s.Recipient, _ = NewIdentity()
	s.Keep = 1
	f.fail = func(r *http.Request) int {
		if r.Method == http.MethodDelete {
			return http.StatusBadRequest
		}
		return 0
	}
	for second := range 2 {
		if last, err := s.Send(t.Context(), archive(t, second, 1000)); err != nil || !last.OK {
			t.Errorf("%+v, %v", last, err)
		}
	}
	if len(*notes) != 1 || known.LoadLast(s.Dir).Message == "" {
		t.Errorf("said %q, kept %+v", *notes, known.LoadLast(s.Dir))
	}
}

// A store may say one thing and send another, or say something without an end.
func TestAStoreThatLies(t *testing.T) {
	f, a, keys := newFakeS3(t)
	if err := open(t, a, keys).Put(t.Context(), named(1), noise(1000, 1)); err != nil {
		t.Fatal(err)
	}
	here := t.TempDir()
	f.more = 5000
	if path, err := Fetch(t.Context(), a, keys, here, event.ReporterFunc(func(event.Event) {})); err == nil {
		t.Errorf("%s was taken", path)
	}
	if left, _ := os.ReadDir(here); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	f.endless = true
	f.filler = strings.Repeat(" ", 1<<10)
	all, err := open(t, a, keys).List(t.Context())
	if !errors.Is(err, errTooMany) || len(all) > 0 {
		t.Errorf("a list without an end: %d, %v", len(all), err)
	}
	f.endless, f.fail = false, func(*http.Request) int { return http.StatusForbidden }
	f.message = "gone\x1b]0;title\a\nOK: all is well\xff"
	if err := open(t, a, keys).Remove(t.Context(), named(1)); err == nil || strings.ContainsAny(err.Error(), "\x1b\a\n") || !utf8.ValidString(err.Error()) {
		t.Errorf("%q", err)
	}
}

// Of a page of a list only the names are kept.
func TestListTakesLittleMemory(t *testing.T) {
	page := strings.Repeat("x", 8<<20)
	var out []Entry
	for range 100 {
		name := page[:20]
		out = add(out, Entry{Name: name})
	}
	if unsafe.StringData(out[0].Name) == unsafe.StringData(page) {
		t.Error("the name is a part of the answer")
	}
	if got := add(nil, Entry{Name: page}); len(got) > 0 {
		t.Error("a name of 8 MiB was kept")
	}
}

// A clock that was ahead once must not decide what is restored ever after.
func TestFetchAfterAWrongClock(t *testing.T) {
	f, a, keys := newFakeS3(t)
	f.at = time.Date(2026, 11, 26, 10, 5, 0, 0, time.UTC)
	s, report := open(t, a, keys), event.ReporterFunc(func(event.Event) {})
	ahead := strings.Replace(named(1), "2026", "2031", 1)
	for _, name := range []string{ahead, named(2)} {
		if err := s.Put(t.Context(), name, noise(10, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if path, err := Fetch(t.Context(), a, keys, t.TempDir(), report); finding.IDOf(err) != "backup-ambiguous" {
		t.Errorf("%s: %v", path, err)
	}
	a.Path += "/" + ahead
	if _, err := Fetch(t.Context(), a, keys, t.TempDir(), report); err != nil {
		t.Error(err)
	}
}
