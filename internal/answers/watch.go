package answers

import "time"

// Watch is whether this machine watches its instances after the install. It belongs to
// the machine: an install without it leaves the watch as it is.
type Watch struct {
	Enabled bool
	// PreOpen is when the line before the market opens is sent, HH:MM IST, or off; ""
	// is the usual time.
	PreOpen string
}

func (w *Watch) fields() []field {
	return []field{
		{name: "enabled", value: boolean(&w.Enabled).unless(false)},
		{name: "preopen", value: text(&w.PreOpen, `"08:45"`).unless("")},
	}
}

func (w *Watch) check(r *reader) {
	at, err := time.Parse("15:04", w.PreOpen)
	if w.PreOpen != "" && w.PreOpen != "off" && (err != nil || at.Format("15:04") != w.PreOpen) {
		r.wrong("watch.preopen", "%s is not a time in IST: write HH:MM in quotes, for example \"08:45\", or off", quote(w.PreOpen))
	}
}
