// Package kube writes OpenAlgo for Kubernetes: from answers to plain manifests. It asks
// no cluster.
package kube

// Names of the objects in a trader's namespace. They are the same in each namespace, fit
// OpenAlgo's own Kubernetes package, and never change: a StatefulSet or a claim by
// another name would be a second OpenAlgo, or one without its data.
const (
	StatefulSet   = "openalgo"
	Pod           = StatefulSet + "-0" // the only one
	Container     = "openalgo"
	Service       = "openalgo"
	Route         = "openalgo" // the Ingress or HTTPRoute
	NetworkPolicy = "openalgo"
	PVC           = "data"
	Secret        = "openalgo-env"    // what answers name as existing_secret has its place
	ConfigMap     = "openalgo-config" // each has a hash of its contents behind it

	Scripts = "openalgo-start" // a ConfigMap: start.sh in place of the image's own

	PortHTTP      = "http" // of the Service and the container
	PortWebSocket = "ws"

	EnvKey = ".env"  // the Secret's entry in mounted mode
	Data   = "/data" // where cloud mode has the claim
)

// Labels.
const (
	LabelName      = "app.kubernetes.io/name" // openalgo
	LabelInstance  = "app.kubernetes.io/instance"
	LabelManagedBy = "app.kubernetes.io/managed-by"

	AppName   = "openalgo"
	ManagedBy = "openalgo-install"
)

// Label is one label or annotation.
type Label struct{ Name, Value string }

// Namespace is an instance's namespace. The only instance of a file has no name.
func Namespace(instance string) string { return "openalgo" + dashed(instance) }

// Instance is the name of an instance where each must have one: in its label and as its
// directory.
func Instance(instance string) string {
	if instance == "" {
		return AppName
	}
	return instance
}

func dashed(instance string) string {
	if instance == "" {
		return ""
	}
	return "-" + instance
}

// Selector are the labels by which objects of one instance find its pod. They never
// change: a StatefulSet's cannot.
func Selector(instance string) []Label {
	return []Label{{LabelName, AppName}, {LabelInstance, Instance(instance)}}
}

// Labels are those of each object of one instance.
func Labels(instance string) []Label {
	return append(Selector(instance), Label{LabelManagedBy, ManagedBy})
}

// SelectorText is Selector as kubectl's --selector has it.
func SelectorText(instance string) string {
	return LabelName + "=" + AppName + "," + LabelInstance + "=" + Instance(instance)
}
