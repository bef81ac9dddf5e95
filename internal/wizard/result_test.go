package wizard

import (
	"context"
	"errors"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// TestFailureSaysItsEndOnce wants no second sentence on the state of the machine, and
// no key for a log that is empty.
func TestFailureSaysItsEndOnce(t *testing.T) {
	host := testHost()
	host.Install = func(context.Context, answers.Answers, event.Reporter) (event.Result, error) {
		return event.Result{}, &finding.Error{Kind: finding.RolledBack, Err: errors.New("it stopped"), End: "Rolled back. OpenAlgo is not installed."}
	}
	s := begin(t, host).keys(toApply...).until("r Retry")
	s.sees("OpenAlgo is not installed").seesNot("All changes were undone").seesNot("l Show log")
	s.keys("l").sees("OpenAlgo is not installed")
}

// TestCodeIsForAnotherDevice wants no QR code of an address that means whatever opens
// it.
func TestCodeIsForAnotherDevice(t *testing.T) {
	for url, want := range map[string]bool{"http://127.0.0.1:5000": false, "https://algo.example.com": true} {
		host := testHost()
		host.Install = func(context.Context, answers.Answers, event.Reporter) (event.Result, error) {
			return event.Result{Changed: true, URL: url}, nil
		}
		s := begin(t, host).keys(toApply...).until("Enter Quit")
		if want {
			s.sees("Q QR").keys("Q").sees("QR code")
		} else {
			s.seesNot("Q QR").keys("Q").seesNot("QR code")
		}
	}
}

// TestReviewTellsOfAnotherRedirectURL changes the port after the page with the
// redirect URL was shown.
func TestReviewTellsOfAnotherRedirectURL(t *testing.T) {
	begin(t, testHost()).keys(toReview...).sees("Review").seesNot("has changed since you last saw it")
	s := begin(t, testHost()).keys(toReview...)
	s.m.told = "http://127.0.0.1:5000/zerodha/callback"
	s.keys("r").sees("has changed since you last saw it")
}

// TestResultSaysEverythingOnce wants the steps, and no note of the run that repeats one.
func TestResultSaysEverythingOnce(t *testing.T) {
	host := testHost()
	host.Install = func(_ context.Context, a answers.Answers, to event.Reporter) (event.Result, error) {
		for _, text := range []string{"next: open it and create your account", "at Zerodha the redirect URL must be exactly http://127.0.0.1:5000/zerodha/callback", "a swap file is in use"} {
			to.Report(event.Event{Type: event.TypeNote, Message: text})
		}
		return event.Result{Changed: true, URL: a.Origin()}, nil
	}
	s := begin(t, host).keys(toApply...).until("Enter Quit").keys("end")
	s.sees("Note: a swap file is in use").seesNot("Note: next").seesNot("Note: at Zerodha")
}

// TestAChangeIsApplied wants no word of an install where one is changed.
func TestAChangeIsApplied(t *testing.T) {
	host := testHost()
	for again, want := range map[bool]string{false: "Enter Install", true: "Enter Apply"} {
		s := begin(t, host).keys(toReview...)
		s.m.host.Again = again
		s.keys("r").sees(want)
	}
}
