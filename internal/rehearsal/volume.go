package rehearsal

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The names of templates/volume.py.
const (
	volumeEnd = "openalgo-install-end.json"
	volumeNew = ".openalgo-restore"
)

// moved is what the last entry of a tar says of the others.
type moved struct {
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`
	Damaged []string `json:"damaged"`
}

// onVolume stands for templates/volume.py, which the real image's Python runs on the data
// of an instance in a cluster. It checks no database.
func onVolume(root string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var err error
	switch command := args[0]; {
	case command == "hold":
		hold(args[1])
	case command == "address":
		fmt.Fprintln(stdout, "{}")
	case len(args) < 3:
		err = errors.New("its trees are missing")
	case command == "look":
		err = lookAtVolume(filepath.Join(root, ".sample.env"), args[1], args[2:], stdout)
	case command == "out":
		err = volumeOut(args[1], args[2:], stdout)
	case command == "in":
		err = volumeIn(args[1], args[2:], stdin, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\n", err)
		return 1
	}
	return 0
}

func hold(seconds string) {
	n, _ := strconv.Atoi(seconds)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	select {
	case <-stop:
	case <-time.After(time.Duration(n) * time.Second):
	}
}

// volumeEntries passes on what is in a tree, its own directory first.
func volumeEntries(root, tree string, do func(name, path string, info fs.FileInfo) error) error {
	if _, err := os.Stat(filepath.Join(root, tree)); err != nil {
		return nil //nolint:nilerr // there is none
	}
	return filepath.WalkDir(filepath.Join(root, tree), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		return errors.Join(err, do(name, path, info))
	})
}

func lookAtVolume(sample, root string, trees []string, stdout io.Writer) error {
	seen := struct {
		Trees  map[string]int64 `json:"trees"`
		Held   string           `json:"held"`
		Sample string           `json:"sample"`
		Free   int64            `json:"free"`
	}{Trees: map[string]int64{}, Free: 1 << 40}
	text, _ := os.ReadFile(sample)
	seen.Sample = string(text)
	for _, tree := range trees {
		err := volumeEntries(root, tree, func(name, _ string, info fs.FileInfo) error {
			if seen.Trees[tree] += 0; info.Mode().IsRegular() {
				seen.Trees[tree] += info.Size()
			}
			if !info.IsDir() && seen.Held == "" && tree != "log" {
				seen.Held = name
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return json.NewEncoder(stdout).Encode(seen)
}

func volumeOut(root string, trees []string, stdout io.Writer) error {
	out, sum := tar.NewWriter(stdout), moved{Damaged: []string{}}
	for _, tree := range trees {
		err := volumeEntries(root, tree, func(name, path string, info fs.FileInfo) error {
			h, err := tar.FileInfoHeader(info, "")
			if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
				return err
			}
			h.Name, h.Uname, h.Gname, h.Format = name, "", "", tar.FormatPAX
			if err := out.WriteHeader(h); err != nil || info.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum.Files++
			sum.Bytes += info.Size()
			_, err = out.Write(text)
			return err
		})
		if err != nil {
			return err
		}
	}
	text, err := json.Marshal(sum)
	if err == nil {
		err = out.WriteHeader(&tar.Header{Name: volumeEnd, Mode: 0o600, Size: int64(len(text)), Typeflag: tar.TypeReg})
	}
	if err == nil {
		_, err = out.Write(text)
	}
	return errors.Join(err, out.Close())
}

func volumeIn(root string, trees []string, stdin io.Reader, stdout io.Writer) error {
	place := filepath.Join(root, volumeNew)
	if err := errors.Join(os.RemoveAll(place), os.Mkdir(place, 0o700)); err != nil {
		return err
	}
	defer os.RemoveAll(place)
	var sum, told moved
	for in := tar.NewReader(stdin); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		tree, _, _ := strings.Cut(h.Name, "/")
		to := filepath.Join(place, filepath.Clean("/"+h.Name))
		switch {
		case h.Name == volumeEnd:
			err = json.NewDecoder(in).Decode(&told)
		case !slices.Contains(trees, tree):
			err = errors.New("an entry of another name: " + h.Name)
		case h.Typeflag == tar.TypeDir:
			err = os.MkdirAll(to, 0o755)
		default:
			var text []byte
			text, err = io.ReadAll(in)
			err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, h.FileInfo().Mode().Perm()))
			sum.Files++
			sum.Bytes += h.Size
		}
		if err != nil {
			return err
		}
	}
	if sum.Files != told.Files || sum.Bytes != told.Bytes {
		return fmt.Errorf("the copy was cut off after %d files", sum.Files)
	}
	for _, tree := range trees {
		if _, err := os.Stat(filepath.Join(place, tree)); err != nil {
			continue
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(root, tree)), os.Rename(filepath.Join(place, tree), filepath.Join(root, tree))); err != nil {
			return err
		}
	}
	return json.NewEncoder(stdout).Encode(sum)
}
