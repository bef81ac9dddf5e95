package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// secretsTime bounds the count: Python loads OpenAlgo's own module for it.
const secretsTime = 90 * time.Second

// countSecretsScript opens every stored secret with OpenAlgo's own cipher. It
// reads only, and prints two numbers.
const countSecretsScript = `
import os, sqlite3, sys
os.chdir("/app")
sys.path.insert(0, "/app")
from dotenv import load_dotenv
load_dotenv("/app/.env", override=True)
from database.auth_db import fernet
url = os.getenv("DATABASE_URL", "")
if not url.startswith("sqlite:///"):
    sys.exit("the database is no SQLite file")
db = sqlite3.connect("file:" + os.path.abspath(url[len("sqlite:///"):]) + "?mode=ro", uri=True, timeout=10)
opened = shut = 0
for table, column in (("auth", "auth"), ("auth", "feed_token"), ("auth", "secret_api_key"),
                      ("api_keys", "api_key_encrypted"), ("users", "totp_secret"), ("flow_workflows", "api_key")):
    try:
        rows = db.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL AND {column} != ''").fetchall()
    except sqlite3.OperationalError as problem:
        if "no such" in str(problem):
            continue
        raise
    for (value,) in rows:
        try:
            fernet.decrypt(value.encode() if isinstance(value, str) else value)
            opened += 1
        except Exception:
            shut += 1
print("` + rehearsal.SecretsLine + `", opened, shut)
`

// countSecrets asks OpenAlgo in a running container.
func countSecrets(ctx context.Context, a *App, container string) (run.Secrets, error) {
	unknown := run.Secrets{Unknown: true}
	ctx, cancel := context.WithTimeout(ctx, secretsTime)
	defer cancel()
	said, err := a.Engine.Exec(ctx, container, []string{openalgo.Python, "-c", countSecretsScript}, "")
	if err != nil {
		return unknown, err
	}
	for line := range strings.Lines(string(said.Stdout)) {
		var n run.Secrets
		if _, err := fmt.Sscanf(line, rehearsal.SecretsLine+" %d %d", &n.Open, &n.Shut); err == nil {
			return n, nil
		}
	}
	problem := strings.TrimSpace(string(said.Stderr))
	if at := strings.LastIndexByte(problem, '\n'); at >= 0 {
		problem = problem[at+1:]
	}
	return unknown, fmt.Errorf("it exited with status %d: %s", said.ExitCode, ready.Line(a.Redact, printable.Line(problem)))
}

// verifySecrets checks that the secrets which opened before open under the new
// release, too. Where that cannot be checked, it warns.
func verifySecrets(ctx context.Context, a *App, v run.Verification) error {
	if v.Secrets == nil {
		return nil
	}
	if err := startWithNewSalt(ctx, a, v); err != nil {
		return err
	}
	now, err := countSecrets(ctx, a, v.Container)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		event.Warn(a.Report, string(a.Dir), finding.Warn("secrets-unchecked", "cannot check whether the new release can decrypt the stored secrets (%v). Log in, and check your API key and the broker connection", err))
		return nil
	}
	before := *v.Secrets
	switch {
	case before.Unknown && now.Open == 0 && now.Shut > 0, !before.Unknown && now.Shut > before.Shut:
		return &ready.NotReadyError{Reason: fmt.Sprintf("the new release cannot decrypt %d of %d stored secrets (API key, broker tokens, TOTP): %s or %s in .env differs from "+
			"the value they were stored with", now.Shut, now.Shut+now.Open, keys.Pepper, keys.FernetSalt)}
	case now.Shut > 0:
		event.Warn(a.Report, string(a.Dir), finding.Warn("secrets-shut", "OpenAlgo cannot decrypt %d of %d stored secrets. The previous release could not do so either", now.Shut, now.Shut+now.Open))
	default:
		event.Note(a.Report, fmt.Sprintf("stored secrets that the new release can decrypt: %d", now.Open))
	}
	return nil
}

// startWithNewSalt starts a release once more that has made its salt: its
// WebSocket process began before there was one, and would go on without.
func startWithNewSalt(ctx context.Context, a *App, v run.Verification) error {
	if !v.Resalts {
		return nil
	}
	text, err := appfile.ReadEnv(ctx, a.Engine, a.Dir, "")
	if err != nil {
		return err
	}
	env, err := envfile.Parse(text)
	if err != nil {
		return fmt.Errorf("read .env again: %w", err)
	}
	if salt, _ := env.Get(keys.FernetSalt); keys.SaltState(salt) != keys.Sound {
		return nil // it goes on without
	}
	event.Note(a.Report, "OpenAlgo created its FERNET_SALT and encrypted the stored secrets again. OpenAlgo restarts now")
	if err := a.Engine.Stop(context.WithoutCancel(ctx), v.Container, openalgo.StopGrace); err != nil {
		return fmt.Errorf("stop the new container: %w", err)
	}
	if err := a.Engine.Start(context.WithoutCancel(ctx), v.Container); err != nil {
		return fmt.Errorf("start the new container again: %w", err)
	}
	check, err := a.target(ctx, v.Container)
	if err != nil {
		return err
	}
	check.SetupDone = v.SetupDone
	_, err = a.Await(ctx, check)
	return err
}
