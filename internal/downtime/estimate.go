package downtime

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Estimate is how long a change will keep OpenAlgo down.
type Estimate struct {
	AboutMS int64  `json:"about_ms,omitempty"` // 0: not known
	Text    string `json:"text"`
	// Length and Why are the text's parts, for a question.
	Length string `json:"-"`
	Why    string `json:"-"`
}

// Change is what an estimate depends on.
type Change struct {
	Image   string // ID of the image that starts; "": it is not here yet
	Copies  bool   // data is copied while OpenAlgo is down
	TestApp bool
}

// known is how many starts count: the machine may have been busier before.
const known = 3

// Estimate says from the last starts how long a change keeps OpenAlgo down.
func (r Record) Estimate(c Change) Estimate {
	starts, other := r.startsOf(c.Image), c.Image == ""
	if len(starts) == 0 {
		starts, other = r.startsOf(""), true
	}
	e := Estimate{}
	switch {
	case len(starts) > 0:
		e.fromStarts(starts)
	case c.TestApp:
		e.Length, e.Why = "some seconds", "the test app starts at once"
	default:
		// docs/openalgo-facts.md 11.1
		e.Length, e.Why = "20 to 130 s", "starts take that long elsewhere; none was measured here yet"
	}
	var more []string
	if other && len(starts) > 0 {
		more = append(more, "another image may need longer")
	}
	if c.Copies {
		more = append(more, "copying its data adds to that")
	}
	if text := strings.Join(more, ", and "); text != "" {
		e.Why += ". " + strings.ToUpper(text[:1]) + text[1:]
	}
	e.Text = e.Length + " without OpenAlgo, as " + e.Why
	return e
}

// startsOf are the last starts that count, of one image; "" is any.
func (r Record) startsOf(image string) (out []Start) {
	for _, s := range r.Starts {
		if s.TookMS > 0 && (image == "" || s.Image == image) {
			out = append(out, s)
		}
	}
	return out[max(0, len(out)-known):]
}

// fromStarts takes the middle one of the last starts, the longer one of two, and
// the longest stop.
func (e *Estimate) fromStarts(starts []Start) {
	var took []int64
	var stop int64
	for _, s := range starts {
		took = append(took, s.TookMS)
		stop = max(stop, s.StopMS)
	}
	slices.Sort(took)
	about := rounded(time.Duration(took[len(took)/2]+stop) * time.Millisecond)
	e.AboutMS = about.Milliseconds()
	e.Length = fmt.Sprintf("about %d s", int(about.Seconds()))
	shortest, longest := seconds(took[0]), seconds(took[len(took)-1])
	switch {
	case len(took) == 1:
		e.Why = fmt.Sprintf("its last start took %s s", longest)
	case shortest == longest:
		e.Why = fmt.Sprintf("its last starts took %s s", longest)
	default:
		e.Why = fmt.Sprintf("its last starts took %s to %s s", shortest, longest)
	}
}

// seconds has a decimal below ten.
func seconds(ms int64) string {
	if ms < 9950 {
		return fmt.Sprintf("%.1f", float64(ms)/1000)
	}
	return fmt.Sprintf("%.0f", float64(ms)/1000)
}

// rounded is a duration to a second, to five from ten on, to ten from a minute on.
func rounded(d time.Duration) time.Duration {
	to := time.Second
	switch {
	case d > time.Minute:
		to = 10 * time.Second
	case d > 10*time.Second:
		to = 5 * time.Second
	}
	return max(time.Second, d.Round(to))
}
