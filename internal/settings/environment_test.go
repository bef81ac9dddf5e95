package settings

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

// What a container has as variables alone goes into .env, its keys too; what .env
// has, and what is ours to choose, does not.
func TestFromEnvironment(t *testing.T) {
	env := parsed(t, "APP_KEY = '"+pepper+"'\nLOG_LEVEL = 'INFO'\n")
	found := FromEnvironment(env, []string{"PATH=/bin", "API_KEY_PEPPER=" + pepper, "FERNET_SALT=" + salt, "BROKER_API_KEY=abc$d'e", "LOG_LEVEL=DEBUG", "NGROK_ALLOW=FALSE",
		"FLASK_DEBUG=True", "OMP_NUM_THREADS=8", "SHM_SIZE=2g", "ENV_CONFIG_VERSION=1.0.1", "COOLIFY_FQDN=x", "BROKER_API_SECRET=", "CORS_ENABLED"}, []string{"NGROK_ALLOW=FALSE"})
	var names []string
	for _, v := range found {
		names = append(names, v.Key)
	}
	if got := strings.Join(names, " "); got != "BROKER_API_KEY API_KEY_PEPPER FERNET_SALT" {
		t.Fatalf("%s", got)
	}
	merged, err := With(env, found)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := merged.Get("BROKER_API_KEY"); got != "abc$d'e" {
		t.Errorf("%q", got)
	}
	if _, have := env.Get("BROKER_API_KEY"); have {
		t.Error("the file that was given changed")
	}
	// With them no key is lost, and none is made.
	p, _, err := Decide(Situation{Current: env, DataMayExist: true, Mode: Adopted, Random: make([]byte, keys.Random), Last: instance.State{}}, nil, Edit{TakenOver: found})
	if err != nil {
		t.Fatal(err)
	}
	file := parsed(t, string(p.Text))
	if got, _ := file.Get("API_KEY_PEPPER"); got != pepper {
		t.Errorf("the pepper is %q", got)
	}
	if got, _ := file.Get("FERNET_SALT"); got != salt {
		t.Errorf("the salt is %q", got)
	}
	if _, _, err := Decide(Situation{Current: env, DataMayExist: true, Mode: Adopted, Random: make([]byte, keys.Random)}, nil, Edit{}); !LostKeys(err) {
		t.Errorf("without them: %v", err)
	}
	if _, err := With(env, []Var{{"BROKER_API_KEY", found[0].Value}, {"FERNET_SALT", found[2].Value}}); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("a salt without its pepper: %v", err)
	}
	if FromEnvironment(nil, []string{"BROKER_API_KEY=abc"}, nil) != nil {
		t.Error("without a .env")
	}
}
