package elsewhere

import (
	"io"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestMain makes parts small, which a real store refuses, and pauses short.
func TestMain(m *testing.M) {
	if os.Getenv("OPENALGO_S3") == "" {
		partBytes = 1 << 20
	}
	if n, err := strconv.ParseInt(os.Getenv("OPENALGO_CUT"), 10, 64); err == nil { // a line that breaks
		_, _ = io.CopyN(os.Stdout, os.Stdin, n)
		return
	}
	firstPause, longestPause = time.Millisecond, 20*time.Millisecond
	os.Exit(m.Run())
}
