package answers_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

func TestKubernetesMistakes(t *testing.T) {
	t.Parallel()
	schema := compile(t)
	for text, key := range map[string]string{
		"mode: daemon":                       "kubernetes.mode",
		"access_mode: ReadWriteMany":         "kubernetes.access_mode",
		"size: 10":                           "kubernetes.size",
		"size: lots":                         "kubernetes.size",
		"image: 'a b'":                       "kubernetes.image",
		"image: r/a:1":                       "kubernetes.image", // the image is not built
		"storage_class: Local_Path":          "kubernetes.storage_class",
		"gateway: public":                    "kubernetes.gateway",
		"edge_namespace: a.b":                "kubernetes.edge_namespace",
		"ingress_class: a, gateway: a/b":     "kubernetes.ingress_class",
		"tls_secret: a, gateway: a/b":        "kubernetes.tls_secret",
		"tls_secret: a, cluster_issuer: b":   "kubernetes.tls_secret",
		"egress: {ip: 203.0.113.7}":          "kubernetes.egress.kind",
		"egress: {kind: cilium}":             "kubernetes.egress.ip",
		"egress: {kind: ovn, ip: 127.0.0.1}": "kubernetes.egress.ip",
		"node_selector: {a: 'b c'}":          "kubernetes.node_selector.a",
		"annotations: {a: [b]}":              "kubernetes.annotations.a",
		"annotations: {'a b': c}":            "kubernetes.annotations",
		"existing_secret: '../x'":            "kubernetes.existing_secret",
	} {
		_, problems := answers.Parse([]byte(minimal+"kubernetes: {"+text+"}\n"), lookup)
		if len(problems) != 1 || problems[0].Key != key {
			t.Errorf("%s: %+v", text, problems)
		}
	}
	right := minimal + "kubernetes: {mode: mounted, size: 20GiB, storage_class: a.b, ingress_class: t, annotations: {x.y/z: 'a\n', n: 5, b: true}, node_selector: {a/b: ''}, egress: {kind: ovn, ip: '2001:db8::1'}}\n"
	a, problems := answers.Parse([]byte(right), lookup)
	if len(problems) > 0 || a.Kubernetes.SizeMiB != 20<<10 || a.Kubernetes.Annotations["n"] != "5" {
		t.Errorf("%+v %+v", a.Kubernetes, problems)
	}
	var doc any
	if err := yaml.Unmarshal([]byte(right), &doc); err != nil || schema.Validate(doc) != nil {
		t.Errorf("the schema refuses %s: %v", right, schema.Validate(doc))
	}
}

// An instance has its own address, and the rest from the top.
func TestKubernetesOfInstances(t *testing.T) {
	t.Parallel()
	text := minimal + `kubernetes: {storage_class: fast, ingress_class: t, egress: {kind: cilium, ip: 203.0.113.1}}
instances:
  - {name: a, kubernetes: {egress: {kind: cilium, ip: 203.0.113.7}}}
  - {name: b, kubernetes: {ingress_class: , gateway: n/g}}
`
	all, problems := answers.ParseAll([]byte(text), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for i, want := range []answers.Kubernetes{{StorageClass: "fast", IngressClass: "t"}, {StorageClass: "fast", Gateway: "n/g"}} {
		if k := all[i].Answers.Kubernetes; k.StorageClass != want.StorageClass || k.IngressClass != want.IngressClass || k.Gateway != want.Gateway {
			t.Errorf("%d: %+v", i, k)
		}
	}
	_, problems = answers.ParseAll([]byte(strings.Replace(text, "203.0.113.7", "203.0.113.1", 1)), lookup)
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "203.0.113.1 is used by a too") {
		t.Errorf("two traders with one address: %+v", problems)
	}
}

func TestSecretsNeedNotBeThere(t *testing.T) {
	t.Parallel()
	text := "version: 1\nbroker: {name: fivepaisa, api_key: {env: NOPE}, api_secret: {file: /nope}}\nenv: {A: {env: NOPE}, B: b}\n"
	a, problems := answers.Parse([]byte(text), answers.Lookup{NamesOnly: true})
	if public := a.PublicEnv(); len(problems) > 0 || len(public) != 1 || public["B"] != "b" {
		t.Errorf("%+v %q", problems, public)
	}
}
