package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/templates"
)

// TestRef returns the reference of the test app's image, which is made from this
// program: its tag says from which.
func TestRef() string { return rehearsal.ImageRef(selfHash()) }

// selfHash is the SHA-256 of this program.
var selfHash = sync.OnceValue(func() string {
	file, err := openSelf()
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(sum.Sum(nil))
})

func openSelf() (*os.File, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find openalgo-install's own file: %w", err)
	}
	return os.Open(path)
}

// importTest makes the image of the test app.
func importTest(ctx context.Context, e Docker, ref string) error {
	info := e.Info()
	if info.Arch != "" && info.Arch != runtime.GOARCH {
		return fmt.Errorf("openalgo-install is for %s and Docker runs %s: run the program built for that machine", runtime.GOARCH, info.Arch)
	}
	self, err := openSelf()
	if err != nil {
		return err
	}
	defer self.Close()
	stat, err := self.Stat()
	if err != nil {
		return fmt.Errorf("reading openalgo-install's own file: %w", err)
	}
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(rehearsal.WriteImage(writer, self, stat.Size(), stat.ModTime(), templates.Env()))
	}()
	defer reader.Close()
	_, err = e.Import(ctx, ref, reader, rehearsal.ImageChanges("rehearsal", ref))
	return err
}

// RemoveTest removes the image of the test app, with the unnamed ones that runs at
// the same time left of it. What a container uses stays.
func RemoveTest(ctx context.Context, e Docker, ref string) {
	made, err := e.Images(ctx, rehearsal.Label(ref))
	if err != nil {
		return
	}
	for _, image := range made {
		_ = e.RemoveImage(ctx, image.ID)
	}
}
