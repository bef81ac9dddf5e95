package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// brokerToBe is the broker that an instance has once these settings are made.
func brokerToBe(a *app, args []string) broker.Broker {
	id := settings.BrokerOf(world.EnvOf(a.dir))
	for _, arg := range args {
		if key, value, _ := strings.Cut(arg, "="); key == keyBroker {
			id = strings.TrimSpace(value)
		}
	}
	b, _ := broker.Of(id)
	return b
}

// asking is the question for the value of a setting, by the name that the broker itself
// has for it.
func asking(b broker.Broker, key string) string {
	label, hint := key, ""
	switch key {
	case "BROKER_API_KEY":
		label, hint = b.KeyLabel, b.KeyHint
	case "BROKER_API_SECRET":
		label, hint = b.SecretLabel, b.SecretHint
	case "BROKER_API_KEY_MARKET":
		label = "API key for market data"
	case "BROKER_API_SECRET_MARKET":
		label = "API secret for market data"
	}
	if label == "" {
		label = key
	}
	if hint != "" {
		label += ", " + hint
	}
	return label + " (what you type is not shown): "
}

// askCredentials asks for what another broker gave: those of the previous one are of
// no use to it.
func (c *setCommand) askCredentials(ctx context.Context, lines *bufio.Reader, e *settings.Edit) error {
	b, ok := broker.Of(e.Broker)
	env := world.EnvOf(c.dir)
	if !ok || settings.BrokerOf(env) == e.Broker {
		return nil // refused later, or nothing to do
	}
	if _, known := broker.Find(b.ID); !known && !settings.Listed(env, b.ID) {
		return usage("OpenAlgo has no broker %q%s", b.ID, didYouMean(b.ID)).Ending(finding.Unchanged)
	}
	var missing []string
	for _, v := range b.Env("", broker.Credentials{}) {
		optional := v.Key == "BROKER_API_SECRET" && b.SecretOptional
		if v.Secret && !optional && !slices.ContainsFunc(e.Set, func(have settings.Var) bool { return have.Key == v.Key }) {
			missing = append(missing, v.Key)
		}
	}
	if len(missing) > 0 && !isTerminal(c.stdin) {
		return usage("%s needs credentials of its own: %s", b.Name, strings.Join(missing, ", ")).
			With(finding.Hint{Do: "Name them, and give their values on stdin, a line each", Args: append([]string{"set", keyBroker + "=" + b.ID}, missing...)}).Ending(finding.Unchanged)
	}
	if len(missing) > 0 {
		present.Sentence(c.stderr, fmt.Sprintf("%s needs credentials of its own. Get them here: %s", b.Name, b.Where()))
	}
	for _, key := range missing {
		value, err := c.readValue(ctx, lines, b, key)
		if err != nil {
			return err
		}
		e.Set = append(e.Set, settings.Var{Key: key, Value: value})
	}
	return nil
}

// didYouMean names the broker that was most likely meant.
func didYouMean(id string) string {
	if near, ok := broker.Nearest(id); ok {
		return fmt.Sprintf(". Did you mean %q?", near)
	}
	return ""
}

// readValue asks for a value, or reads the next line of stdin. b is the broker that
// credentials are of.
func (c *setCommand) readValue(ctx context.Context, lines *bufio.Reader, b broker.Broker, key string) (secret.Text, error) {
	if isTerminal(c.stdin) {
		text, err := readHidden(ctx, c.app, asking(b, key))
		if err != nil {
			return secret.Text{}, fmt.Errorf("reading %s: %w", key, err)
		}
		return secret.New(strings.TrimSpace(text)), nil
	}
	text, err := readfile.Line(ctx, lines, readfile.Config)
	switch {
	case ctx.Err() != nil:
		return secret.Text{}, errCancelled
	case errors.Is(err, readfile.ErrTooLarge):
		return secret.Text{}, usage("the value of %s: %v", key, err)
	case err != nil && text == "":
		return secret.Text{}, usage("%s has no value: write %[1]s=VALUE, or give it on stdin", key)
	}
	return secret.New(strings.TrimRight(text, "\r\n")), nil
}
