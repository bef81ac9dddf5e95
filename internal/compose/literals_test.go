package compose_test

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Compose files in the shapes that other tools and people give them.
var foreignFiles = map[string]struct{ before, after, found, service string }{
	"the old script, one instance": {
		before: `services:
  openalgo:
    image: openalgo:latest
    build:
      context: .
    container_name: openalgo-web
    ports: ["127.0.0.1:5000:5000", "127.0.0.1:8765:8765"]
    volumes:
      - openalgo_db:/app/db
      - ./.env:/app/.env:ro
    environment:
      - FLASK_ENV=production
      - OPENBLAS_NUM_THREADS=2   # computed
      - OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
      - STRATEGY_MEMORY_LIMIT_MB=512
      - TZ=Asia/Kolkata
    shm_size: '977m'
volumes:
  openalgo_db:
    driver: local
`,
		after: `services:
  openalgo:
    image: openalgo:latest
    build:
      context: .
    container_name: openalgo-web
    ports: ["127.0.0.1:5000:5000", "127.0.0.1:8765:8765"]
    volumes:
      - openalgo_db:/app/db
      - ./.env:/app/.env:ro
    environment:
      - FLASK_ENV=production
      - OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-2}   # computed
      - OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
      - STRATEGY_MEMORY_LIMIT_MB=${STRATEGY_MEMORY_LIMIT_MB:-512}
      - TZ=Asia/Kolkata
    shm_size: '${SHM_SIZE:-977m}'
volumes:
  openalgo_db:
    driver: local
`,
		found: "OPENBLAS_NUM_THREADS=2 SHM_SIZE=977m STRATEGY_MEMORY_LIMIT_MB=512",
	},
	"by hand, a mapping, CRLF and tabs at line ends": {
		service: "trading",
		before: "services:\r\n  trading:\r\n    image: x\r\n    # Größe: bitte nicht ändern\r\n    shm_size: 1gb\t\r\n    environment: {OMP_NUM_THREADS: 4, \"MKL_NUM_THREADS\": \"3\", NUMBA_NUM_THREADS: '1'}\r\n" +
			"    volumes:\r\n      - {type: bind, source: ./db, target: /app/db}\r\n",
		after: "services:\r\n  trading:\r\n    image: x\r\n    # Größe: bitte nicht ändern\r\n    shm_size: ${SHM_SIZE:-1gb}\t\r\n    environment: {OMP_NUM_THREADS: \"${OMP_NUM_THREADS:-4}\", \"MKL_NUM_THREADS\": \"${MKL_NUM_THREADS:-3}\", NUMBA_NUM_THREADS: '${NUMBA_NUM_THREADS:-1}'}\r\n" +
			"    volumes:\r\n      - {type: bind, source: ./db, target: /app/db}\r\n",
		found: "MKL_NUM_THREADS=3 NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=4 SHM_SIZE=1gb",
	},
	"a flow list, a number of bytes, another service beside": {
		service: "algo",
		before:  "services:\n  db: {image: y, environment: {OMP_NUM_THREADS: 9}}\n  algo:\n    image: x\n    volumes: ['v:/app/db:rw']\n    shm_size: 536870912\n    environment: [OMP_NUM_THREADS=2, A=b]\nvolumes: {v: }\n",
		after:   "services:\n  db: {image: y, environment: {OMP_NUM_THREADS: 9}}\n  algo:\n    image: x\n    volumes: ['v:/app/db:rw']\n    shm_size: ${SHM_SIZE:-536870912}\n    environment: [\"OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}\", A=b]\nvolumes: {v: }\n",
		found:   "OMP_NUM_THREADS=2 SHM_SIZE=536870912",
	},
	"nothing to free": {
		before: "services:\n  openalgo:\n    image: x\n    volumes: [v:/app/db]\n    environment: [PASSED_ON, TZ=Asia/Kolkata]\nvolumes: {v: }\n",
		after:  "services:\n  openalgo:\n    image: x\n    volumes: [v:/app/db]\n    environment: [PASSED_ON, TZ=Asia/Kolkata]\nvolumes: {v: }\n",
	},
}

