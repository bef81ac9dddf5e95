package broker

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/brokers.md and the README's list again")

// marks are around what is written into the README.
const (
	listBegins = "<!-- The list of brokers is written by make docs. -->\n"
	listEnds   = "<!-- End of the list. -->\n"
)

const pageHead = `# Find your broker's id and credentials

An answers file names the broker by its id. The wizard shows the names. This page
lists both, with what each broker calls its two credentials, and where you get them.

## Before you start

- Open an account with the broker, and its developer portal.
- Register the redirect URL there, exactly: ` + "`https://DOMAIN/ID/callback`" + ` with a
  domain, ` + "`http://127.0.0.1:5000/ID/callback`" + ` without one.
- Register the public IP address of your server there, if your broker asks for one.

## Reference

The portals are those that OpenAlgo's own source names. The credentials are ` + "`broker.api_key` and `broker.api_secret`" + ` in an
[answers file](answers.md). Brokers on the XTS platform need a second pair for market
data: ` + "`broker.market_api_key` and `broker.market_api_secret`" + `.

`

// page is docs/brokers.md.
func page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("| Broker | Id | API key | API secret | Portal | Notes |\n|---|---|---|---|---|---|\n")
	for _, broker := range All() {
		var notes []string
		switch broker.Kind {
		case XTS:
			notes = append(notes, "XTS: needs the second pair")
		case Crypto:
			notes = append(notes, "crypto: trades all day, every day")
		case Sandbox:
			notes = append(notes, "sandbox: no real orders")
		}
		if broker.SecretOptional {
			notes = append(notes, "the secret may be empty")
		}
		key := broker.KeyLabel
		if broker.keyFormat != "" {
			key += ": `" + broker.keyFormat + "`"
		}
		portal := "ask your broker"
		if at := broker.Portal(); at != "" {
			portal = "[" + strings.TrimPrefix(at, "https://") + "](" + at + ")"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", broker.Name, broker.ID, key, broker.SecretLabel, portal, strings.Join(notes, "; "))
	}
	return b.String()
}

// list is the README's list.
func list() string {
	var names []string
	for _, broker := range All() {
		names = append(names, broker.Name)
	}
	last := len(names) - 1
	return fmt.Sprintf("%d brokers: %s and %s.\n", len(names), strings.Join(names[:last], ", "), names[last])
}

// The page of brokers and the README's list are what the table of brokers has.
func TestPages(t *testing.T) {
	const readme, docs = "../../README.md", "../../docs/brokers.md"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), listBegins)
	_, after, ends := strings.Cut(rest, listEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the list of brokers", readme)
	}
	for path, want := range map[string]string{
		readme: before + listBegins + "\n" + list() + "\n" + listEnds + after,
		docs:   page(),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not what the table of brokers says (make docs writes it): %v", path, err)
		}
	}
}
