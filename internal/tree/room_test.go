package tree

import (
	"errors"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// An undo needs room on the data's own disk: it moves what it finds aside there,
// and copies the data back from another disk.
func TestRoomForTheWayBack(t *testing.T) {
	const mib = 1 << 20
	free := func(n int) *host.DiskFacts { return &host.DiskFacts{FreeMiB: n + MinDirMiB} }
	for name, c := range map[string]struct {
		room              Room
		archived          int64
		upgrades, restore bool // there is room
	}{
		"one disk, room for the copy":          {Room{Present: 100 * mib, Keep: free(100), Data: free(100)}, 100 * mib, true, true},
		"one disk, the backup is larger":       {Room{Present: 100 * mib, Keep: free(100), Data: free(100)}, 150 * mib, true, false},
		"one disk, the last copy makes room":   {Room{Present: 100 * mib, Last: 100 * mib, Keep: free(50), Data: free(50)}, 150 * mib, true, true},
		"no room for the copy":                 {Room{Present: 100 * mib, Keep: free(50), Data: free(500), Apart: true}, 10 * mib, false, false},
		"no room for the way back":             {Room{Present: 100 * mib, Keep: free(500), Data: free(50), Apart: true}, 100 * mib, false, false},
		"a disk of its own with room for both": {Room{Present: 100 * mib, Keep: free(500), Data: free(100), Apart: true}, 100 * mib, true, true},
		"nothing is known of it":               {Room{}, 100 * mib, true, true},
		"a new instance, with room for it":     {Room{Data: free(100)}, 100 * mib, true, true},
		"a new instance, and too large for it": {Room{Data: free(50)}, 100 * mib, true, false},
	} {
		if err := errors.Join(c.room.Keeps(), c.room.WayBack()); (err == nil) != c.upgrades {
			t.Errorf("%s: an upgrade: %v", name, err)
		}
		if err := c.room.Fits(c.archived); (err == nil) != c.restore {
			t.Errorf("%s: a restore: %v", name, err)
		}
	}
}
