package envfile

import (
	"regexp"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

var (
	secretParts = []string{"KEY", "SECRET", "PEPPER", "SALT", "PASS", "PWD", "TOKEN", "CREDENTIAL"}
	secretWords = map[string]bool{"PIN": true, "MPIN": true, "OTP": true, "TOTP": true, "DSN": true}
)

// IsSecret reports whether a setting's value must not be shown. It goes by the
// name and rather says yes; by the value where that has a password in it, as
// DATABASE_URL may.
func IsSecret(key, value string) bool {
	key = strings.ToUpper(key)
	switch {
	case loginURL.MatchString(value):
		return true
	case strings.HasSuffix(key, "_DIR"), strings.HasSuffix(key, "_NAME"), strings.HasPrefix(key, "CORS_"):
		return false
	}
	for _, part := range secretParts {
		if strings.Contains(key, part) {
			return true
		}
	}
	for _, word := range strings.Split(key, "_") {
		if secretWords[word] {
			return true
		}
	}
	return false
}

var (
	// loginURL is an address with a password in it, under whatever key.
	loginURL = regexp.MustCompile(`://[^/\s@]*:[^/\s]*@`)
	// mention is an assignment inside a comment.
	mention = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\s*[=:]`)
)

// Masked returns a .env fit to be shown in a diff: the value of every secret
// key, what follows it on the line, assignments of such keys in comments, and
// all lines that cannot be read say [secret].
func Masked(data []byte) []byte {
	text := string(data)
	var edits []edit
	for _, e := range scan(text) {
		end := e.start + len(strings.TrimRight(text[e.start:e.end], "\r\n"))
		var from int
		switch e.kind {
		case broken:
			from = e.start
			if i := strings.IndexAny(text[e.start:end], "=\r\n"); i >= 0 && text[e.start+i] == '=' {
				from = e.start + i + 1
			}
		case assignment:
			if e.assigned && e.value != "" && IsSecret(e.key, e.value) {
				from = e.valStart
			} else if e.assigned {
				from = maskFrom(text, e.valEnd, end)
			} else {
				from = maskFrom(text, e.keyEnd, end)
			}
		default:
			from = maskFrom(text, e.start, end)
		}
		if from < end {
			edits = append(edits, edit{from, end, secret.Mask})
		}
	}
	return []byte(splice(text, edits))
}

// maskFrom returns where a secret may begin in a comment, or end.
func maskFrom(text string, start, end int) int {
	part := text[start:end]
	for _, at := range mention.FindAllStringSubmatchIndex(part, -1) {
		if IsSecret(part[at[2]:at[3]], "") && strings.TrimSpace(part[at[1]:]) != "" {
			return start + at[1]
		}
	}
	if at := loginURL.FindStringIndex(part); at != nil {
		return start + at[0]
	}
	return end
}
