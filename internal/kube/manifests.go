package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// KustomizationName is the file that names the others of a directory.
const KustomizationName = "kustomization.yaml"

// usualSizeMiB is what a claim asks for where the answers say nothing.
const usualSizeMiB = 10 << 10

// Setting is one variable of OpenAlgo.
type Setting struct{ Name, Value string }

// OpenAlgo is one trader's OpenAlgo.
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
func (o OpenAlgo) Files() []File {
	config, configName := o.configMap(ConfigMap, o.Config)
	files := []File{
		{"namespace.yaml", document(o.namespace())},
		{"configmap.yaml", document(config)},
	}
	startName := ""
	if len(o.Scripts) > 0 {
		var start object
		start, startName = o.configMap(Scripts, o.Scripts)
		files = append(files, File{"start.yaml", document(start)})
	}
	files = append(files,
		File{"pvc.yaml", document(claim(o))},
		File{"service.yaml", document(service(o))},
		File{"statefulset.yaml", document(o.statefulSet(configName, startName))},
		File{"networkpolicy.yaml", document(o.networkPolicy())},
	)
	if o.Domain != "" {
		files = append(files, File{"route.yaml", document(o.route())})
	}
	if o.Egress.Kind != "" {
		files = append(files, File{"egress.yaml", document(o.egress())})
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	return append(files, Kustomization(names))
}

// Kustomization names files or directories.
func Kustomization(names []string) File {
	resources := list{}
	for _, name := range names {
		resources = append(resources, name)
	}
	return File{KustomizationName, document(object{
		{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}, {"resources", resources},
	})}
}

// head is how each object of a namespace begins.
func (o OpenAlgo) head(version, kind, name string) object {
	return object{{"apiVersion", version}, {"kind", kind}, {"metadata", object{
		{"name", name}, {"namespace", Namespace(o.Name)}, {"labels", labels(Labels(o.Name))},
	}}}
}

// global is head for an object that belongs to no namespace.
func (o OpenAlgo) global(version, kind string, more ...Label) object {
	return object{{"apiVersion", version}, {"kind", kind}, {"metadata", object{
		{"name", Namespace(o.Name)}, {"labels", labels(append(Labels(o.Name), more...))},
	}}}
}

func labels(all []Label) (out object) {
	for _, l := range all {
		out = append(out, entry{l.Name, l.Value})
	}
	return out
}

func (o OpenAlgo) namespace() object {
	return o.global("v1", "Namespace", Label{"pod-security.kubernetes.io/enforce", "restricted"})
}

// configMap has a hash of its contents in its name: a change is another object, which the
// pod names, so that it starts again with it, and the previous one is there to go back to.
func (o OpenAlgo) configMap(name string, settings []Setting) (config object, full string) {
	data := object{}
	for _, s := range settings {
		data = append(data, entry{s.Name, s.Value})
	}
	sum := sha256.Sum256(document(data))
	full = name + "-" + hex.EncodeToString(sum[:5])
	return append(o.head("v1", "ConfigMap", full), entry{"data", data}), full
}

// claim is an object of its own: a claim in a StatefulSet could not grow later.
func claim(o OpenAlgo) object {
	size := o.SizeMiB
	if size == 0 {
		size = usualSizeMiB
	}
	spec := object{
		{"accessModes", list{o.AccessMode}},
		{"resources", object{{"requests", object{{"storage", mebibytes(size)}}}}},
	}
	if o.StorageClass != "" {
		spec = append(spec, entry{"storageClassName", o.StorageClass})
	}
	return append(o.head("v1", "PersistentVolumeClaim", PVC), entry{"spec", spec})
}

func service(o OpenAlgo) object {
	return append(o.head("v1", "Service", Service), entry{"spec", object{
		{"type", "ClusterIP"},
		{"selector", labels(Selector(o.Name))},
		{"ports", list{
			object{{"name", PortHTTP}, {"port", openalgo.WebPort}, {"targetPort", PortHTTP}},
			object{{"name", PortWebSocket}, {"port", openalgo.WebSocketPort}, {"targetPort", PortWebSocket}, {"appProtocol", "kubernetes.io/ws"}},
		}},
	}})
}

// mebibytes is an amount as Kubernetes writes it back, so that a diff stays empty.
func mebibytes(mib int) string {
	if mib%1024 == 0 {
		return strconv.Itoa(mib/1024) + "Gi"
	}
	return strconv.Itoa(mib) + "Mi"
}
