package answers_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

func TestExampleIsRight(t *testing.T) {
	if _, problems := answers.Parse(answers.Example(), lookup); len(problems) > 0 {
		t.Error(problems)
	}
	if answers.HasPlainSecrets(answers.Example()) {
		t.Error("the example has a plain secret")
	}
}

// The commented lines of the example are right too.
func TestExampleUncommented(t *testing.T) {
	text := string(answers.Example())
	for commented, right := range map[string]string{
		"# domain: algo": "domain: algo", "# email:": "email:",
		"# market_api_key: {file: /run/secrets/market_key}":       "market_api_key: {file: /run/secret}",
		"# market_api_secret: {file: /run/secrets/market_secret}": "market_api_secret: {file: /run/secret}",
		"name: zerodha": "name: iifl", "# tls:": "tls:", "# mode: auto": "mode: auto", "# ports:": "ports:",
	} {
		if !strings.Contains(text, commented) {
			t.Errorf("the example has no %q", commented)
		}
		text = strings.Replace(text, commented, right, 1)
	}
	if _, problems := answers.Parse([]byte(text), lookup); len(problems) > 0 {
		t.Errorf("%v in:\n%s", problems, text)
	}
}

func TestSchemaAgreesWithTheParser(t *testing.T) {
	schema := compile(t)
	for text, want := range map[string]bool{
		string(answers.Example()): true,
		minimal:                   true,
		minimal + "domain:\nimage:\nsizing: {ram: , cores: }\nenv: {A: }\n": true,
		minimal + "brokr: x\n":                                                             false,
		minimal + "ports: 5000\n":                                                          false,
		minimal + "ports: {wbsocket: 1}\n":                                                 false,
		minimal + "ports: {web: many}\n":                                                   false,
		minimal + "ports: {web: '5000'}\n":                                                 false,
		minimal + "ports: {web: 70000}\n":                                                  false,
		minimal + "sizing: {ram: 4GB, threads: auto}\n":                                    true,
		minimal + "sizing: {ram: 4 gib, shm_size: 512m}\n":                                 true,
		minimal + "sizing: {ram: 3910}\n":                                                  true,
		minimal + "sizing: {ram: 4}\n":                                                     false,
		minimal + "sizing: {ram: 3.5}\n":                                                   false,
		minimal + "sizing: {ram: lots}\n":                                                  false,
		minimal + "sizing: {ram: true}\n":                                                  false,
		minimal + "sizing: {shm_size: 8}\n":                                                false,
		minimal + "sizing: {threads: 0}\n":                                                 false,
		minimal + "sizing: {threads: '2'}\n":                                               false,
		minimal + "sizing: {threads: 65}\n":                                                false,
		minimal + "sizing: {strategy_memory_mb: 63}\n":                                     false,
		minimal + "swap: 2GB\n":                                                            true,
		minimal + "swap: none\n":                                                           true,
		minimal + "swap: 2048\n":                                                           true,
		minimal + "swap:\n":                                                                true,
		minimal + "swap: auto\n":                                                           false,
		minimal + "swap: 2\n":                                                              false,
		minimal + "swap: [2GB]\n":                                                          false,
		minimal + "swap: true\n":                                                           false,
		minimal + "docker: {install: perhaps}\n":                                           false,
		minimal + "docker: {install: 'true'}\n":                                            false,
		minimal + "remote_mcp: {enabled: 1}\n":                                             false,
		minimal + "env: {A: {file: /run/secret}}\n":                                        true,
		minimal + "env: {A: 5, B: true, C: text}\n":                                        true,
		minimal + "env: {A: [x]}\n":                                                        false,
		minimal + "env: {A: {file: }}\n":                                                   false,
		minimal + "env: [A]\n":                                                             false,
		minimal + "env: {A-B: x}\n":                                                        false,
		minimal + "domain: 5\n":                                                            false,
		minimal + "domain: [a.example.com]\n":                                              false,
		minimal + "image: {source: hub}\n":                                                 false,
		minimal + "image: {ref: 2.0}\n":                                                    true,
		minimal + "image: {source: path, path: 5}\n":                                       false,
		minimal + "image: {source: path, path: /src, dockerfile: ours}\n":                  true,
		minimal + "image: {source: path, path: /src, dockerfile: mine}\n":                  false,
		minimal + "domain: a.example.com\ntls: {mode: on}\n":                               false,
		minimal + "domain: a.example.com\ntls: {mode: true}\n":                             false,
		minimal + "domain: a.example.com\ntls: {mode: false}\n":                            true,
		minimal + "domain: false\n":                                                        false,
		minimal + "volumes: false\n":                                                       false,
		minimal + "docker: {install: yes}\n":                                               false,
		minimal + "domain: a.example.com\ntls: {mode: nginx}\n":                            true,
		"version: 1\n":                                                                     false,
		"version: 1\nbroker: zerodha\n":                                                    false,
		"version: 1\nbroker: {api_key: k, api_secret: s}\n":                                false,
		"version: 2\nbroker: {name: zerodha}\n":                                            false,
		"broker: {name: zerodha, api_key: k1234567, api_secret: s1234567}\n":               false,
		"version: 1\nbroker: {name: zerodha, api_key: {env: A, file: b}, api_secret: s}\n": false,
		"version: 1\nbroker: {name: zerodha, api_key: {cmd: a}, api_secret: s}\n":          false,
		"version: 1\nbroker: {name: zerodha, api_key: 123456, api_secret: 654321}\n":       true,
		"- version\n": false,
	} {
		var instance any
		if err := yaml.Unmarshal([]byte(text), &instance); err != nil {
			t.Fatal(err)
		}
		_, problems := answers.Parse([]byte(text), lookup)
		if got := schema.Validate(instance) == nil; got != want || (len(problems) == 0) != want {
			t.Errorf("schema says %v, the parser %v, want %v for:\n%s", got, problems, want, text)
		}
	}
}

// The saved form is an answers file too, to every reader of the schema.
func TestSavedAnswersFitTheSchema(t *testing.T) {
	a, problems := answers.Parse([]byte(minimal+"sizing: {ram: 4GB, shm_size: 1g}\nswap: 2GB\nenv: {LOG_LEVEL: DEBUG}\n"), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	saved, err := a.Public()
	if err != nil {
		t.Fatal(err)
	}
	var instance any
	if err := yaml.Unmarshal(saved, &instance); err != nil {
		t.Fatal(err)
	}
	if err := compile(t).Validate(instance); err != nil {
		t.Errorf("%v\n%s", err, saved)
	}
}

// The parser lists its keys when it is given one that it does not know.
func TestSchemaHasEveryKeyOfTheParser(t *testing.T) {
	type object struct {
		Properties map[string]object `json:"properties"`
	}
	var schema object
	if err := json.Unmarshal(answers.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	compare := func(section, text string, in map[string]object) {
		t.Helper()
		_, problems := answers.Parse([]byte(text), lookup)
		want := "possible here: " + strings.Join(slices.Sorted(maps.Keys(in)), ", ")
		if !slices.ContainsFunc(problems, func(p answers.Problem) bool { return strings.HasSuffix(p.Message, want) }) {
			t.Errorf("%q: the schema has %q, the parser says %+v", section, want, problems)
		}
	}
	compare("", minimal+"zzzzzzzz: 1\n", schema.Properties)
	for section, in := range schema.Properties {
		if len(in.Properties) > 0 {
			compare(section, "version: 1\n"+section+": {zzzzzzzz: 1}\n", in.Properties)
		}
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(answers.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("answers.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("answers.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
