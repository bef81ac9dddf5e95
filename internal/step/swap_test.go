package step_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/swap"
)

// Swap is the swap file of a machine in memory.
func (w *world) Swap() run.Swap { return &w.swap }

// swapFile is a swap file in memory: whether it is there, is in use, and is entered.
type swapFile struct {
	reach           func(string)
	mib             int
	on, entered     bool
	refuses, needed error // to be switched on; to be switched off
}

func (s *swapFile) Exists() (bool, error) { return s.mib > 0, nil }

func (s *swapFile) Allocate(_ context.Context, mib int) error {
	s.reach("allocate")
	s.mib = mib
	return nil
}

func (s *swapFile) On() error {
	s.reach("on")
	s.on = s.refuses == nil
	return s.refuses
}

func (s *swapFile) Off() error {
	s.reach("off")
	s.on = s.on && s.needed != nil
	return s.needed
}

func (s *swapFile) Enter() error {
	s.reach("enter")
	s.entered = true
	return nil
}

func (s *swapFile) Remove() error {
	s.reach("unswap")
	s.mib, s.entered = 0, false
	return nil
}

// installWithSwap is an install that makes a swap file before all else.
func (w *world) installWithSwap() run.Plan {
	p := w.install()
	if w.swap.mib == 0 {
		p.Parts = append([]run.Part{part("swap", &swap.Make{MiB: 2048})}, p.Parts...)
	}
	return p
}

// A swap file that the kernel does not take is removed again, and one that was there
// is nobody's to remove.
func TestSwapFileThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	before := w.end()
	w.swap.refuses = errors.New("invalid argument")
	if err := run.Run(t.Context(), w.tools(), w.installWithSwap()); err == nil || w.end() != before {
		t.Errorf("%v\n%s", err, w.end())
	}
	w.swap.mib = 512
	p := w.install()
	p.Parts[0].Steps = append(p.Parts[0].Steps, &swap.Make{MiB: 2048})
	if err := run.Run(t.Context(), w.tools(), p); err == nil || w.swap.mib != 512 {
		t.Errorf("%v, %d MiB", err, w.swap.mib)
	}
}

// What the memory cannot do without stays in use, and the rest is undone.
func TestSwapFileThatIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.swap.needed = errors.New("cannot allocate memory")
	p := w.installWithSwap()
	create := p.Parts[len(p.Parts)-3].Steps[0].(*step.CreateContainer) // of one that does not start
	create.Spec.Image, create.Image = "openalgo:bad", "sha256:bad"
	err := run.Run(t.Context(), w.tools(), p)
	if err == nil || !w.swap.on || w.web() != nil || !strings.Contains(strings.Join(w.notes, " "), "stays in use") {
		t.Errorf("%v, %+v, %q", err, w.swap, w.notes)
	}
}
