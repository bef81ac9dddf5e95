package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// fake is a cluster in a directory: its objects, its volume, and the calls that were made.
type fake struct {
	dir   string
	calls []string

	Replicas    int
	Annotations map[string]string
	Version     int
	Pods        []string // names of pods that run
	Secret      map[string][]byte
	Config      map[string]string
	Mounted     bool // the Secret has a whole .env
	NotReady    bool
	Others      map[string]string // other pods that use the claim, by name: their phase
	Label       string            // of the StatefulSet's selector, in place of alpha
	Claim       string            // in place of data

	// Fail is the call that fails, by its number. After the call Kill none arrives: the
	// process that made them is gone.
	Fail, Kill, Call int
	Said             string // what a call that fails says
	Cut              bool   // the copy is cut off without an error
	Starts           bool   // another tool starts OpenAlgo during the copy
	Interrupt        func() // called at the call Fail, in place of a failure
}

const sampleEnv = `ENV_CONFIG_VERSION = '1.0.6'
BROKER_API_KEY = 'YOUR_BROKER_API_KEY'
BROKER_API_SECRET = 'YOUR_BROKER_API_SECRET'
REDIRECT_URL = 'http://127.0.0.1:5000/<broker>/callback'
APP_KEY = 'x'
API_KEY_PEPPER = 'x'
FERNET_SALT = 'x'
HOST_SERVER = 'http://127.0.0.1:5000'
`

// kubectl answers one call as a cluster would.
func (f *fake) kubectl(_ context.Context, in io.Reader, out io.Writer, args []string) (string, error) {
	for len(args) > 2 && strings.HasPrefix(args[0], "--") {
		args = args[2:] // --context and --namespace
	}
	f.Call++
	if f.Kill > 0 && f.Call > f.Kill {
		return "error: this process is gone", errFake
	}
	f.calls = append(f.calls, shown(args))
	if f.Call == f.Fail && f.Interrupt != nil {
		f.Interrupt()
	} else if f.Call == f.Fail {
		return f.Said, errFake
	}
	var said strings.Builder
	if f.answer(args, in, out, &said) != 0 {
		return said.String(), errFake
	}
	return "", nil
}

var errFake = errors.New("exit status 1")

// shown is a call without what differs each time.
func shown(args []string) string {
	text := strings.Join(args, " ")
	if args[0] == "exec" {
		at := slices.Index(args, "-c")
		text = "exec " + args[1] + " -- " + strings.Join(args[at+2:], " ")
	}
	if args[0] == "patch" {
		var doc struct {
			Meta struct {
				Annotations map[string]*string `json:"annotations"`
			} `json:"metadata"`
			Spec struct {
				Replicas int `json:"replicas"`
			} `json:"spec"`
		}
		_ = json.Unmarshal([]byte(args[len(args)-1]), &doc)
		text = fmt.Sprintf("patch %s replicas=%d marked=%v", args[1], doc.Spec.Replicas, doc.Meta.Annotations[markName] != nil)
	}
	return text
}

func (f *fake) answer(args []string, in io.Reader, out, said io.Writer) int {
	switch args[0] {
	case "get":
		return f.get(args[1:], out, said)
	case "patch":
		if !f.patch(args[len(args)-1]) {
			fmt.Fprintln(said, "Error from server (Conflict): the object has been modified")
			return 1
		}
	case "create":
		text, _ := io.ReadAll(in)
		if strings.Contains(string(text), "kind: Secret") || strings.Contains(string(text), `"kind":"Secret"`) {
			f.Secret = secretIn(text)
		} else {
			f.Pods = append(f.Pods, helper)
		}
	case "delete":
		if args[1] == "secret" {
			f.Secret = nil
		}
		f.Pods = slices.DeleteFunc(f.Pods, func(name string) bool { return name == args[2] })
	case "exec":
		return f.exec(args, in, out, said)
	}
	f.settle()
	return 0
}

// settle is what the controllers do.
func (f *fake) settle() {
	f.Pods = slices.DeleteFunc(f.Pods, func(name string) bool { return name == kube.Pod && f.Replicas == 0 })
	if f.Replicas == 1 && !slices.Contains(f.Pods, kube.Pod) {
		f.Pods = append(f.Pods, kube.Pod)
	}
}

