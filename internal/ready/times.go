package ready

import "time"

// LongestStart is how long a start may take that gets further.
const LongestStart = 20 * time.Minute

const (
	// PollEvery is how often a starting OpenAlgo is asked.
	PollEvery = 500 * time.Millisecond
	// questionTime bounds one question: the first request may block for 30 s while
	// the database is made.
	questionTime = 35 * time.Second
	// webSocketTime bounds a handshake.
	webSocketTime = 5 * time.Second
	// HTTPSPatience is how long HTTPS may take once OpenAlgo itself answers.
	HTTPSPatience = 15 * time.Second
	// settleTime is how long the last lines of a container that has ended may take.
	settleTime = time.Second
	// stillTime is how long a start may take without getting further. OpenAlgo runs
	// its migrations on every start, which takes minutes on a small or busy server:
	// as long as the health check's start_period.
	stillTime = 5 * time.Minute
)

// times are how long the parts of a wait may take.
type times struct {
	poll     time.Duration
	still    time.Duration // without getting further
	whole    time.Duration // in all
	patience time.Duration // of wrong answers: the web server may be up before the rest is
	steady   time.Duration // that right answers must last
	say      time.Duration // how often a wait says that it still waits
	https    time.Duration
	// health is the least of still where Docker's health check is the proof. Before
	// Docker 25 it asks for the first time 30 s after the start, start_period or not.
	health time.Duration
}

// healthTime has room for two questions of the health check.
const healthTime = 90 * time.Second

var (
	appTimes  = times{PollEvery, stillTime, LongestStart, 30 * time.Second, 2 * time.Second, 30 * time.Second, HTTPSPatience, healthTime}
	testTimes = times{100 * time.Millisecond, 20 * time.Second, LongestStart, 6 * time.Second, 200 * time.Millisecond, 30 * time.Second, HTTPSPatience, healthTime}
)

func (p *Prober) timesOf(t Target) times {
	out := appTimes
	switch {
	case p.times != nil:
		out = *p.times
	case t.TestApp:
		out = testTimes
	}
	if !t.Local {
		out.still = max(out.still, out.health)
	}
	switch {
	case p.Wait > 0 && !t.Before:
		out.still, out.whole = p.Wait, p.Wait
	case p.Wait > 0:
		out.still, out.whole = max(p.Wait, out.still), max(p.Wait, out.whole)
	}
	return out
}
