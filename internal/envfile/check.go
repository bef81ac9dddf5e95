package envfile

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

// Problem is one thing in a .env that the app, docker compose or this stack
// would trip over.
type Problem struct {
	Key     string // "" when it concerns a line or the whole file
	Line    int    // 0 when there is no such line
	Message string // a sentence that says what a right value looks like; no secret
	Fatal   bool   // the app would not start, not be reached, or lose data
}

// Check holds the file against the app's own rules at start
// (docs/openalgo-facts.md 1.3, 1.4, 1.6, 2.3) and against what this stack needs of
// it (1.7). It returns everything it finds, by line, keys that are missing
// first. imageConfigVersion is ENV_CONFIG_VERSION in the image's
// /app/.sample.env, "" when unknown.
func Check(f *File, imageConfigVersion string) []Problem {
	c := &checker{File: f}
	c.lines()
	c.present()
	c.version(imageConfigVersion)
	for _, check := range []func(*checker){checkValues, checkKeys, checkBroker, checkNetwork, checkExposure, checkPasted} {
		check(c)
	}
	sort.SliceStable(c.problems, func(i, j int) bool { return c.problems[i].Line < c.problems[j].Line })
	return c.problems
}

type checker struct {
	*File
	problems []Problem
}

//go:noinline
func (c *checker) fatal(key, format string, args ...any) { c.add(true, key, format, args...) }

//go:noinline
func (c *checker) warn(key, format string, args ...any) { c.add(false, key, format, args...) }

func (c *checker) add(fatal bool, key, format string, args ...any) {
	c.problems = append(c.problems, Problem{key, c.line(key), fmt.Sprintf(format, args...), fatal})
}

// value returns "" for a key that is absent; present reports those.
func (c *checker) value(key string) string {
	value, _ := c.Get(key)
	return value
}

var composeLine = regexp.MustCompile(`^line (\d+):`)

// lines reports what the readers of the file skip, refuse or read differently.
func (c *checker) lines() {
	seen := map[string]entry{}
	for _, e := range c.entries {
		switch {
		case e.kind == broken:
			c.problems = append(c.problems, Problem{Line: e.line, Message: "OpenAlgo skips this line; a line is KEY = 'value', with every ' and \\ inside the value written \\' and \\\\"})
		case e.kind == assignment && !e.assigned:
			// What stands there is not shown: it may be the rest of a secret.
			c.problems = append(c.problems, Problem{Line: e.line, Message: "this line has no =, so it sets nothing; a line is KEY = 'value'"})
		case e.kind == assignment && strings.Contains(e.key, "="):
			c.problems = append(c.problems, Problem{Line: e.line, Message: "OpenAlgo stops at this line, because its name has a = in it; a line is KEY = 'value'", Fatal: true})
		case e.kind == assignment:
			if first, twice := seen[e.key]; twice {
				c.duplicate(first, e)
			} else {
				seen[e.key] = e
			}
			c.undefined(e)
		}
	}
	if i := strings.IndexByte(strings.ReplaceAll(c.data, "\r\n", "\n\n"), '\r'); i >= 0 {
		c.problems = append(c.problems, Problem{Line: lineAt(c.data, i), Message: "this line has a carriage return without a line feed, which Docker Compose does not read as the end of a line: use LF or CRLF"})
	}
	// compose-go's message quotes the line, which may hold a secret.
	if _, err := dotenv.UnmarshalBytesWithLookup([]byte(c.data), nil); err != nil {
		p := Problem{Message: "docker compose cannot read the .env file; a line is KEY = 'value', with every ' and \\ inside the value written \\' and \\\\", Fatal: true}
		if at := composeLine.FindStringSubmatch(err.Error()); at != nil {
			p.Line, _ = strconv.Atoi(at[1])
			p.Message = strings.Replace(p.Message, "the .env file", "the .env file because of this line", 1)
		}
		c.problems = append(c.problems, p)
	}
}

