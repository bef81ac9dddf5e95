package render

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/source"
)

// dataDisk is where a platform mounts the one disk that it gives a service.
const dataDisk = "/data"

// cloudRAMMiB is what a platform's service has unless sizing.ram says more.
const cloudRAMMiB = 2048

// variable is one that a platform hands to start.sh.
type variable struct {
	name, value string
	ask         string // a secret, or not known yet: how to come by it
}

// cloudVariables are what start.sh writes its .env from. What it works out by
// itself is left out, and so is every secret's value.
func cloudVariables(a answers.Answers, v values) []variable {
	own := map[string]bool{ // start.sh's, or the platform's
		"FLASK_HOST_IP": true, "FLASK_PORT": true, "FLASK_DEBUG": true, "FLASK_ENV": true, "WEBSOCKET_HOST": true,
		"WEBSOCKET_PORT": true, "WEBSOCKET_URL": true, "CORS_ALLOWED_ORIGINS": true, "NGROK_ALLOW": true,
		"TRUST_PROXY_HEADERS": true, "SHM_SIZE": true,
	}
	out := []variable{
		{name: keys.AppKey, ask: "openssl rand -hex 32"},
		{name: keys.Pepper, ask: "openssl rand -hex 32; keep a copy: nothing else opens the database"},
	}
	if usesSalt(a) {
		out = append(out, variable{name: keys.FernetSalt, ask: "openssl rand -hex 16; keep a copy: nothing else opens the database"})
	}
	out = append(out, variable{name: "OPENALGO_DATA_DIR", value: dataDisk})
	for _, s := range v.Settings {
		v := variable{name: s.Key, value: s.Value.Reveal()}
		switch {
		case own[s.Key]:
			continue
		case strings.HasPrefix(s.Key, "BROKER_API_"):
			v = variable{name: s.Key, ask: "your broker's"}
			if s.Value.Reveal() == "" {
				v.ask = "empty: your broker has none"
			}
		case (s.Key == "HOST_SERVER" || s.Key == "REDIRECT_URL") && a.Domain == "":
			v = variable{name: s.Key, ask: "https://the-address-of-your-service"}
			if s.Key == "REDIRECT_URL" {
				v.ask += "/" + a.Broker.Name + "/callback"
			}
		case envfile.IsSecret(s.Key, v.value):
			v = variable{name: s.Key, ask: "as in your answers"}
		}
		out = append(out, v)
	}
	return out
}

func cloudWarnings(a answers.Answers) finding.Warnings {
	out := finding.Warnings{
		finding.Warn("files-for-fork", "put these files into the top directory of your OpenAlgo fork. The platform builds and runs that fork"),
		finding.Warn("disk-needed", "mount a disk at %s on the platform. Without it every deploy loses the database", dataDisk),
	}
	if a.Sizing.RAMMiB == 0 {
		out = append(out, finding.Warn("sized-for-service", "sized for a service with 2 GB. For another size, write for example `sizing: {ram: 4GB}`"))
	}
	if a.Domain == "" {
		out = append(out, finding.Warn("domain-missing", "your answers have no `domain`, so fill in HOST_SERVER and REDIRECT_URL yourself"))
	}
	return out
}

func cloudFiles(a answers.Answers, v values, target string) ([]output, error) {
	if a.Image.Dockerfile == source.Theirs {
		return nil, finding.Named(finding.Usage, "start-script", "--target %s needs the start.sh of openalgo-install, because OpenAlgo's own writes a .env that the current release "+
			"refuses. Remove `dockerfile: theirs` from your answers", target)
	}
	variables := cloudVariables(a, v)
	files := templateFiles()
	if target == TargetRender {
		text, err := renderBlueprint(variables)
		return append(files, output{"render.yaml", text, 0o644}), err
	}
	config, err := json.MarshalIndent(railwayConfig(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write railway.json: %w", err)
	}
	return append(files, output{"railway.json", append(config, '\n'), 0o644}, output{"variables.env", railwayVariables(variables), 0o644}), nil
}

// railwayConfig is railway.json (docs.railway.com, Config as Code).
func railwayConfig() map[string]any {
	return map[string]any{
		"$schema": "https://railway.com/railway.schema.json",
		"build":   map[string]any{"builder": "DOCKERFILE", "dockerfilePath": "Dockerfile"},
		"deploy": map[string]any{
			"healthcheckPath": openalgo.CheckSetup, "healthcheckTimeout": 300,
			"restartPolicyType": "ON_FAILURE", "numReplicas": 1,
			// Never two of them on one database.
			"overlapSeconds": 0, "drainingSeconds": 45, "requiredMountPath": dataDisk,
		},
	}
}

func railwayVariables(variables []variable) []byte {
	var b strings.Builder
	b.WriteString("# The variables of the service, for Railway's Raw Editor. Fill in empty values in the\n# editor, not in this file, which " +
		"others may read.\n# Railway's volumes belong to root: the service starts as root, and start.sh continues\n# as user " +
		"1000.\nRAILWAY_RUN_UID=0\n")
	for _, v := range variables {
		if v.ask != "" {
			fmt.Fprintf(&b, "# %s\n", v.ask)
		}
		fmt.Fprintf(&b, "%s=%s\n", v.name, dotenvValue(v.value))
	}
	return []byte(b.String())
}

// dotenvValue quotes a value where Railway's editor needs it.
func dotenvValue(text string) string {
	if strings.ContainsAny(text, " #'\"$`\\") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	}
	return text
}

// renderBlueprint is render.yaml (render.com, Blueprint YAML Reference).
func renderBlueprint(variables []variable) ([]byte, error) {
	var env []map[string]any
	for _, v := range variables {
		entry := map[string]any{"key": v.name, "value": v.value}
		if v.ask != "" {
			entry = map[string]any{"key": v.name, "sync": false} // asked for when the service is made
		}
		env = append(env, entry)
	}
	doc := map[string]any{"services": []any{map[string]any{
		"type": "web", "name": "openalgo", "runtime": "docker", "plan": "standard", "numInstances": 1,
		"dockerfilePath": "./Dockerfile", "dockerContext": ".", "healthCheckPath": openalgo.CheckSetup,
		"maxShutdownDelaySeconds": 45,
		"disk":                    map[string]any{"name": "openalgo-data", "mountPath": dataDisk, "sizeGB": 10},
		"envVars":                 env,
	}}}
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write render.yaml: %w", err)
	}
	head := "# A Render blueprint for OpenAlgo. Render asks for each value with `sync: false` when you\n# create the service:\n"
	for _, v := range variables {
		if v.ask != "" {
			head += fmt.Sprintf("#   %s: %s\n", v.name, v.ask)
		}
	}
	return append([]byte(head), text...), nil
}
