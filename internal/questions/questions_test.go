package questions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/questions"
)

const saved = `version: 1
domain: algo.example.com
broker: {name: zerodha}
image: {source: git, url: "https://github.com/marketcalls/openalgo", ref: main, dockerfile: theirs}
volumes: bind
data: {db: my_volume}
tls: {mode: auto, email: me@example.com, ca: "https://acme.example.com/dir", edge: {http: 8080, https: 8443}}
ports: {web: 5001, websocket: 8766, bind: 127.0.0.1}
sizing: {ram: 3910MiB, cores: auto, threads: 2, shm_size: auto, strategy_memory_mb: auto}
remote_mcp: {enabled: true, write_orders: true, require_approval: false}
docker: {install: false}
notify: [{kind: telegram, name: phone, to: ["123"]}, {kind: email, name: email, server: "smtp.example.com:587", user: me@example.com, from: me@example.com, to: [me@example.com]}]
watch: {enabled: true, preopen: "08:30"}
backup: {at: "18:45", to: "s3://bucket/openalgo", keep: 7, recipient: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p}
env: {LOG_LEVEL: DEBUG}
`

// To go through the questions of an instance and change nothing changes nothing.
func TestNothingIsLost(t *testing.T) {
	d := questions.Of([]byte(saved))
	a, problems := d.Answers()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	before, problems := answers.ParseSaved([]byte(saved))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	one, _ := before.Public()
	two, _ := a.Public()
	if string(one) != string(two) {
		t.Errorf("before:\n%s\nafter:\n%s", one, two)
	}
	if !a.Broker.IsLater() || !d.Keeps() {
		t.Error("the secrets of the instance do not stay")
	}
}

// What only went with an answer that has changed goes with it.
func TestWhatGoesWithAChange(t *testing.T) {
	d := questions.Of([]byte(saved))
	d.Given[questions.KeyTLS], d.Given["image"] = "off", "rehearsal"
	a, problems := d.Answers()
	if len(problems) > 0 || a.TLS.CA != "" || a.Image.Dockerfile != "" || a.Volumes != "bind" || a.Env["LOG_LEVEL"].Reveal() != "DEBUG" {
		t.Errorf("%+v, %v", a, problems)
	}
	// Of another broker the instance has no secrets.
	d.Given[questions.KeyBroker] = "fyers"
	if _, problems := d.Answers(); len(problems) == 0 || d.Keeps() {
		t.Error("another broker needs no credentials")
	}
}

// Who adds a domain has not chosen a proxy of their own.
func TestTLSIsAskedWithTheFirstDomain(t *testing.T) {
	d := questions.Of([]byte("version: 1\nbroker: {name: zerodha}\ntls: {mode: off}\n"))
	d.Given[questions.KeyDomain] = "algo.example.com"
	if a, problems := d.Answers(); len(problems) > 0 || a.TLS.Mode != "auto" {
		t.Errorf("%+v, %v", a.TLS, problems)
	}
}

// Without an API key the answers are complete, and the file that is saved needs none.
func TestWithoutAKey(t *testing.T) {
	d := questions.New()
	d.Given[questions.KeyBroker], d.Given["has_api_key"] = "dhan", "no"
	a, problems := d.Answers()
	if len(problems) > 0 || !a.Broker.IsLater() {
		t.Errorf("%+v, %v", a.Broker, problems)
	}
	said, err := d.Save(filepath.Join(t.TempDir(), "answers.yaml"), false)
	if err != nil || strings.Contains(said, "environment") {
		t.Errorf("%s, %v", said, err)
	}
}

// besides answers the questions about messages and backups.
func besides(d *questions.Draft, given map[string]string) {
	d.Given[questions.KeyAdvanced] = "messages"
	for _, s := range questions.Screens {
		for _, q := range s.Questions {
			if text, ok := given[q.Key]; ok {
				d.Take(q, text)
			} else if s.Shown(d) && q.Shown(d) && (s.Title == "Messages" || s.Title == "Address for messages" || s.Title == "Backups") {
				d.Take(q, d.Offer(q))
			}
		}
	}
}

const token = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