func (c *checker) duplicate(first, again entry) {
	p := Problem{Key: again.key, Line: again.line, Message: fmt.Sprintf("is also set on line %d; keep one of the two", first.line)}
	if first.value != again.value {
		p.Message = fmt.Sprintf("has another value than on line %d. OpenAlgo reads the last line, its checks at start read the first. Keep one of the two", first.line)
		// Two salts: the web process and the WebSocket process take different ones.
		p.Fatal = again.key == "FERNET_SALT"
	}
	c.problems = append(c.problems, p)
}

// undefined reports ${NAME} where the file gives NAME no value. The name is
// not shown: in a password it is part of the password.
func (c *checker) undefined(e entry) {
	for _, ref := range reference.FindAllStringSubmatch(e.value, -1) {
		name := ref[1]
		if _, known := c.Get(name); name != "" && !known && !strings.Contains(ref[0], ":-") {
			c.problems = append(c.problems, Problem{Key: e.key, Line: e.line, Message: "has a ${...} in it that OpenAlgo replaces with the value of a variable, and the file has no such variable; for a literal ${ write ${:-$}{"})
			return
		}
	}
}

// required are the names without which the app exits (docs/openalgo-facts.md 1.3:
// 29, and VALID_BROKERS).
var required = []string{
	"ENV_CONFIG_VERSION", "BROKER_API_KEY", "BROKER_API_SECRET", "REDIRECT_URL", "VALID_BROKERS",
	"APP_KEY", "API_KEY_PEPPER", "DATABASE_URL", "NGROK_ALLOW", "HOST_SERVER",
	"FLASK_HOST_IP", "FLASK_PORT", "FLASK_DEBUG", "FLASK_ENV",
	"LOGIN_RATE_LIMIT_MIN", "LOGIN_RATE_LIMIT_HOUR", "API_RATE_LIMIT", "ORDER_RATE_LIMIT",
	"SMART_ORDER_RATE_LIMIT", "WEBHOOK_RATE_LIMIT", "STRATEGY_RATE_LIMIT", "SESSION_EXPIRY_TIME",
	"WEBSOCKET_HOST", "WEBSOCKET_PORT", "WEBSOCKET_URL",
	"LOG_TO_FILE", "LOG_LEVEL", "LOG_DIR", "LOG_FORMAT", "LOG_RETENTION",
}

func (c *checker) present() {
	for _, key := range required {
		if _, ok := c.Get(key); !ok {
			c.fatal(key, "is missing, and OpenAlgo does not start without it; add a line %s = %s", key, example(key))
		}
	}
}

// version compares as env_check.py does: not through python-dotenv, but on
// the first line that starts with the name.
func (c *checker) version(image string) {
	const key = "ENV_CONFIG_VERSION"
	text := ""
	for _, line := range strings.Split(newlines.Replace(c.data), "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, key) {
			if parts := strings.SplitN(line, "=", 3); len(parts) > 1 {
				text = strings.Trim(strings.TrimSpace(parts[1]), `'"`)
			}
			break
		}
	}
	if _, ok := c.Get(key); !ok {
		return
	}
	have, ok := versionNumbers(text)
	if !ok {
		c.warn(key, "cannot be compared with the image's; the line is %s = %s, with nothing after it", key, example(key))
		return
	}
	want, ok := versionNumbers(image)
	if !ok {
		return
	}
	switch order := compareVersions(have, want); {
	case order < 0:
		c.fatal(key, "is %s and the image needs %s: OpenAlgo would ask at a prompt that nobody sees, and stop. Add the new settings, then set it to '%s'", text, image, image)
	case order > 0:
		c.warn(key, "is %s, newer than the image's %s; the image may be older than the one that this file was made for", text, image)
	}
}

// OlderVersion reports whether the ENV_CONFIG_VERSION a is older than b; what
// cannot be compared is not older.
func OlderVersion(a, b string) bool {
	have, ok1 := versionNumbers(a)
	want, ok2 := versionNumbers(b)
	return ok1 && ok2 && compareVersions(have, want) < 0
}

func versionNumbers(s string) ([]int, bool) {
	var numbers []int
	for _, part := range strings.Split(s, ".") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}

func compareVersions(a, b []int) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return len(a) - len(b)
}
