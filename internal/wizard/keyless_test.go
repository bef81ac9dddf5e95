package wizard

import (
	"strings"
	"testing"
)

// Who has no API key yet goes on without, and is told where it goes later.
func TestWithoutAnAPIKey(t *testing.T) {
	s := begin(t, testHost()).keys(toRedirect...).sees("Do you have an API key?", "Get it here: https://kite.trade")
	s.keys("<down>", "<enter>").sees("Options").keys("<enter>").sees("Review").keys("<enter>")
	s.sees("OpenAlgo is ready at", "There is no API key yet", "https://kite.trade", "set BROKER_API_KEY BROKER_API_SECRET")
	s = begin(t, testHost()).keys(toRedirect...).keys("<down>", "<enter>", "<esc>").sees("> Continue now")
	s.keys("<up>", "<enter>").sees("Credentials")
}

// The secrets of an instance stay where no other is typed, and are not shown.
func TestChangedAnswersKeepSecrets(t *testing.T) {
	host := testHost()
	installed(&host)
	s := begin(t, host).keys("<down>", "<down>", "<enter>", "<enter>", "<enter>", "<enter>").sees("> IIFL").keys("<enter>").sees("Redirect URL").seesNot("Do you have").keys("<enter>")
	s.sees("Credentials", "Leave empty to keep the current one.").keys("<enter>", "<enter>", "<enter>", "<enter>", "<enter>").sees("Port of the web")
	a, problems := s.m.draft.Answers()
	if len(problems) > 0 || !a.Broker.IsLater() || a.Broker.APIKey.Reveal() != "" {
		t.Errorf("%+v, %v", a.Broker, problems)
	}
	for range 7 {
		s.keys("<enter>")
	}
	s.sees("Review").keys("<enter>").sees("OpenAlgo is ready").seesNot("There is no API key yet")
}

// Of another broker nothing is there to be kept.
func TestAnotherBrokerNeedsItsOwnSecrets(t *testing.T) {
	host := testHost()
	installed(&host)
	s := begin(t, host).keys("<down>", "<down>", "<enter>", "<enter>", "<enter>", "<enter>").sees("> IIFL").keys("zerodha", "<enter>")
	s.sees("Do you have an API key?").keys("<enter>").sees("Credentials").seesNot("Leave empty").keys("<enter>").sees("is missing")
}

// A proxy of one's own leaves a step to the user, which comes first.
func TestOwnProxyComesFirst(t *testing.T) {
	s := begin(t, testHost()).keys(toHTTPS...).seesNot("One step").keys("<down>", "<down>", "<down>")
	s.sees("One step is yours")
	if screen := s.screen(); strings.Index(screen, "One step is yours") > strings.Index(screen, "Certificate and HTTPS proxy") {
		t.Error(screen)
	}
	s.keys("<enter>", "zerodha", "<enter>", "<enter>", "key-123456", "<enter>", "secret-123456", "<enter>", "<enter>").sees("Review", "! One step is yours").keys("<enter>")
	s.sees("After you complete step 1", "1. One step is yours: let your proxy serve https://algo.example.com", "127.0.0.1:5000, and /ws to 127.0.0.1:8765")
}

// A broker that the list lacks can be named, and is not chosen by itself.
func TestABrokerThatIsNotOnTheList(t *testing.T) {
	s := begin(t, testHost()).keys(toBroker...).keys("rupeezy").sees("No broker matches", "Use the broker id \"rupeezy\"").keys("<enter>").sees("press Down and Enter")
	s.keys("<down>", "<enter>").sees("Redirect URL", "https://algo.example.com/rupeezy/callback").keys("<esc>").sees("> rupeezy").keys("<enter>", "<enter>").sees("API key", "API secret")
	begin(t, testHost()).keys(toBroker...).keys("zerodah").sees("No broker matches").seesNot("Use the broker id")
}