// Messages and backups are answers like all others, and are set up after the install.
func TestMessagesAndBackups(t *testing.T) {
	d := questions.New()
	d.Given[questions.KeyBroker], d.Given["has_api_key"] = "dhan", "no"
	if a, problems := d.Answers(); len(problems) > 0 || a.Watch.Enabled || len(a.Notify) > 0 || a.Backup.At != "" {
		t.Errorf("nobody asked for it: %+v, %v", a, problems)
	}
	besides(d, map[string]string{"tell": "telegram", "tell.secret": token, "daily": "store", "backup.to": "s3://bucket/openalgo", "backup.access_key": "canary-id", "backup.secret_key": "canary-key"})
	a, problems := d.Answers()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, b := range []answers.Answers{a, d.Beside(a)} {
		if !b.Watch.Enabled || b.Watch.PreOpen != "08:45" || len(b.Notify) != 1 || b.Notify[0].Secret.Reveal() != token || b.Backup.To != "s3://bucket/openalgo" || b.Backup.At != "02:30" || b.Backup.Keep != 14 {
			t.Errorf("%+v %+v %+v", b.Watch, b.Notify, b.Backup)
		}
	}
	for _, secrets := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "answers.yaml")
		said, err := d.Save(file, secrets)
		if err != nil || strings.Contains(said, "NOTIFY_TELEGRAM") == secrets || strings.Contains(said, "S3_SECRET_KEY") == secrets {
			t.Errorf("secrets %v: %s, %v", secrets, said, err)
		}
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), token) != secrets || strings.Contains(string(text), "canary-key") != secrets {
			t.Errorf("secrets %v: %v\n%s", secrets, err, text)
		}
		again, problems := answers.Parse(text, answers.Lookup{Env: func(name string) (string, bool) {
			v, ok := map[string]string{"NOTIFY_TELEGRAM": token, "S3_ACCESS_KEY": "canary-id", "S3_SECRET_KEY": "canary-key"}[name]
			return v, ok
		}})
		if len(problems) > 0 || again.Notify[0].Secret.Reveal() != token || again.Backup.SecretKey.Reveal() != "canary-key" {
			t.Errorf("secrets %v: %v\n%s", secrets, problems, text)
		}
	}
}

// Of an instance that has them, each stays as it is unless something else is chosen.
func TestMessagesAndBackupsOfBefore(t *testing.T) {
	d := questions.Of([]byte(saved))
	besides(d, map[string]string{"watch.enabled": "no"})
	a, problems := d.Answers()
	if b := d.Beside(a); len(problems) > 0 || b.Watch.Enabled || len(b.Notify) > 0 || b.Backup.At != "" {
		t.Errorf("%+v, %v", b, problems)
	}
	if !a.Watch.Enabled || a.Watch.PreOpen != "08:30" || len(a.Notify) != 2 || a.Backup.Keep != 7 {
		t.Errorf("%+v %+v %+v", a.Watch, a.Notify, a.Backup)
	}
	besides(d, map[string]string{"tell": "ntfy", "tell.secret": "openalgo-x7k2m9", "daily": "here", "backup.keep": "3"})
	a, problems = d.Answers()
	if len(problems) > 0 || len(a.Notify) != 3 || a.Notify[2].Name != "ntfy" || a.Backup.To != "" || a.Backup.Keep != 3 || a.Backup.At != "18:45" {
		t.Errorf("%+v %+v, %v", a.Notify, a.Backup, problems)
	}
	besides(d, map[string]string{"tell": "email", "tell.server": "smtp.example.com:587", "tell.user": "you@example.com", "tell.secret": ""})
	if a, problems = d.Answers(); len(problems) > 0 || len(a.Notify) != 2 || a.Notify[1].User != "you@example.com" {
		t.Errorf("%+v, %v", a.Notify, problems)
	}
	if said, err := d.Save(filepath.Join(t.TempDir(), "answers.yaml"), true); err != nil || !strings.Contains(said, "NOTIFY_PHONE") {
		t.Errorf("%s, %v", said, err)
	}
}

// What is wrong is said at its question.
func TestMessagesAndBackupsWrongly(t *testing.T) {
	for key, wrong := range map[string]string{"tell": "sms", "tell.secret": "canary", "watch.preopen": "soon", "watch.enabled": "perhaps", "daily": "there", "backup.at": "soon", "backup.keep": "many", "backup.to": "s3://b/canary"} {
		d := questions.New()
		d.Given[questions.KeyBroker], d.Given["has_api_key"] = "dhan", "no"
		given := map[string]string{"tell": "telegram", "tell.secret": token, "daily": "store", "backup.to": "sftp://me@box.example.com/backups"}
		given[key] = wrong
		besides(d, given)
		for _, s := range questions.Screens {
			for _, q := range s.Questions {
				if problem := d.Problem(q); q.Key == key && (problem == "" || strings.Contains(problem, "canary")) {
					t.Errorf("%s: %q", key, problem)
				}
			}
		}
	}
}
