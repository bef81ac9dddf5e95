package sizing_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/sizing"
)

func TestParseMemory(t *testing.T) {
	tests := map[string]int{
		"4GB": 4096, "4GiB": 4096, "4gb": 4096, "4g": 4096, "4 GB": 4096, " 4GB\n": 4096,
		"3910MiB": 3910, "3910MB": 3910, "3910m": 3910, "4096": 4096, "512m": 512, "2g": 2048, "2G": 2048,
		"1.5GB": 1536, "0.5g": 512, "1.3GB": 1331, "4194304k": 4096, "4194304KiB": 4096,
		"4294967296b": 4096, "1tb": 1 << 20, "1": 1, "1024TB": 1 << 30,
	}
	for in, want := range tests {
		got, err := sizing.ParseMemory(in)
		if err != nil || got != want {
			t.Errorf("ParseMemory(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
}

func TestParseMemoryRefuses(t *testing.T) {
	bad := []string{
		"", " ", "0", "0GB", "-4GB", "+4GB", "auto", "4 gigs", "GB", "4GBB", "4ib", "1,5GB", "1.GB", ".5GB", "1e3", "0x10",
		"4GB 2", "1023k", "0.9", "1025TB", "99999999999999999999GB", strings.Repeat("9", 400), "1/2GB", "inf", "NaN", "٤GB",
	}
	for _, in := range bad {
		got, err := sizing.ParseMemory(in)
		if err == nil {
			t.Errorf("ParseMemory(%q) = %d, want an error", in, got)
			continue
		}
		for _, right := range []string{"4GB", "3910MiB", "4096 (MiB)"} {
			if !strings.Contains(err.Error(), right) {
				t.Errorf("ParseMemory(%q): the error shows no %s: %v", in, right, err)
			}
		}
		if len(err.Error()) > 200 {
			t.Errorf("ParseMemory(%q...): an error of %d bytes", in[:10], len(err.Error()))
		}
	}
}

func FuzzParseMemory(f *testing.F) {
	for _, s := range []string{"4GB", "3910MiB", "4096", "512m", "1.5 g", "0", "-1", "1e9", "99999999999999999999t", "k"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		mib, err := sizing.ParseMemory(s)
		if err != nil {
			if mib != 0 {
				t.Fatalf("%q: %d with an error", s, mib)
			}
			return
		}
		if mib < 1 || mib > 1<<30 {
			t.Fatalf("%q: %d MiB", s, mib)
		}
		for _, unit := range []string{"", "m", "MB", "MiB"} {
			if again, err := sizing.ParseMemory(strconv.Itoa(mib) + unit); err != nil || again != mib {
				t.Fatalf("%q gave %d, which reads back as %d, %v", s, mib, again, err)
			}
		}
	})
}
