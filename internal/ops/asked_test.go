package ops_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

func setting(value string) ops.Command {
	return ops.Set(settings.Edit{Set: []settings.Var{{Key: "LOG_LEVEL", Value: secret.New(value)}}})
}

// While a question is open, other commands need not wait. What they change meanwhile is
// shown and asked again.
func TestAQuestionHoldsNoLock(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	asked := 0
	s := b.session()
	s.Confirm = func(*plan.Plan) (bool, error) {
		held, holder, err := instance.Dir(b.dir).TryLock()
		if err != nil || held == nil {
			t.Errorf("the lock is held by %s: %v", holder, err)
			return true, err
		}
		held.Release()
		if asked++; asked == 1 {
			b.do(setting("WARNING")) // another command
		}
		return true, nil
	}
	b.events = nil
	if _, err := s.Do(t.Context(), setting("DEBUG")); err != nil {
		t.Fatal(err)
	}
	if asked != 2 || b.env("LOG_LEVEL") != "DEBUG" {
		t.Errorf("asked %d times, LOG_LEVEL=%s", asked, b.env("LOG_LEVEL"))
	}
	shown := 0
	for _, e := range b.events {
		if e.Type == event.TypePlan && e.Shown {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("%d plans are reported as read", shown)
	}
}

// Commands that change each other's plan without an end do not ask without an end.
func TestAPlanThatNeverStays(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	values, asked := []string{"WARNING", "ERROR"}, 0
	s := b.session()
	s.Confirm = func(*plan.Plan) (bool, error) {
		asked++
		b.do(setting(values[asked%2]))
		return true, nil
	}
	_, err := s.Do(t.Context(), setting("DEBUG"))
	if finding.IDOf(err) != "plan-changed" || finding.EndOf(err) != finding.Unchanged || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