func (f *fake) patch(text string) bool {
	var doc struct {
		Meta struct {
			Annotations map[string]*string `json:"annotations"`
			Version     string             `json:"resourceVersion"`
		} `json:"metadata"`
		Spec struct {
			Replicas int `json:"replicas"`
		} `json:"spec"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		panic(err)
	}
	if doc.Meta.Version != "" && doc.Meta.Version != strconv.Itoa(f.Version) {
		return false
	}
	for key, value := range doc.Meta.Annotations {
		delete(f.Annotations, key)
		if value != nil {
			f.Annotations = map[string]string{key: *value}
		}
	}
	f.Replicas = doc.Spec.Replicas
	f.Version++
	return true
}

func (f *fake) label() string { return cmp.Or(f.Label, "alpha") }

func (f *fake) get(args []string, out, said io.Writer) int {
	print := func(doc any) int {
		_ = json.NewEncoder(out).Encode(doc)
		return 0
	}
	missing := func() int {
		fmt.Fprintf(said, "Error from server (NotFound): %s not found\n", strings.Join(args[:2], " "))
		return 1
	}
	type m = map[string]any
	switch args[0] {
	case "statefulset":
		box := m{"name": "openalgo", "image": "marketcalls/openalgo:2.0.2.1", "envFrom": []m{{"configMapRef": m{"name": "openalgo-config-1"}}, {"secretRef": m{"name": kube.Secret}}},
			"volumeMounts": []m{{"name": "data", "mountPath": "/data"}}}
		volumes := []m{{"name": "data", "persistentVolumeClaim": m{"claimName": cmp.Or(f.Claim, "data")}}}
		if f.Mounted {
			box["envFrom"] = []m{{"configMapRef": m{"name": "openalgo-config-1"}}}
			box["volumeMounts"] = []m{{"name": "data", "mountPath": "/app/db", "subPath": "db"}, {"name": "env", "mountPath": "/app/.env", "subPath": ".env"}}
			volumes = append(volumes, m{"name": "env", "secret": m{"secretName": kube.Secret}})
		}
		return print(m{"metadata": m{"name": "openalgo", "uid": "u1", "annotations": f.Annotations, "resourceVersion": strconv.Itoa(f.Version)},
			"spec": m{"replicas": f.Replicas, "selector": m{"matchLabels": m{kube.LabelName: kube.AppName, kube.LabelInstance: f.label()}}, "template": m{"spec": m{"containers": []m{box}, "volumes": volumes, "nodeSelector": m{"trader": "alpha"}}}}})
	case "pods":
		items := []any{}
		if len(args) < 3 || args[1] != "--selector" {
			for name, phase := range f.Others {
				items = append(items, m{"metadata": m{"name": name}, "spec": m{"volumes": []m{{"name": "d", "persistentVolumeClaim": m{"claimName": "data"}}}}, "status": m{"phase": phase}})
			}
		}
		if slices.Contains(f.Pods, kube.Pod) {
			items = append(items, f.pod(kube.Pod))
		}
		return print(m{"items": items})
	case "pod":
		if !slices.Contains(f.Pods, args[1]) {
			return missing()
		}
		return print(f.pod(args[1]))
	case "persistentvolumeclaim":
		return print(m{"metadata": m{"name": "data"}, "spec": m{"storageClassName": "local-path", "volumeName": "pv1", "accessModes": []string{"ReadWriteOnce"}}, "status": m{"phase": "Bound", "capacity": m{"storage": "10Gi"}}})
	case "persistentvolume":
		return print(m{"spec": m{"persistentVolumeReclaimPolicy": "Delete"}})
	case "storageclass":
		return print(m{"provisioner": "nfs.csi.k8s.io"})
	case "secret":
		if f.Secret == nil {
			return missing()
		}
		if strings.HasPrefix(args[len(args)-1], "go-template") {
			for key := range f.Secret {
				fmt.Fprintln(out, key)
			}
			return 0
		}
		return print(m{"data": f.Secret})
	case "configmap":
		return print(m{"data": f.Config})
	case "statefulsets":
		return print(m{"items": []m{{"metadata": m{"name": "openalgo", "namespace": "openalgo-alpha", "labels": m{kube.LabelInstance: "argo"}}, "spec": m{"selector": m{"matchLabels": m{kube.LabelInstance: "alpha"}}}}}})
	}
	return missing()
}

func (f *fake) pod(name string) any {
	type m = map[string]any
	ready, state := "True", m{"running": m{}}
	if name == kube.Pod && (f.Secret == nil || f.NotReady) {
		ready, state = "False", m{"waiting": m{"reason": "CreateContainerConfigError", "message": `secret "openalgo-env" not found`}}
	}
	return m{"metadata": m{"name": name}, "spec": m{"nodeName": "node1"}, "status": m{"phase": "Running", "conditions": []m{{"type": "Ready", "status": ready}},
		"containerStatuses": []m{{"name": "openalgo", "restartCount": 2, "imageID": "docker.io/marketcalls/openalgo@sha256:abc", "state": state}}}}
}

// exec runs the test app's part on the volume.
func (f *fake) exec(args []string, in io.Reader, out, said io.Writer) int {
	at := slices.Index(args, "-c")
	words := slices.Clone(args[at:])
	for i, word := range words {
		if word == kube.Data || word == "/app" {
			words[i] = filepath.Join(f.dir, "volume")
		}
	}
	if f.Starts && words[2] == "out" {
		f.Replicas = 1
		f.settle()
	}
	if f.Cut && words[2] == "out" {
		out = &cutting{out, 1000}
	}
	return rehearsal.Python(f.dir, words, in, out, said)
}

// cutting writes a first part, and says that all was written.
type cutting struct {
	to   io.Writer
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	_, err := c.to.Write(p[:n])
	return len(p), err
}

// box is a cluster with one OpenAlgo and its data.
type box struct {
	t   *testing.T
	f   *fake
	dir string
	in  *Instance
	// steps are the titles of what was done.
	steps []string
}

const (
	pepper = "1111111111111111111111111111111111111111111111111111111111111111"
	salt   = "22222222222222222222222222222222"
)

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{t: t, dir: t.TempDir()}
	for _, name := range []string{"db/openalgo.db", "db/logs.db", "strategies/scripts/one.py", "keys/mcp.pem", "log/openalgo.log"} {
		path := filepath.Join(b.dir, "volume", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte("content of "+name), 0o600))
	}
	must(t, os.WriteFile(filepath.Join(b.dir, ".sample.env"), []byte(sampleEnv), 0o600))
	b.f = &fake{dir: b.dir, Replicas: 1, Version: 1, Pods: []string{kube.Pod}, Said: "error: no",
		Secret: map[string][]byte{"APP_KEY": []byte("app"), "API_KEY_PEPPER": []byte(pepper), "FERNET_SALT": []byte(salt), "BROKER_API_KEY": []byte("broker-key"), "BROKER_API_SECRET": []byte("")},
		Config: map[string]string{"HOST_SERVER": "https://algo.example.com", "REDIRECT_URL": "https://algo.example.com/zerodha/callback", "OPENALGO_DATA_DIR": "/data"}}
	b.in = &Instance{Name: "alpha", Kubectl: kubectl.With(b.f.kubectl, "openalgo-alpha"), Report: event.ReporterFunc(func(e event.Event) {
		if e.Type == event.TypeStep && e.State == event.Started {
			b.steps = append(b.steps, e.Message)
		}
	})}
	return b
}

// empty is the same OpenAlgo in a new namespace: no data, and no Secret.
func (b *box) empty() {
	b.f.Secret = nil
	must(b.t, os.RemoveAll(filepath.Join(b.dir, "volume")))
	must(b.t, os.Mkdir(filepath.Join(b.dir, "volume"), 0o755))
}

// data is what the volume holds, by name.
func (b *box) data() map[string]string {
	out, root := map[string]string{}, filepath.Join(b.dir, "volume")
	_ = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			text, _ := os.ReadFile(path)
			name, _ := filepath.Rel(root, path)
			out[name] = string(text)
		}
		return nil
	})
	return out
}

func (b *box) calls() []string {
	all := b.f.calls
	b.f.calls = nil
	return all
}

// wantRunning fails unless OpenAlgo runs as before, and nothing of a run is left.
func (b *box) wantRunning(when string) {
	b.t.Helper()
	if f := b.f; f.Replicas != 1 || len(f.Annotations) > 0 || !slices.Equal(f.Pods, []string{kube.Pod}) {
		b.t.Errorf("%s: %d replicas, pods %v, %v", when, f.Replicas, f.Pods, f.Annotations)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
