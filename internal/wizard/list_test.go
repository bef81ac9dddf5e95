package wizard

import "testing"

// Enter alone never takes the first broker: it says what to do.
func TestNoBrokerIsPreselected(t *testing.T) {
	s := begin(t, testHost()).keys(toBroker...).seesNot("> A").sees("1-", " of 36")
	s.keys("<enter>").sees("choose a broker with the arrow keys")
	s.keys("ze").sees("2 of 36 match").keys("<enter>").sees("2 match; choose one")
	if got := s.m.draft.Get("broker.name"); got != "" {
		t.Errorf("%q was chosen", got)
	}
	s.keys("<down>", "<down>", "<enter>").sees("Zerodha's developer portal")
}

// Esc clears a search first, and never loses what was chosen.
func TestEscKeepsTheChoice(t *testing.T) {
	s := begin(t, testHost()).keys(toRedirect...).keys("<esc>").sees("> Zerodha")
	s.keys("robinhood").sees(`No broker matches "robinhood". Press Esc to clear.`).keys("<enter>").sees("Search: robinhood")
	s.keys("<esc>").sees("> Zerodha", "Search:").seesNot("robinhood", "! ")
	s.keys("<esc>").sees("HTTPS").keys("<enter>", "<enter>").sees("> Zerodha")
	s.keys("<down>", "<esc>").sees("HTTPS") // moved, and left: it is the choice
	s.keys("<enter>", "<enter>", "<up>", "<enter>").sees("Redirect URL")
}

// What was searched for is still there when somebody comes back.
func TestSearchIsKept(t *testing.T) {
	s := begin(t, testHost()).keys(toBroker...).keys("xts", "<shift+tab>").sees("HTTPS").keys("<enter>", "<enter>").sees("Search: xts", "of 36 match")
	s.keys("<down>", "<esc>").sees("> CompositEdge").keys("<esc>", "<enter>", "<enter>").sees("> CompositEdge").seesNot("Search: xts")
}

// The path typed on the page that saves the answers survives a way back.
func TestSavePageIsKept(t *testing.T) {
	s := begin(t, testHost()).keys(toReview...).keys("s", "<ctrl+u>", "/tmp/mine.yaml", "<esc>").sees("Review").keys("s").sees("/tmp/mine.yaml")
	s.keys("<enter>", "<down>", "<esc>", "s", "<enter>").sees("> Write them into")
}
