package answers

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/distribution/reference"
	"go.yaml.in/yaml/v4"
)

// How OpenAlgo gets its settings in a pod.
const (
	ModeCloud   = "cloud"   // as variables, from which start.sh writes .env at each start
	ModeMounted = "mounted" // as a .env in a Secret, and nothing else can be written
)

// Who gives a namespace an address of its own to the outside.
const (
	EgressCilium = "cilium"
	EgressOVN    = "ovn"
)

// Kubernetes is what only a cluster needs to know. Nothing on a single machine reads it.
type Kubernetes struct {
	Mode         string // ModeCloud or ModeMounted
	Image        string // what an image that is built from source is pushed as
	StorageClass string // "": the cluster's default
	SizeMiB      int    // of the disk; 0: the usual
	AccessMode   string
	IngressClass string
	Gateway      string // NAMESPACE/NAME; an HTTPRoute in place of the Ingress
	// EdgeNamespace has the pods of the Ingress controller or Gateway; "": any may call.
	EdgeNamespace   string
	Annotations     map[string]string // of the Ingress or HTTPRoute
	ClusterIssuer   string
	TLSSecret       string
	NodeSelector    map[string]string
	Egress          Egress
	ImagePullSecret string
	ExistingSecret  string // kept elsewhere: no keys are made
}

// Egress is the address that brokers see.
type Egress struct{ Kind, IP string }

func (k *Kubernetes) fields() []field {
	plain := func(name string, to *string, example string) field {
		return field{name: name, value: text(to, example).unless("")}
	}
	return []field{
		{name: "mode", value: text(&k.Mode, ModeCloud).unless(ModeCloud)},
		{name: "image", value: ref(&k.Image).unless("")},
		plain("storage_class", &k.StorageClass, "local-path"),
		{name: "size", value: amount(&k.SizeMiB, "auto", "auto or an amount of disk, for example 10GiB", func(mib int) string {
			if mib < 1<<10 {
				return "this is too little for OpenAlgo's databases. Write for example 10GiB"
			}
			return ""
		}).unless("auto")},
		{name: "access_mode", value: text(&k.AccessMode, "ReadWriteOnce").unless("ReadWriteOnce")},
		plain("ingress_class", &k.IngressClass, "traefik"),
		plain("gateway", &k.Gateway, "gateways/public"),
		plain("edge_namespace", &k.EdgeNamespace, "kube-system"),
		{name: "annotations", value: pairs(k.Annotations, qualified, "annotations", `{example.com/name: "value"}`)},
		plain("cluster_issuer", &k.ClusterIssuer, "letsencrypt"),
		plain("tls_secret", &k.TLSSecret, "algo-tls"),
		{name: "node_selector", value: pairs(k.NodeSelector, qualified, "node_selector", "{openalgo/egress: alpha}")},
		{name: "egress", value: section("{kind: cilium, ip: 203.0.113.7}", []field{
			plain("kind", &k.Egress.Kind, EgressCilium), plain("ip", &k.Egress.IP, "203.0.113.7"),
		})},
		plain("image_pull_secret", &k.ImagePullSecret, "registry"),
		plain("existing_secret", &k.ExistingSecret, "openalgo-keys"),
	}
}

var (
	// qualified is the key of a label or annotation.
	qualified = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`)
	// labelValue is what a label may say.
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$`)
	// objectName is what most objects may be called.
	objectName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
)

func checkKubernetes(a *Answers, r *reader) {
	a.Kubernetes.check(r)
	r.onlyFor("kubernetes.image", a.Kubernetes.Image, a.Image.Source == "git" || a.Image.Source == "path", "a git or path source, else write image.ref")
}

// check holds the section against the rules of Kubernetes.
func (k *Kubernetes) check(r *reader) {
	const at = "kubernetes."
	if k.Mode != ModeCloud && k.Mode != ModeMounted {
		r.wrong(at+"mode", "%s is not a mode; use cloud or mounted", quote(k.Mode))
	}
	if k.AccessMode != "ReadWriteOnce" && k.AccessMode != "ReadWriteOncePod" {
		r.wrong(at+"access_mode", "%s is not possible: OpenAlgo is one pod. Use ReadWriteOnce or ReadWriteOncePod", quote(k.AccessMode))
	}
	if k.Image != "" {
		if _, err := reference.ParseNormalizedNamed(k.Image); err != nil {
			r.wrong(at+"image", "%s is not an image reference; write it like registry.example.com/openalgo:2.0.2.1", quote(k.Image))
		}
	}
	for key, name := range map[string]string{
		"storage_class": k.StorageClass, "ingress_class": k.IngressClass, "cluster_issuer": k.ClusterIssuer, "tls_secret": k.TLSSecret,
		"image_pull_secret": k.ImagePullSecret, "existing_secret": k.ExistingSecret,
	} {
		if name != "" && !objectName.MatchString(name) {
			r.wrong(at+key, "%s is not the name of an object in Kubernetes. Use small letters, digits, dots and dashes", quote(name))
		}
	}
	if k.EdgeNamespace != "" && !labelPattern.MatchString(k.EdgeNamespace) {
		r.wrong(at+"edge_namespace", "%s is not the name of a namespace, for example kube-system", quote(k.EdgeNamespace))
	}
	namespace, gateway, _ := strings.Cut(k.Gateway, "/")
	if k.Gateway != "" && (!labelPattern.MatchString(namespace) || !objectName.MatchString(gateway)) {
		r.wrong(at+"gateway", "%s is not a Gateway; write its namespace and its name, for example gateways/public", quote(k.Gateway))
	}
	r.onlyFor(at+"ingress_class", k.IngressClass, k.Gateway == "", "an Ingress, not with kubernetes.gateway")
	r.onlyFor(at+"cluster_issuer", k.ClusterIssuer, k.Gateway == "", "an Ingress: a Gateway has the certificate itself")
	r.onlyFor(at+"tls_secret", k.TLSSecret, k.Gateway == "" && k.ClusterIssuer == "", "an Ingress without kubernetes.cluster_issuer")
	for name, value := range k.NodeSelector {
		if !labelValue.MatchString(value) {
			r.wrong(at+"node_selector."+name, "%s is not the value of a label", quote(value))
		}
	}
	k.Egress.check(r, at+"egress.")
}

func (e *Egress) check(r *reader, at string) {
	if e.Kind == "" && e.IP == "" {
		return
	}
	if e.Kind != EgressCilium && e.Kind != EgressOVN {
		r.wrong(at+"kind", "%s is not possible here; use cilium or ovn", quote(e.Kind))
	}
	if ip, err := netip.ParseAddr(e.IP); err != nil || ip.Zone() != "" || !ip.IsGlobalUnicast() {
		r.wrong(at+"ip", "%s is not the address that your broker is to see, for example 203.0.113.7", quote(e.IP))
	}
}

// withDefaults is the section kubernetes of one of several instances: what it leaves out
// it has from the top of the file, since traders of one cluster differ in little.
func withDefaults(own, top *yaml.Node) *yaml.Node {
	if own.Kind != yaml.MappingNode || top == nil || top.Kind != yaml.MappingNode || notPlain(own) != "" || notPlain(top) != "" {
		return own
	}
	merged := *own
	merged.Content = append([]*yaml.Node{}, own.Content...)
	for i := 0; i+1 < len(top.Content); i += 2 {
		if valueOf(own, top.Content[i].Value) == nil {
			merged.Content = append(merged.Content, top.Content[i:i+2]...)
		}
	}
	return &merged
}
