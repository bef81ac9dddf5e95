// Package notify tells the owner of a machine what happens on it: by Telegram,
// e-mail, ntfy, Slack, Discord or a webhook. What cannot be sent is kept and sent
// later.
package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Severity is how bad it is what a message tells.
type Severity int

// The severities. Info is nothing bad, a Warning will hurt later, a Problem hurts now.
const (
	Info Severity = iota
	Warning
	Problem
)

func (s Severity) String() string {
	return [...]string{"info", "warning", "problem"}[min(max(s, Info), Problem)]
}

// Message is one thing to tell. Whoever makes it takes the instance's secrets out of
// its texts; see settings.Redactor.
type Message struct {
	Event    string    `json:"event"`              // for programs, for example not-ready
	Instance string    `json:"instance,omitempty"` // "" is the machine
	Title    string    `json:"title"`              // what happened, without a full stop
	Text     string    `json:"text,omitempty"`     // why, or more about it
	Command  string    `json:"command,omitempty"`  // what helps, whole: sudo openalgo-install doctor
	Severity Severity  `json:"severity"`
	Ended    bool      `json:"ended,omitempty"` // what an earlier message told is over
	At       time.Time `json:"at"`
	Since    time.Time `json:"since,omitzero"` // when it began
}

// Most of a message, and of one call.
const (
	mostText     = 1500
	mostMessages = 50
)

// tidy makes a message fit to be kept and shown.
func (c *courier) tidy(m Message) Message {
	for _, text := range []*string{&m.Event, &m.Instance, &m.Title, &m.Text, &m.Command} {
		*text = c.redact(strings.TrimSpace(printable.Text(*text)))
		*text = cut(*text, mostText)
	}
	m.Title, m.Command = printable.Line(m.Title), printable.Line(m.Command)
	if m.At.IsZero() {
		m.At = c.now()
	}
	return m
}

// cut shortens a text to a number of bytes, between characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const end = " …"
	text = text[:most-len(end)]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return strings.TrimSpace(text) + end
}

// sentence is what a message tells a person, without the command.
func (m Message) sentence() string {
	text := m.Title
	if m.Text != "" {
		sign := ": "
		if first, _ := utf8.DecodeRuneInString(m.Text); unicode.IsUpper(first) {
			sign = ". "
		}
		text += sign + m.Text
	}
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") {
		text += "."
	}
	return text
}

// letter is what goes out at once to one address.
type letter struct {
	messages []Message
	host     string // the machine's name
	version  string
	title    string
	body     string // below the title, with it as its first words where there is one message
	severity Severity
	ended    bool // all are
}

// late is how old a message is that was not sent at once.
const late = 10 * time.Minute

// compose makes one letter of several messages. dropped is how many never arrived.
func (c *courier) compose(messages []Message, dropped int) letter {
	l := letter{messages: messages, host: c.host, version: c.version, ended: true}
	var parts []string
	for _, m := range messages {
		text := m.sentence()
		if c.now().Sub(m.At) > late {
			text += "\nThis is from " + market.Text(m.At) + " and could not be sent before."
		}
		if m.Command != "" {
			text += "\nOn the server" + spaced(c.host) + ": " + m.Command
		}
		parts = append(parts, text)
		l.ended = l.ended && m.Ended
		if !m.Ended {
			l.severity = max(l.severity, m.Severity)
		}
	}
	l.title = cut(messages[0].Title, 150)
	if len(messages) > 1 {
		l.title = fmt.Sprintf("OpenAlgo: %d messages", len(messages)) + from(c.host)
	}
	if dropped > 0 {
		parts = append(parts, printable.Count(dropped, "older message")+" could not be sent in time and was dropped.")
		if dropped > 1 {
			parts[len(parts)-1] = strings.Replace(parts[len(parts)-1], "was dropped", "were dropped", 1)
		}
	}
	l.body = strings.Join(parts, "\n\n")
	return l
}

func spaced(host string) string {
	if host == "" {
		return ""
	}
	return " " + host
}

func from(host string) string {
	if host == "" {
		return ""
	}
	return " from " + host
}
