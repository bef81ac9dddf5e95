package kube

import (
	"maps"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

const (
	labelIssuer = "cert-manager.io/cluster-issuer"
	madeTLS     = "openalgo-tls" // the Secret that cert-manager makes
	// LabelEgress is of the node that has an instance's address: its value is the
	// instance's name.
	LabelEgress = "openalgo/egress"
)

// ingressText is the way in from the internet.
const ingressText = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: openalgo@METADATA@
@ANNOTATIONS@spec:
@CLASS@@TLS@  rules:
  - host: @DOMAIN@
    http:
      paths:
      - path: /ws
        pathType: Prefix
        backend:
          service:
            name: openalgo
            port:
              name: ws
      - path: /
        pathType: Prefix
        backend:
          service:
            name: openalgo
            port:
              name: http
`

// routeText is a route of a Gateway that is there: one of each trader's own would be a
// load balancer each. It has no time limit, as a WebSocket lives for a day.
const routeText = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: openalgo@METADATA@
@ANNOTATIONS@spec:
  parentRefs:
  - name: @GATEWAY@
    namespace: @GATEWAYNS@
  hostnames:
  - @DOMAIN@
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: /ws
    backendRefs:
    - name: openalgo
      port: 8765
    timeouts:
      request: "0s"
      backendRequest: "0s"
  - matches:
    - path:
        type: PathPrefix
        value: /
    backendRefs:
    - name: openalgo
      port: 5000
    timeouts:
      request: "0s"
      backendRequest: "0s"
`

func (o *OpenAlgo) route() string {
	annotations := map[string]string{}
	maps.Copy(annotations, o.Annotations)
	if o.ClusterIssuer != "" {
		annotations[labelIssuer] = o.ClusterIssuer
	}
	marks := ""
	if len(annotations) > 0 {
		marks = "  annotations:\n" + mapping("    ", sorted(annotations))
	}
	domain := scalar(o.Domain)
	if o.Gateway != "" {
		namespace, gateway, _ := strings.Cut(o.Gateway, "/")
		return o.fill(routeText, "@ANNOTATIONS@", marks, "@GATEWAY@", scalar(gateway), "@GATEWAYNS@", scalar(namespace), "@DOMAIN@", domain)
	}
	class, tls, secret := "", "", o.TLSSecret
	if o.IngressClass != "" {
		class = "  ingressClassName: " + scalar(o.IngressClass) + "\n"
	}
	if o.ClusterIssuer != "" {
		secret = madeTLS
	}
	if secret != "" {
		tls = "  tls:\n  - hosts:\n    - " + domain + "\n    secretName: " + scalar(secret) + "\n"
	}
	return o.fill(ingressText, "@ANNOTATIONS@", marks, "@CLASS@", class, "@TLS@", tls, "@DOMAIN@", domain)
}

// policyText closes OpenAlgo to other pods. What OpenAlgo itself calls stays open: brokers'
// addresses are not fixed.
const policyText = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: openalgo@METADATA@
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: openalgo
      app.kubernetes.io/instance: @INSTANCE@
  policyTypes:
  - Ingress
`

const policyFrom = `  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: @CALLER@
    ports:
`

const policyPorts = `    - protocol: TCP
      port: 5000
    - protocol: TCP
      port: 8765
`

func (o *OpenAlgo) networkPolicy() string {
	text := o.fill(policyText)
	switch {
	case o.Domain == "":
		return text // kubectl port-forward comes from the node
	case o.EdgeNamespace == "":
		return text + "  ingress:\n  - ports:\n" + policyPorts
	}
	return text + "  ingress:\n" + o.fill(policyFrom, "@CALLER@", scalar(o.EdgeNamespace)) + policyPorts
}

// Both give the namespace an address of its own: brokers take orders only from one that is
// registered, and no two traders may have the same.
const (
	ciliumText = `apiVersion: cilium.io/v2
kind: CiliumEgressGatewayPolicy
@GLOBAL@
spec:
  selectors:
  - podSelector:
      matchLabels:
        io.kubernetes.pod.namespace: @NAMESPACE@
  destinationCIDRs:
  - @EVERYWHERE@
  egressGateway:
    nodeSelector:
      matchLabels:
        openalgo/egress: @INSTANCE@
    egressIP: @IP@
`
	ovnText = `apiVersion: k8s.ovn.org/v1
kind: EgressIP
@GLOBAL@
spec:
  egressIPs:
  - @IP@
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: @NAMESPACE@
`
)

func (o *OpenAlgo) egress() string {
	text, everywhere := ciliumText, "0.0.0.0/0"
	if o.Egress.Kind == answers.EgressOVN {
		text = ovnText
	}
	if strings.Contains(o.Egress.IP, ":") {
		everywhere = "::/0"
	}
	return o.fill(text, "@EVERYWHERE@", scalar(everywhere), "@IP@", scalar(o.Egress.IP))
}
