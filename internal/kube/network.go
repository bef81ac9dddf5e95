package kube

import (
	"maps"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

const (
	labelNamespace = "kubernetes.io/metadata.name" // each namespace has its name there
	labelIssuer    = "cert-manager.io/cluster-issuer"
	madeTLS        = "openalgo-tls" // the Secret that cert-manager makes
	// LabelEgress is of the node that has an instance's address: its value is the
	// instance's name.
	LabelEgress = "openalgo/egress"
)

func sorted(texts map[string]string) (out object) {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		out = append(out, entry{name, texts[name]})
	}
	return out
}

// route is the way in from the internet: an Ingress, or an HTTPRoute of a Gateway that is
// there. A Gateway of each trader's own would be a load balancer each.
func (o OpenAlgo) route() object {
	if o.Gateway != "" {
		return o.httpRoute()
	}
	ingress := o.annotated(o.head("networking.k8s.io/v1", "Ingress", Route))
	spec := object{}
	if o.IngressClass != "" {
		spec = append(spec, entry{"ingressClassName", o.IngressClass})
	}
	secret := o.TLSSecret
	if o.ClusterIssuer != "" {
		secret = madeTLS
	}
	if secret != "" {
		spec = append(spec, entry{"tls", list{object{{"hosts", list{o.Domain}}, {"secretName", secret}}}})
	}
	path := func(path, port string) object {
		return object{{"path", path}, {"pathType", "Prefix"}, {"backend", object{{"service", object{
			{"name", Service}, {"port", object{{"name", port}}},
		}}}}}
	}
	spec = append(spec, entry{"rules", list{object{{"host", o.Domain}, {"http", object{{"paths", list{
		path(openalgo.Socket, PortWebSocket), path("/", PortHTTP),
	}}}}}}})
	return append(ingress, entry{"spec", spec})
}

// annotated adds the annotations of the answers to an object's metadata.
func (o OpenAlgo) annotated(to object) object {
	annotations := map[string]string{}
	maps.Copy(annotations, o.Annotations)
	if o.ClusterIssuer != "" {
		annotations[labelIssuer] = o.ClusterIssuer
	}
	if len(annotations) > 0 {
		metadata := &to[len(to)-1]
		metadata.value = append(metadata.value.(object), entry{"annotations", sorted(annotations)})
	}
	return to
}

// httpRoute has no time limit: a WebSocket lives for a day.
func (o OpenAlgo) httpRoute() object {
	namespace, gateway, _ := strings.Cut(o.Gateway, "/")
	rule := func(path string, port int) object {
		return object{
			{"matches", list{object{{"path", object{{"type", "PathPrefix"}, {"value", path}}}}}},
			{"backendRefs", list{object{{"name", Service}, {"port", port}}}},
			{"timeouts", object{{"request", "0s"}, {"backendRequest", "0s"}}},
		}
	}
	return append(o.annotated(o.head("gateway.networking.k8s.io/v1", "HTTPRoute", Route)), entry{"spec", object{
		{"parentRefs", list{object{{"name", gateway}, {"namespace", namespace}}}},
		{"hostnames", list{o.Domain}},
		{"rules", list{rule(openalgo.Socket, openalgo.WebSocketPort), rule("/", openalgo.WebPort)}},
	}})
}

// networkPolicy lets the edge in, and nobody where nothing leads here. What OpenAlgo
// itself calls stays open: brokers' addresses are not fixed.
func (o OpenAlgo) networkPolicy() object {
	ingress := list{}
	if o.Domain != "" {
		rule := object{}
		if o.EdgeNamespace != "" {
			rule = object{{"from", list{object{{"namespaceSelector", object{{"matchLabels", object{{labelNamespace, o.EdgeNamespace}}}}}}}}}
		}
		ingress = list{append(rule, entry{"ports", list{
			object{{"protocol", "TCP"}, {"port", openalgo.WebPort}}, object{{"protocol", "TCP"}, {"port", openalgo.WebSocketPort}},
		}})}
	}
	spec := object{
		{"podSelector", object{{"matchLabels", labels(Selector(o.Name))}}},
		{"policyTypes", list{"Ingress"}},
	}
	if len(ingress) > 0 {
		spec = append(spec, entry{"ingress", ingress})
	}
	return append(o.head("networking.k8s.io/v1", "NetworkPolicy", NetworkPolicy), entry{"spec", spec})
}

// egress gives the namespace an address of its own: brokers take orders only from one
// that is registered, and no two traders may have the same.
func (o OpenAlgo) egress() object {
	if o.Egress.Kind == answers.EgressOVN {
		return append(o.global("k8s.ovn.org/v1", "EgressIP"), entry{"spec", object{
			{"egressIPs", list{o.Egress.IP}},
			{"namespaceSelector", object{{"matchLabels", object{{labelNamespace, Namespace(o.Name)}}}}},
		}})
	}
	everywhere := "0.0.0.0/0"
	if strings.Contains(o.Egress.IP, ":") {
		everywhere = "::/0"
	}
	return append(o.global("cilium.io/v2", "CiliumEgressGatewayPolicy"), entry{"spec", object{
		{"selectors", list{object{{"podSelector", object{{"matchLabels", object{{"io.kubernetes.pod.namespace", Namespace(o.Name)}}}}}}}},
		{"destinationCIDRs", list{everywhere}},
		{"egressGateway", object{
			{"nodeSelector", object{{"matchLabels", object{{LabelEgress, Instance(o.Name)}}}}},
			{"egressIP", o.Egress.IP},
		}},
	}})
}