func TestFreeLiterals(t *testing.T) {
	for name, c := range foreignFiles {
		t.Run(name, func(t *testing.T) {
			service := cmp.Or(c.service, "openalgo")
			after, found, err := compose.FreeLiterals([]byte(c.before), service, sizing.EnvKeys())
			if err != nil {
				t.Fatal(err)
			}
			if string(after) != c.after {
				t.Errorf("got:\n%s\nwant:\n%s", after, c.after)
			}
			var list []string
			for _, key := range slices.Sorted(maps.Keys(found)) {
				list = append(list, key+"="+found[key])
			}
			if got := strings.Join(list, " "); got != c.found {
				t.Errorf("found %s, want %s", got, c.found)
			}
			if again, _, err := compose.FreeLiterals(after, service, sizing.EnvKeys()); err != nil || string(again) != c.after {
				t.Errorf("a second time: %v\n%s", err, again)
			}
			sameWithoutEnv(t, c.before, c.after, service)
			g := glance(t, c.after, "SHM_SIZE='64m'\nOMP_NUM_THREADS='7'\n", service)
			if _, freed := found["SHM_SIZE"]; freed && g.ShmBytes != 64<<20 {
				t.Errorf("shm_size does not follow .env: %d", g.ShmBytes)
			}
			if _, freed := found["OMP_NUM_THREADS"]; freed && g.Env["OMP_NUM_THREADS"] != "7" {
				t.Errorf("OMP_NUM_THREADS does not follow .env: %v", g.Env)
			}
		})
	}
}

func glance(t *testing.T, text, env, service string) compose.Glimpse {
	t.Helper()
	dir := t.TempDir()
	g, err := compose.Glance(compose.Source{Dir: dir, Env: []byte(env),
		Files: []compose.File{{Path: filepath.Join(dir, "docker-compose.yml"), Content: []byte(text)}}}, service)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Without the lines in .env the edited file is the one it was.
func sameWithoutEnv(t *testing.T, before, after, service string) {
	t.Helper()
	a, b := glance(t, before, "", service), glance(t, after, "", service)
	if a.ShmBytes != b.ShmBytes || !maps.Equal(a.Env, b.Env) {
		t.Errorf("the edited file means something else:\n%+v\n%+v", a, b)
	}
}

func TestLiteralsThatCannotBeFreed(t *testing.T) {
	for text, want := range map[string]string{
		"x-env: &e {OMP_NUM_THREADS: 2}\nservices:\n  a:\n    volumes: [v:/app/db]\n    environment: *e\n":              "taken over from elsewhere",
		"x-env: &e {OMP_NUM_THREADS: 2}\nservices:\n  a:\n    volumes: [v:/app/db]\n    environment:\n      <<: *e\n":   "taken over from elsewhere",
		"x-base: &b {shm_size: 1g}\nservices:\n  a:\n    <<: *b\n    volumes: [v:/app/db]\n":                            "takes settings over",
		"services:\n  a:\n    volumes: [v:/app/db]\n    shm_size: &s 1g\n":                                              "SHM_SIZE",
		"services:\n  a:\n    volumes: [v:/app/db]\n    shm_size: \"5\\x312m\"\n":                                       "SHM_SIZE",
		"services:\n  a:\n    volumes: [v:/app/db]\n    environment: [\"OMP_NUM_THREADS=4,2\"]\n":                       "OMP_NUM_THREADS",
		"services:\n  a:\n    volumes: [v:/app/db]\n    environment:\n      STRATEGY_MEMORY_LIMIT_MB: |\n        512\n": "STRATEGY_MEMORY_LIMIT_MB",
		"services:\n  a:\n    volumes: [v:/app/db]\n    environment:\n      OMP_NUM_THREADS: !!str 4\n":                 "OMP_NUM_THREADS",
	} {
		if after, _, err := compose.FreeLiterals([]byte(text), "a", sizing.EnvKeys()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %q, %v; want an error with %q", text, after, err, want)
		}
	}
}

func TestFreeLiteralsOfNoService(t *testing.T) {
	for _, text := range []string{"services:\n  b: {image: x}\n", "a: b\n", "", "[]\n"} {
		if after, _, err := compose.FreeLiterals([]byte(text), "a", sizing.EnvKeys()); err == nil || after != nil {
			t.Errorf("%q: %q, %v", text, after, err)
		}
	}
}

func FuzzFreeLiterals(f *testing.F) {
	for _, c := range foreignFiles {
		f.Add(c.before, cmp.Or(c.service, "openalgo"))
	}
	f.Fuzz(func(t *testing.T, text, service string) {
		after, found, err := compose.FreeLiterals([]byte(text), service, sizing.EnvKeys())
		if err != nil {
			return
		}
		if len(found) == 0 && string(after) != text {
			t.Fatalf("nothing was found and the file changed")
		}
		if again, more, err := compose.FreeLiterals(after, service, sizing.EnvKeys()); err != nil || len(more) != 0 || string(again) != string(after) {
			t.Fatalf("a second time: %v %v\n%q\n%q", err, more, after, again)
		}
	})
}
