package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/backup"
)

// busy commits 50 times a second, and says in a file what is committed. Of a large
// file beside it a page in a hundred changes meanwhile.
const busy = `
import os, sqlite3, sys, time
con = sqlite3.connect("/app/db/busy.db", isolation_level=None)
con.execute("PRAGMA journal_mode=WAL")
con.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, text TEXT)")
size, n = int(sys.argv[1]) << 20, 0
with open("/app/db/history.bin", "wb") as f:
    for _ in range(size >> 20): f.write(os.urandom(1 << 20))
history = open("/app/db/history.bin", "r+b")
said = os.open("/app/db/committed", os.O_CREAT | os.O_WRONLY, 0o644)
while True:
    at = time.monotonic()
    n += 1
    con.execute("INSERT INTO orders (text) VALUES (?)", ("x" * 500,))
    os.pwrite(said, b"%012d" % n, 0)
    if sys.argv[2] == "1":
        os.pwrite(history.fileno(), os.urandom(4096), int.from_bytes(os.urandom(6), "big") % max(size - 4096, 1) if size else 0)
    time.sleep(max(0, 0.02 - (time.monotonic() - at)))
`

// looked is what SQLite says of a copy.
const looked = `
import sqlite3, sys
con = sqlite3.connect(sys.argv[1])
print(con.execute("PRAGMA integrity_check").fetchone()[0], con.execute("SELECT count(*), max(id) FROM orders").fetchone())
`

// environment is a number that a longer run is given.
func environment(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// clients are WebSockets that stay open, or are counted.
type clients struct {
	mu      sync.Mutex
	dropped []error
	open    []*websocket.Conn
}

func (c *clients) connect(t *testing.T, port, n int) {
	t.Helper()
	for range n {
		conn, _, err := websocket.Dial(t.Context(), fmt.Sprintf("ws://127.0.0.1:%d", port), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		c.open = append(c.open, conn)
		go func() {
			for {
				if _, _, err := conn.Read(t.Context()); err != nil {
					c.mu.Lock()
					defer c.mu.Unlock()
					c.dropped = append(c.dropped, err)
					return
				}
			}
		}()
	}
}

// A backup loses no row that was committed before its freeze, whatever is written
// meanwhile, and closes no connection. OPENALGO_FREEZES is how many are made (3),
// OPENALGO_FREEZE_MB how large the data is (8), and OPENALGO_FREEZE_WRITES=1 has a
// page of it change with each commit.
func TestBackupWhileItIsWritten(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("volumes are read by root")
	}
	i := withPython(t)
	python := os.Getenv("OPENALGO_PYTHON")
	if python == "" {
		missing(t, "no OPENALGO_PYTHON")
	}
	id, began := i.container().ID, i.startedAt(i.container().ID)
	writer := exec.CommandContext(t.Context(), "docker", "exec", id, "python3", "-c", busy,
		strconv.Itoa(environment("OPENALGO_FREEZE_MB", 8)), os.Getenv("OPENALGO_FREEZE_WRITES"))
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Process.Kill(); _ = writer.Wait() })
	said := filepath.Join(i.volume("/app/db"), "committed")
	committed := func(path string) int {
		text, _ := os.ReadFile(path)
		n, _ := strconv.Atoi(strings.TrimLeft(string(text), "0"))
		return n
	}
	deadline := time.Now().Add(10 * time.Minute)
	for committed(said) < 50 && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	var c clients
	c.connect(t, i.ws, 50)
	var frozen []int64
	for range environment("OPENALGO_FREEZES", 3) {
		before := committed(said)
		out := i.run("backup", "--now", "--json", "--to", t.TempDir())
		if out.code != 0 {
			t.Fatal(out.all())
		}
		frozen = append(frozen, frozenMS(t, out.stdout))
		db := unpacked(t, lastBackup(i).File)
		rows, err := exec.Command(python, "-c", looked, filepath.Join(db, "busy.db")).CombinedOutput()
		var count, last int
		if _, scan := fmt.Sscanf(string(rows), "ok (%d, %d)", &count, &last); err != nil || scan != nil {
			t.Fatalf("%v: %s", err, rows)
		}
		if until := committed(filepath.Join(db, "committed")); count != last || last < until || until < before {
			t.Fatalf("%d rows up to %d, and %d were committed, %d before the backup", count, last, until, before)
		}
		_, _ = os.RemoveAll(filepath.Dir(lastBackup(i).File)), os.RemoveAll(filepath.Dir(db))
	}
	for _, conn := range c.open {
		if err := conn.Ping(t.Context()); err != nil {
			t.Errorf("a connection is closed: %v", err)
		}
	}
	if c.mu.Lock(); len(c.dropped) > 0 || !i.startedAt(id).Equal(began) {
		t.Errorf("%d connections were closed, and it was started at %s", len(c.dropped), i.startedAt(id))
	}
	c.mu.Unlock()
	slices.Sort(frozen)
	t.Logf("frozen in ms: %v; half of them up to %d, the longest %d", frozen, frozen[len(frozen)/2], frozen[len(frozen)-1])
}

// frozenMS is for how long the result of a backup says that OpenAlgo was frozen.
func frozenMS(t *testing.T, lines string) int64 {
	t.Helper()
	for line := range strings.Lines(lines) {
		var e struct {
			Type     string `json:"type"`
			FrozenMS int64  `json:"frozen_ms"`
		}
		if json.Unmarshal([]byte(line), &e) == nil && e.Type == "result" && e.FrozenMS > 0 {
			return e.FrozenMS
		}
	}
	t.Fatalf("it was not frozen:\n%s", lines)
	return 0
}

// unpacked is where the databases of a backup are.
func unpacked(t *testing.T, file string) string {
	t.Helper()
	a, err := backup.Open(t.Context(), file, backup.Key{})
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	trees := map[string]string{}
	for _, tree := range a.Manifest.Trees {
		trees[tree.Name] = filepath.Join(to, tree.Name)
		if err := os.Mkdir(trees[tree.Name], 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Extract(t.Context(), trees); err != nil {
		t.Fatal(err)
	}
	return trees["db"]
}
