package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

// KustomizationName is the file that names the others of a directory.
const KustomizationName = "kustomization.yaml"

// usualSizeMiB is what a claim asks for where the answers say nothing.
const usualSizeMiB = 10 << 10

// Setting is one variable of OpenAlgo, or another text with a name.
type Setting struct{ Name, Value string }

// OpenAlgo is one trader's instance.
type OpenAlgo struct {
	Name   string // "" is the only one of a file
	Domain string // "": reached by kubectl port-forward alone
	Image  string
	// Config are variables without a secret.
	Config []Setting
	// Scripts stand in for the image's own in /app. Empty where it has them already.
	Scripts        []Setting
	RAMMiB, ShmMiB int
	answers.Kubernetes
}

// File is one file of an instance's directory.
type File struct {
	Name string
	Text []byte
}

// Files are the manifests of an instance, and the kustomization.yaml that names them.
func (o *OpenAlgo) Files() []File {
	var files []File
	var names []string
	add := func(name, text string) {
		files = append(files, File{name, []byte(text)})
		names = append(names, name)
	}
	add("namespace.yaml", o.fill(namespaceText))
	config, configName := o.configMap(ConfigMap, o.Config)
	add("configmap.yaml", config)
	startName := ""
	if len(o.Scripts) > 0 {
		var start string
		start, startName = o.configMap(Scripts, o.Scripts)
		add("start.yaml", start)
	}
	add("pvc.yaml", o.claim())
	add("service.yaml", o.fill(serviceText))
	add("statefulset.yaml", o.statefulSet(configName, startName))
	add("networkpolicy.yaml", o.networkPolicy())
	if o.Domain != "" {
		add("route.yaml", o.route())
	}
	if o.Egress.Kind != "" {
		add("egress.yaml", o.egress())
	}
	return append(files, Kustomization(names))
}

// Kustomization names files or directories.
func Kustomization(names []string) File {
	text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
	for _, name := range names {
		text += "- " + scalar(name) + "\n"
	}
	return File{KustomizationName, []byte(text)}
}

// fill fills the places of a text: those that many have, and more. A value is never
// looked at for places.
func (o *OpenAlgo) fill(text string, more ...string) string {
	// Labels before metadata, as a replacer takes each place once.
	text = strings.NewReplacer("@METADATA@", metadataText, "@GLOBAL@", globalText).Replace(text)
	return strings.NewReplacer(append(more, "@NAMESPACE@", scalar(Namespace(o.Name)), "@INSTANCE@", scalar(Instance(o.Name)))...).Replace(text)
}

// metadataText is of each object of a namespace, behind its name, and globalText of one
// that is in none. The labels are Labels.
const (
	labelsText = `
  labels:
    app.kubernetes.io/name: openalgo
    app.kubernetes.io/instance: @INSTANCE@
    app.kubernetes.io/managed-by: openalgo-install`
	metadataText = `
  namespace: @NAMESPACE@` + labelsText
	globalText = `metadata:
  name: @NAMESPACE@` + labelsText
)

const namespaceText = `apiVersion: v1
kind: Namespace
@GLOBAL@
    pod-security.kubernetes.io/enforce: restricted
`

// configMap has a hash of its contents in its name: a change is another object, which the
// pod names, so that it starts again with it, and the previous one is there to go back to.
func (o *OpenAlgo) configMap(name string, settings []Setting) (text, full string) {
	sum := sha256.Sum256([]byte(mapping("", settings)))
	full = name + "-" + hex.EncodeToString(sum[:5])
	return o.fill("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "+full+"@METADATA@\ndata:\n@DATA@", "@DATA@", mapping("  ", settings)), full
}

// claimText is an object of its own: a claim in a StatefulSet could not grow later.
const claimText = `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data@METADATA@
spec:
  accessModes:
  - @MODE@
  resources:
    requests:
      storage: @SIZE@
`

func (o *OpenAlgo) claim() string {
	size := o.SizeMiB
	if size == 0 {
		size = usualSizeMiB
	}
	text := o.fill(claimText, "@MODE@", scalar(o.AccessMode), "@SIZE@", mebibytes(size))
	if o.StorageClass != "" {
		text += "  storageClassName: " + scalar(o.StorageClass) + "\n"
	}
	return text
}

const serviceText = `apiVersion: v1
kind: Service
metadata:
  name: openalgo@METADATA@
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: openalgo
    app.kubernetes.io/instance: @INSTANCE@
  ports:
  - name: http
    port: 5000
    targetPort: http
  - name: ws
    port: 8765
    targetPort: ws
    appProtocol: kubernetes.io/ws
`

// mebibytes is an amount as Kubernetes writes it back, so that a diff stays empty.
func mebibytes(mib int) string {
	if mib%1024 == 0 {
		return strconv.Quote(strconv.Itoa(mib/1024) + "Gi")
	}
	return strconv.Quote(strconv.Itoa(mib) + "Mi")
}
