package elsewhere

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
)

// Once a week one of the copies is read back whole, each in its turn; one that is not
// what was sent is kept as a failure until another reading is good.
func TestReadBack(t *testing.T) {
	f, a, keys := newFakeS3(t)
	s, _ := sender(t, a, keys)
	_, s.Recipient, _ = NewIdentity()
	now := time.Date(2026, 11, 26, 2, 30, 0, 0, time.UTC)
	if r, err := s.ReadBack(t.Context(), now); r != nil || err != nil {
		t.Errorf("of none: %+v, %v", r, err)
	}
	for second := range 2 {
		if _, err := s.Send(t.Context(), archive(t, second, 3000)); err != nil {
			t.Fatal(err)
		}
	}
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	read := func(n int, name string) {
		t.Helper()
		r, err := s.ReadBack(t.Context(), day(n))
		if err != nil || (r == nil) != (name == "") || r != nil && (r.Name != name || !r.OK) {
			t.Fatalf("day %d: %+v, %v", n, r, err)
		}
	}
	read(0, named(1)+".age")
	read(1, "")
	read(7, named(0)+".age")
	if last := known.LoadLast(s.Dir); last.ReadBack == nil || !last.ReadBack.OK || len(last.Lines()) != 1 {
		t.Errorf("%+v", last.ReadBack)
	}
	f.objects["backups of me/"+named(1)+".age"][2000] ^= 1
	r, err := s.ReadBack(t.Context(), day(14))
	if err == nil || r == nil || r.OK || !r.LastGood.IsZero() && !r.LastGood.Equal(day(7)) {
		t.Fatalf("a changed byte: %+v, %v", r, err)
	}
	if _, err := s.Send(t.Context(), archive(t, 3, 3000)); err != nil { // a copy does not make it good
		t.Fatal(err)
	}
	if last := known.LoadLast(s.Dir); last.ReadBack == nil || last.ReadBack.OK || !last.ReadBack.LastGood.Equal(day(7)) || !strings.Contains(last.Lines()[0], "FAILED") {
		t.Errorf("kept: %+v", last.ReadBack)
	}
	read(15, named(3)+".age") // tried again the next day
	s.Keep = 1
	if _, err := s.Send(t.Context(), archive(t, 4, 3000)); err != nil {
		t.Fatal(err)
	}
	if left := known.LoadStored(s.Dir); len(left) != 1 {
		t.Errorf("of those that were removed is known: %+v", left)
	}
}

// Whether the key was kept is known once somebody has shown it.
func TestProve(t *testing.T) {
	_, a, keys := newFakeS3(t)
	s, _ := sender(t, a, keys)
	_, s.Recipient, _ = NewIdentity()
	if err := known.KeepMade(s.Dir, s.Recipient, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), archive(t, 1, 10)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do       func() error
		unproven bool
	}{
		{func() error { return nil }, true},
		{func() error { return known.Prove(s.Dir, []string{"age1other"}, time.Now()) }, true},
		{func() error { return known.Prove(s.Dir, []string{"age1other", s.Recipient}, time.Now()) }, false},
		{func() error { return known.KeepMade(s.Dir, s.Recipient, time.Now()) }, false},
		{func() error { return known.KeepRecipient(s.Dir, s.Recipient) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if last := known.LoadLast(s.Dir); last.Unproven != step.unproven || LoadRecipient(s.Dir) != s.Recipient {
			t.Errorf("%+v", last)
		}
	}
}
