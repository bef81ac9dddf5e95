package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // the image has no zoneinfo, and TZ must mean something in it

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Report is what the test app sees from inside the container, as
// /rehearsal/report gives it. It holds no secret.
type Report struct {
	Version     string     `json:"version"`
	Hostname    string     `json:"hostname"`
	UID         int        `json:"uid"`
	GID         int        `json:"gid"`
	PID1        string     `json:"pid1"` // name of process 1
	ShmBytes    int64      `json:"shm_bytes"`
	Timezone    Timezone   `json:"timezone"`
	Settings    []Setting  `json:"settings"` // the seven sizing keys
	EnvFile     FileInfo   `json:"env_file"`
	Directories []FileInfo `json:"directories"` // the five volumes
	Users       int        `json:"users"`       // in the database
	SecretsOpen int        `json:"secrets_open"`
	SecretsShut int        `json:"secrets_shut"` // those that the keys in force do not open
}

// Timezone is the zone that the process reckons in.
type Timezone struct {
	TZ            string `json:"tz"` // the variable
	Name          string `json:"name"`
	OffsetSeconds int    `json:"offset_seconds"` // east of UTC
}

// Setting is one key as the container's environment and as .env give it. The
// app takes the one in .env where there is one (docs/openalgo-facts.md 1.7). A nil
// value is a key that is not set.
type Setting struct {
	Key         string  `json:"key"`
	Environment *string `json:"environment"`
	EnvFile     *string `json:"env_file"`
	InForce     *string `json:"in_force"`
}

// FileInfo is the owner and mode of a file or directory; Mode is octal, as
// "0600". A directory is writable when a file could be made in it; Error says
// why not.
type FileInfo struct {
	Path     string `json:"path"`
	Mode     string `json:"mode,omitempty"`
	UID      int    `json:"uid"`
	GID      int    `json:"gid"`
	Writable bool   `json:"writable"`
	Error    string `json:"error,omitempty"`
}

func (a *app) report() Report {
	hostname, _ := os.Hostname()
	r := Report{
		Version:  a.Version,
		Hostname: hostname,
		UID:      os.Getuid(),
		GID:      os.Getgid(),
		PID1:     firstProcess(),
		ShmBytes: capacity("/dev/shm"),
		Timezone: timezone(time.Now()),
		EnvFile:  info(a.EnvFile),
		Users:    a.db.users(),
	}
	r.SecretsOpen, r.SecretsShut, _ = secretsAt(a.Root)
	r.EnvFile.Writable = unix.Access(a.EnvFile, unix.W_OK) == nil
	for _, key := range sizing.EnvKeys() {
		r.Settings = append(r.Settings, a.settingFrom(key))
	}
	for _, name := range []string{"db", "log", "strategies", "keys", "tmp"} {
		d := info(filepath.Join(a.Root, name))
		if err := tryWrite(d.Path); err != nil {
			d.Error = err.Error()
		}
		d.Writable = d.Error == ""
		r.Directories = append(r.Directories, d)
	}
	return r
}

func (a *app) settingFrom(key string) Setting {
	s := Setting{Key: key}
	if v, ok := os.LookupEnv(key); ok {
		s.Environment, s.InForce = &v, &v
	}
	if v, ok := a.env.Get(key); ok {
		s.EnvFile, s.InForce = &v, &v
	}
	return s
}

func firstProcess() string {
	name, err := os.ReadFile("/proc/1/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// capacity is the size of the file system at path in bytes, 0 when there is none.
func capacity(path string) int64 {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return 0
	}
	return int64(fs.Blocks) * int64(fs.Bsize)
}

func timezone(now time.Time) Timezone {
	name, offset := now.Zone()
	return Timezone{TZ: os.Getenv("TZ"), Name: name, OffsetSeconds: offset}
}

func info(path string) FileInfo {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return FileInfo{Path: path, UID: -1, GID: -1, Error: err.Error()}
	}
	return FileInfo{
		Path: path,
		Mode: fmt.Sprintf("%04o", st.Mode&0o7777),
		UID:  int(st.Uid),
		GID:  int(st.Gid),
	}
}

// tryWrite makes a file and removes it: the only proof that holds for read
// only mounts and full disks too.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".rehearsal-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.WriteString("written by the test app\n"); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
