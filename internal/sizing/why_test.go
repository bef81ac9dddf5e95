package sizing_test

import (
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/sizing"
)

func TestWhy(t *testing.T) {
	for _, c := range []struct {
		machine sizing.Machine
		set     sizing.Overrides
		want    string
	}{
		{sizing.Machine{RAMMiB: 1970, Cores: 2}, sizing.Overrides{}, "Threads: 1 (the 2 GB row, for any number of cores)"},
		{sizing.Machine{RAMMiB: 7900, Cores: 2}, sizing.Overrides{}, "Threads: 2 (one for each of the 2 cores, at most 4)"},
		{sizing.Machine{RAMMiB: 7900, Cores: 2}, sizing.Overrides{Threads: 3}, "Threads: 3 (your own value; the table has 2)"},
		{sizing.Machine{RAMMiB: 3910, Cores: 2}, sizing.Overrides{}, "Shared memory: 512 MiB (the 4 GB row, for 3.8 GiB of RAM)"},
		{sizing.Machine{RAMMiB: 3910, Cores: 2}, sizing.Overrides{ShmMiB: 300}, "Shared memory: 300 MiB (your own value; the table has 512 MiB)"},
	} {
		s, _ := sizing.Compute(c.machine, 1, c.set)
		if got := s.Why(); !slices.Contains(got, c.want) {
			t.Errorf("%+v %+v: %q; want %q among them", c.machine, c.set, got, c.want)
		}
	}
}

func TestShared(t *testing.T) {
	t.Parallel()
	two, _ := sizing.Compute(sizing.Machine{RAMMiB: 3910, Cores: 2}, 2, sizing.Overrides{})
	const want = "2 instances share 3.8 GiB of RAM: each is sized for 2 GB"
	if got := two.Shared(); got != want {
		t.Error(got)
	}
	if !slices.Contains(two.Why(), want) {
		t.Errorf("%q", two.Why())
	}
	one, _ := sizing.Compute(sizing.Machine{RAMMiB: 3910, Cores: 2}, 1, sizing.Overrides{})
	if got := one.Shared(); got != "" {
		t.Errorf("one instance: %s", got)
	}
}
