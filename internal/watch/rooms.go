package watch

import (
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// How much is remembered of disks: a sample an hour, for two weeks.
const (
	mostRooms   = 8
	sampleEvery = time.Hour
	mostSamples = 14 * 24
)

// A forecast needs this much of a past, and is told when the end is this near.
const (
	leastPast   = 24 * time.Hour
	shortPast   = 6 * time.Hour // for an end within two days
	nearEnd     = 7 * 24 * time.Hour
	veryNearEnd = 2 * 24 * time.Hour
)

// room is what a file system has left now.
type room struct {
	id     string // of its device
	path   string
	free   int64 // MiB
	total  int64
	inodes int64 // -1: no limit
}

// sample is a room at a time.
type sample struct {
	At     time.Time `json:"at"`
	Free   int64     `json:"free"`
	Inodes int64     `json:"inodes"`
}

// roomsSeen is a file system, and what it had left.
type roomsSeen struct {
	Path    string   `json:"path"`
	Total   int64    `json:"total"`
	Samples []sample `json:"samples"`
}

func (d *roomsSeen) tidy(now time.Time) {
	d.Path = short(d.Path)
	var kept []sample
	for _, s := range d.Samples {
		before := len(kept) == 0 || kept[len(kept)-1].At.Before(s.At)
		if !s.At.After(now) && before && s.Free >= 0 {
			kept = append(kept, s)
		}
	}
	d.Samples = kept[max(len(kept)-mostSamples, 0):]
}

// roomOf measures the file system of a path; false where it cannot be.
func roomOf(path string) (room, bool) {
	d, err := host.Disk(path)
	var s unix.Stat_t
	if err != nil || unix.Stat(d.Path, &s) != nil {
		return room{}, false
	}
	return room{id: strconv.FormatUint(uint64(s.Dev), 16), path: d.Path, free: int64(d.FreeMiB), total: int64(d.TotalMiB), inodes: int64(d.FreeInodes)}, true
}

// fill remembers rooms, and returns which of them will be full soon.
func (s *State) fill(rooms []room, now time.Time) (out []Finding) {
	for _, r := range rooms {
		d := s.Disks[r.id]
		if d == nil {
			if len(s.Disks) >= mostRooms {
				continue
			}
			d = &roomsSeen{}
			s.Disks[r.id] = d
		}
		d.Path, d.Total = r.path, r.total
		n := len(d.Samples)
		if n == 0 || now.Sub(d.Samples[n-1].At) >= sampleEvery {
			d.Samples = append(d.Samples, sample{now, r.free, r.inodes})
		}
		d.tidy(now)
		out = append(out, d.forecast(r, now)...)
	}
	return out
}

// forecast says when a file system will be full, if that is soon.
func (d *roomsSeen) forecast(r room, now time.Time) (out []Finding) {
	clean := finding.Prompt{Sudo: true}.Command("clean")
	free := func(s sample) int64 { return s.Free }
	if lost, ends := d.ends(free, r.free, max(d.Total/100, 64), now); !ends.IsZero() {
		out = append(out, Finding{ID: "disk-fills", Machine: true, Command: clean, Text: fmt.Sprintf("%s has %s free and loses %s a day. It is full on %s",
			r.path, printable.Size(r.free<<20), printable.Size(lost<<20), market.Day(ends))})
	}
	if r.inodes < 0 {
		return out
	}
	inodes := func(s sample) int64 { return s.Inodes }
	if lost, ends := d.ends(inodes, r.inodes, 1000, now); !ends.IsZero() {
		out = append(out, Finding{ID: "disk-fills", Machine: true, Command: clean, Text: fmt.Sprintf("%s has space for %d more files and gets %d a day. It is full on %s",
			r.path, r.inodes, lost, market.Day(ends))})
	}
	return out
}

// ends is when nothing is left of what now is left, by a straight line through the
// samples; zero: not soon. A loss of less than least is noise.
func (d *roomsSeen) ends(value func(sample) int64, left, least int64, now time.Time) (perDay int64, ends time.Time) {
	all := sinceCleared(d.Samples, value, least)
	if len(all) < 4 {
		return 0, time.Time{}
	}
	past := now.Sub(all[0].At)
	lost := value(all[0]) - left
	slope := slopeOf(all, value) // an hour
	if past < shortPast || lost < least || slope >= 0 {
		return 0, time.Time{}
	}
	hours := float64(left) / -slope
	if hours > nearEnd.Hours() || past < leastPast && hours > veryNearEnd.Hours() {
		return 0, time.Time{}
	}
	return int64(-slope * 24), now.Add(time.Duration(hours * float64(time.Hour)))
}

// sinceCleared are the samples since room was made last, by `clean` or by a person.
func sinceCleared(all []sample, value func(sample) int64, least int64) []sample {
	from := 0
	for n := 1; n < len(all); n++ {
		if value(all[n])-value(all[n-1]) > least {
			from = n
		}
	}
	return all[from:]
}

// slopeOf is what a value gains an hour, by least squares.
func slopeOf(all []sample, value func(sample) int64) float64 {
	var x, y, xx, xy float64
	n := float64(len(all))
	for _, s := range all {
		hours := s.At.Sub(all[0].At).Hours()
		v := float64(value(s))
		x, y, xx, xy = x+hours, y+v, xx+hours*hours, xy+hours*v
	}
	if d := n*xx - x*x; d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}
