package rehearsal

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

// stopKey is the .env key with the time that the test app takes to stop.
const stopKey = "OPENALGO_REHEARSAL_STOP"

// refusal is a start that failed: what the log says, and the exit code. Code 0
// is the failure that keeps the process up (docs/openalgo-facts.md 1.2).
type refusal struct {
	code  int
	lines []string
}

// starting is an app on its way to listen.
type starting struct{ *app }

// prepare does what the app does before it listens, in the app's order.
func (a starting) prepare() *refusal {
	data, r := a.readEnv()
	if r != nil {
		return r
	}
	a.say("Reading %s", a.EnvFile)
	if err := a.linkData(); err != nil {
		return &refusal{code: 1, lines: []string{SignatureError + err.Error()}}
	}
	a.makeDirectories()
	var err error
	if a.env, err = envfile.Parse(data); err != nil {
		return &refusal{lines: []string{SignatureError + err.Error()}}
	}
	if err := a.openLog(); err != nil {
		return &refusal{code: 1, lines: []string{"PermissionError: " + err.Error()}}
	}
	if err := a.readFaults(); err != nil {
		return &refusal{code: 1, lines: []string{SignatureError + err.Error()}}
	}
	if a.fault.kind == failExit {
		return asked(a.fault)
	}
	if r := judge(a.env, envfile.Check(a.env, a.imageConfigVersion())); r != nil {
		return r
	}
	if a.WebSocketAddr == "" {
		port, _ := webSocketPort(a.env) // judge has seen that it is one
		a.WebSocketAddr = net.JoinHostPort(a.setting("WEBSOCKET_HOST"), port)
	}
	if r := a.openDatabase(); r != nil || a.fault.kind != failHalf {
		return r
	}
	// A migration that runs half-way: what it wrote, the previous release cannot read.
	if err := a.db.addUser("half-migrated"); err != nil {
		return &refusal{code: 1, lines: []string{SignatureError + err.Error()}}
	}
	_ = os.WriteFile(filepath.Join(filepath.Dir(a.db.path), "migrated.db"), []byte("half"), 0o644)
	return asked(a.fault)
}

// openLog fails as OpenAlgo does where its log directory is another user's.
func (a starting) openLog() error {
	file, err := os.OpenFile(filepath.Join(a.Root, "log", "errors.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return file.Close()
}

func noEnv(path string, err error) *refusal {
	reason := "it is empty"
	if err != nil {
		reason = err.Error()
	}
	return &refusal{code: 1, lines: []string{
		SignatureNoEnv + ".",
		fmt.Sprintf("%s: %s", path, reason),
	}}
}

func (a starting) readFaults() (err error) {
	if a.fault, err = parseFault(a.setting(failKey)); err != nil {
		return err
	}
	if value := a.setting(stopKey); value != "" {
		if a.stop, err = time.ParseDuration(value); err != nil {
			return fmt.Errorf("%s: want a time such as 2s", stopKey)
		}
	}
	return nil
}

// makeDirectories fills in what an empty volume lacks. A failure shows where
// the directory is needed, and in the report.
func (a starting) makeDirectories() {
	for _, d := range directories {
		if rel, ok := strings.CutPrefix(d.path, "app/"); ok {
			_ = os.MkdirAll(filepath.Join(a.Root, rel), os.FileMode(d.mode))
		}
	}
}

// imageConfigVersion is the ENV_CONFIG_VERSION of the image's own sample, or
// "" when there is none to compare with.
func (a starting) imageConfigVersion() string {
	data, err := os.ReadFile(filepath.Join(a.Root, ".sample.env"))
	if err != nil {
		return ""
	}
	sample, err := envfile.Parse(data)
	if err != nil {
		return ""
	}
	version, _ := sample.Get("ENV_CONFIG_VERSION")
	return version
}

// judge turns the broken rules of a .env into the failure they cause. The
// checks that the app makes while its worker boots come after the others and
// end the process.
func judge(env *envfile.File, problems []envfile.Problem) *refusal {
	var rejected, boot []string
	for _, p := range problems {
		switch {
		case !p.Fatal || unreachable(env, p.Key):
		case atBoot(env, p.Key):
			boot = append(boot, SignatureCritical+describe(p))
		case p.Key == "ENV_CONFIG_VERSION" && has(env, p.Key):
			rejected = append(rejected, SignatureOldConfig, describe(p), SignatureCancelled+".")
		default:
			rejected = append(rejected, SignatureError+describe(p))
		}
	}
	switch {
	case rejected != nil:
		return &refusal{lines: rejected}
	case boot != nil:
		return &refusal{code: 3, lines: append(boot, SignatureBootFailed+".")}
	}
	return nil
}

// atBoot tells the keys whose values the app checks after its .env rules: they
// must exist for the rules, and be sound for the boot (docs/openalgo-facts.md 1.3).
func atBoot(env *envfile.File, key string) bool {
	return strings.HasPrefix(key, "MCP_") ||
		(key == "APP_KEY" || key == "API_KEY_PEPPER") && has(env, key)
}

// unreachable tells the WebSocket address that the app takes as it is, although
// no published port leads there (docs/openalgo-facts.md 1.7).
func unreachable(env *envfile.File, key string) bool {
	switch key {
	case "WEBSOCKET_HOST":
		return has(env, key)
	case "WEBSOCKET_PORT":
		_, err := webSocketPort(env)
		return err == nil
	}
	return false
}

func webSocketPort(env *envfile.File) (string, error) {
	value, _ := env.Get("WEBSOCKET_PORT")
	port, err := strconv.ParseUint(strings.TrimSpace(value), 10, 16)
	return strconv.FormatUint(port, 10), err
}

func has(env *envfile.File, key string) bool {
	_, ok := env.Get(key)
	return ok
}

func describe(p envfile.Problem) string {
	if p.Key == "" {
		return fmt.Sprintf("line %d of .env: %s", p.Line, p.Message)
	}
	return p.Key + " " + p.Message
}

// openDatabase opens the test app's database and proves that the keys in .env
// are those it was made with.
func (a starting) openDatabase() *refusal {
	var err error
	path, pepper := filepath.Join(a.Root, databasePath), a.setting("API_KEY_PEPPER")
	salt, makes := saltOf(a.Root, a.setting("FERNET_SALT"))
	if makes {
		if salt, err = a.makeSalt(path, pepper); err != nil {
			return &refusal{code: 1, lines: []string{SignatureSaltLost, SignatureError + err.Error()}}
		}
	}
	a.db, err = openDatabase(path, pepper, salt)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errOtherKeys):
		return &refusal{lines: []string{SignatureSaltLost, SignatureError + err.Error()}}
	case errors.Is(err, errUnwritable):
		return &refusal{lines: []string{SignatureError + SignatureReadOnly + ": " + err.Error()}}
	}
	return &refusal{lines: []string{SignatureError + err.Error()}}
}
