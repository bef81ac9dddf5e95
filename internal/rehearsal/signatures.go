package rehearsal

// Words in the app's log that tell why it will never answer
// (docs/openalgo-facts.md 1.2, 1.6). The test app prints them where the app would,
// and whoever watches a log looks for them in either.
const (
	// SignatureError begins the line of every .env rule that is broken; the
	// app's process stays up after it and never listens.
	SignatureError = "Error: "
	// SignatureNoEnv: .env is absent, empty or not readable by uid 1000.
	SignatureNoEnv = "Error: .env file not found"
	// SignatureOldConfig: ENV_CONFIG_VERSION is older than the image's.
	SignatureOldConfig = "CONFIGURATION UPDATE REQUIRED"
	// SignatureCancelled ends what follows SignatureOldConfig.
	SignatureCancelled = "Application startup cancelled"
	// SignatureCritical begins the reason of a failed boot: a short APP_KEY
	// or API_KEY_PEPPER.
	SignatureCritical = "CRITICAL: "
	// SignatureBootFailed is the web server giving up; exit code 3.
	SignatureBootFailed = "Worker failed to boot"
	// SignatureSaltLost heads the notice that the database was written with
	// other keys than those in .env.
	SignatureSaltLost = "[OpenAlgo Fernet salt]"
	// SignatureReadOnly: uid 1000 cannot write the database.
	SignatureReadOnly = "attempt to write a readonly database"
)
