package openalgo

import "regexp"

// fatalLine is a line that OpenAlgo prints when it will never get ready, and
// what to tell the user.
type fatalLine struct {
	line *regexp.Regexp
	say  string
}

// fatalLines are tried in order (docs/openalgo-facts.md 1.2). The first ones come
// from a worker that is respawned for ever while the container counts as running.
var fatalLines = []fatalLine{
	{regexp.MustCompile(`^Error: \.env file not found`), "OpenAlgo cannot read its .env: the file is missing, empty, or not readable for user 1000"},
	{regexp.MustCompile(`CONFIGURATION UPDATE REQUIRED`), "the .env is older than this image: its ENV_CONFIG_VERSION is behind the image's own sample"},
	{regexp.MustCompile(`^Error: (The following environment variables are missing.*)`), "OpenAlgo rejects its .env: $1"},
	{regexp.MustCompile(`^Error: ((?:Invalid|FLASK_|WEBSOCKET_|VALID_BROKERS|LOG_|Default REDIRECT_URL|Could not validate).*)`), "OpenAlgo rejects its .env: $1"},
	{regexp.MustCompile(`CRITICAL: ((?:APP_KEY|API_KEY_PEPPER|FERNET_SALT).*?\.)(?: |$)`), "OpenAlgo rejects its .env: $1"},
	// Alone on its line; the same words also head a warning that is not fatal (1.6).
	{regexp.MustCompile(`^\[OpenAlgo Fernet salt\]$`), "FERNET_SALT is not the one that this database was written with: restore the .env that belongs to it"},
	{regexp.MustCompile(`Could not write FERNET_SALT to \.env`), "OpenAlgo cannot write its .env: it must belong to user 1000"},
	{regexp.MustCompile(`EOFError: EOF when reading a line`), "OpenAlgo waits for an answer at its start, because the .env is older than this image"},
	{regexp.MustCompile(`Worker failed to boot`), "OpenAlgo's web server could not start its worker"},
}

// Fatal returns why OpenAlgo will never get ready, by a line of its log; "" for a
// line that says nothing of the kind.
func Fatal(line string) string {
	for _, f := range fatalLines {
		if m := f.line.FindStringSubmatchIndex(line); m != nil {
			return string(f.line.ExpandString(nil, f.say, line, m))
		}
	}
	return ""
}

// What the start scripts print, OpenAlgo's own and that of a built image
// (docs/openalgo-facts.md 3.2, 11.1). MigrationBegins is the second line of each
// migration.
var (
	MigrationsBegin = regexp.MustCompile(`^\[(?:OpenAlgo\] Running database migrations|openalgo\] migrating the database)`)
	MigrationBegins = regexp.MustCompile(`^Script: [\w.-]+\.py$`)
	WebServerBegins = regexp.MustCompile(`^\[(?:OpenAlgo\] Starting application on port|openalgo\] starting OpenAlgo on port)`)
)

// MostMigrations bounds how many migrations are believed in.
const MostMigrations = 500

var migrationListed = regexp.MustCompile(`(?m)^\s*\("[\w.-]+\.py", *"`)

// CountMigrations counts what the file Migrations lists.
func CountMigrations(text []byte) int { return len(migrationListed.FindAll(text, MostMigrations)) }

// PrintedKey finds a key line as OpenAlgo prints it when it cannot write .env: its
// value is new, so nobody knows it yet (docs/openalgo-facts.md 1.5, 1.6). The
// first group is what may be shown.
var PrintedKey = regexp.MustCompile(`((?:APP_KEY|API_KEY_PEPPER|FERNET_SALT)\s*=\s*)['"]?[^\s'"]+['"]?`)

// Release finds the release in the file Version.
var Release = regexp.MustCompile(`(?m)^VERSION\s*=\s*["']([^"']+)["']`)
