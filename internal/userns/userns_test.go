package userns

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		owner, euid int
		want        Standing
	}{
		{1000, 1000, Outside},
		{0, 0, Inside},
		{1000, 0, Anothers}, // root, by DOCKER_HOST
		{1001, 1000, Anothers},
		{Nobody, 0, Anothers}, // in the namespace of another user
		{-1, 1000, Anothers},
		{-1, 0, Anothers},
	} {
		if got := Of(c.owner, c.euid); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestWhoseSocket(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		owner, euid int
		root, want  bool
	}{
		{0, 0, true, false},       // root's, as root sees it
		{0, 1000, false, false},   // as a user of its group does
		{1000, 1000, false, true}, // a user's
		{1000, 0, true, true},     // as root sees it
		{0, 0, false, true},       // from inside
		{Nobody, 0, false, true},  // of another user, from inside
		{-1, 1000, false, false},  // not known
	} {
		if got := IsUsers(c.owner, c.euid, c.root); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestMaps(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		whole bool
		root  int // the user who is root there; -1 is nobody
	}{
		"         0          0 4294967295\n":                  {true, 0},
		"         0       1000          1\n 1 100000 65536\n": {false, 1000},
		"         1     100000      65536\n 0 1000 1\n":       {false, 1000},
		"0 100000 65536\n":                                    {false, 100000},
		"1000 1000 1\n":                                       {false, -1},
		"0 1000 0\n":                                          {false, -1},
		"":                                                    {true, -1},
		"0 1000\n":                                            {true, -1},
		"0 1000 1 1\n":                                        {true, -1},
		"0 -1000 1\n":                                         {true, -1},
		"0 1e3 1\n":                                           {true, -1},
		"0 99999999999999999999 1\n":                          {true, -1},
		"root:100000:65536\n":                                 {true, -1},
		strings.Repeat("0 1000 1\n", mostRanges+1): {true, -1},
		"0 1000 1\x00\n": {true, -1},
		"0 1000 1\n" + strings.Repeat("1 100000 1\n", mostRanges-1): {false, 1000},
	} {
		if isWhole(text) != want.whole {
			t.Errorf("%.60q: whole: %v", text, !want.whole)
		}
		for _, uid := range []int{0, 1000, 100000} {
			if got := rootIs(text, uid); got != (uid == want.root) {
				t.Errorf("%.60q: %d is root: %v", text, uid, got)
			}
		}
	}
}

func TestRemapBase(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]int{
		"/var/lib/docker/100000.100000":         100000,
		"/mnt/data/docker/231072.231072":        231072,
		"100000.100000":                         100000,
		"/var/lib/docker":                       0,
		"/var/lib/docker/100000.100000/":        0,
		"/var/lib/docker/100000":                0,
		"/var/lib/docker/100000.200000":         0, // not one user: ask Docker
		"/var/lib/docker/0.0":                   0,
		"/var/lib/docker/-1.-1":                 0,
		"/var/lib/docker/+100.+100":             0,
		"/var/lib/docker/0100.0100":             0,
		"/var/lib/docker/1e5.1e5":               0,
		"/var/lib/docker/9999999999.9999999999": 0,
		"/var/lib/docker/100000.100000\n":       0,
		"":                                      0,
		".":                                     0,
	} {
		if got := RemapBase(dir); got != want {
			t.Errorf("%q: %d, want %d", dir, got, want)
		}
	}
}

func TestOwnerOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for endpoint, want := range map[string]int{"unix://" + path: os.Geteuid(), "unix://" + dir: -1, "unix://" + path + "x": -1, "tcp://" + path: -1, path: -1} {
		if got := OwnerOf(endpoint); got != want {
			t.Errorf("%s: %d, want %d", endpoint, got, want)
		}
	}
	// Who listens is this process, which is in no namespace of a Docker.
	if got := listenerPID(path); got != os.Getpid() {
		t.Errorf("%d listens, want %d", got, os.Getpid())
	}
	if got := processIn(path); got != 0 {
		t.Errorf("%d is a process of Docker's", got)
	}
}

// What is in the place of a file with a process's number is not followed.
func TestProcessFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(at("good", "4711\n"), link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		at("a", "4711"): 4711, at("b", " 12 \n"): 12, at("c", "-1"): 0, at("d", ""): 0, at("e", "../1"): 0, at("f", "1 2"): 0,
		link: 0, dir: 0, filepath.Join(dir, "none"): 0,
	} {
		if got := pidIn(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

// A program that cannot get there says why, and goes on.
func TestEnterWithoutAnEngine(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"tcp://127.0.0.1:1", "unix://" + filepath.Join(t.TempDir(), "none")} {
		if err := Enter(endpoint, []string{"version"}, nil); err == nil {
			t.Errorf("%s: entered", endpoint)
		}
	}
}

func TestUser(t *testing.T) {
	t.Parallel()
	if IsRoot() && User() != 0 || os.Geteuid() != 0 && (IsRoot() || User() != os.Geteuid()) {
		t.Errorf("user %d, root %v, effective %d", User(), IsRoot(), os.Geteuid())
	}
}
