package printable

import (
	"fmt"
	"unicode/utf8"
)

// Count is a number of things, for example "1 core" or "2 cores".
//
//go:noinline
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Size is an amount of memory or disk, for example "1.5 GiB" or "512 MiB".
func Size(bytes int64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20)
}

// MiB is an amount of memory or disk that was counted in MiB.
//
//go:noinline
func MiB(n int) string { return Size(int64(n) << 20) }

// NotUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func NotUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
