package render

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// kubeWarnings are what a person must know or do about one instance.
func kubeWarnings(n answers.Named, o kube.OpenAlgo) (out finding.Warnings) {
	a := n.Answers
	say := func(id, format string, args ...any) { out = append(out, finding.Warn(id, format, args...)) }
	if idle := idleOnCluster(a); len(idle) > 0 {
		say("answers-idle", "a cluster does not use these answers: %s", strings.Join(idle, ", "))
	}
	if fromSource(a) {
		say("image-to-push", "build and push the image first: sh build/build.sh && docker tag %s %s && docker push %[2]s", localImage, o.Image)
	} else if isLatest(o.Image) {
		say("image-latest", "the tag of %s moves: a pod that starts again may start another release. Name a release, for example marketcalls/openalgo:2.0.2.1", o.Image)
	}
	if o.ExistingSecret != "" {
		say("secret-yours", "the Secret %s in the namespace %s is yours to make. It needs: %s", o.ExistingSecret, kube.Namespace(n.Name), strings.Join(secretEntries(a), ", "))
	}
	switch {
	case a.Domain == "":
		say("domain-missing", "your answers have no `domain`, so OpenAlgo cannot be reached from outside. To log in: kubectl port-forward -n %s service/%s 5000 8765", kube.Namespace(n.Name), kube.Service)
		return out
	case o.Gateway == "" && o.ClusterIssuer == "" && o.TLSSecret == "":
		say("certificate-missing", "the Ingress names no certificate, and OpenAlgo needs HTTPS. Set kubernetes.cluster_issuer or kubernetes.tls_secret, unless your Ingress controller has one for %s", a.Domain)
	}
	if o.EdgeNamespace == "" {
		say("network-open", "every pod of the cluster can call OpenAlgo. Write where your Ingress controller or Gateway runs, for example `kubernetes: {edge_namespace: kube-system}`")
	}
	return out
}

// togetherWarnings are about several instances, and about what an earlier run left.
func togetherWarnings(all []answers.Named, out string, names []string) (warnings finding.Warnings) {
	var shared []string
	at := map[string]int{}
	for _, n := range all {
		at[leaves(n)]++
	}
	for _, n := range all {
		if from := leaves(n); from == "" || at[from] > 1 {
			shared = append(shared, n.Name)
		}
	}
	if len(all) > 1 && len(shared) > 0 {
		warnings = append(warnings, finding.Warn("egress-shared", "%s may run on the node of another instance, and brokers see that node's address. Brokers expect a different address for each account. "+
			"Give each instance kubernetes.egress, or its own node with kubernetes.node_selector", strings.Join(shared, ", ")))
	}
	there, _ := filepath.Glob(filepath.Join(out, "*", kube.KustomizationName))
	for _, path := range there {
		if name := filepath.Base(filepath.Dir(path)); !slices.Contains(names, name) {
			warnings = append(warnings, finding.Warn("instance-left", "%s is left from an earlier run, and your answers no longer have %s. Its objects stay in the cluster with their data", filepath.Dir(path), name))
		}
	}
	return warnings
}

// leaves is from where an instance calls its broker: an address of its own, or the nodes
// that it may run on. "" is any node.
func leaves(n answers.Named) string {
	k := n.Answers.Kubernetes
	if k.Egress.Kind != "" {
		return k.Egress.IP
	}
	from := ""
	for _, name := range slices.Sorted(maps.Keys(k.NodeSelector)) {
		from += name + "=" + k.NodeSelector[name] + "\n"
	}
	return from
}

// idleOnCluster are answers that are for a single machine.
func idleOnCluster(a answers.Answers) (out []string) {
	for _, it := range []struct {
		name  string
		given bool
	}{
		{"ports", !a.Ports.AutoWeb || !a.Ports.AutoWebSocket || a.Ports.Bind != answers.Open().Bind},
		{"tls", a.TLS.Mode == "files" || a.TLS.Mode == "nginx" || a.TLS.Email != "" || a.TLS.CA != "" || a.TLS.OpenPorts || a.TLS.Edge != (answers.Edge{})},
		{"volumes", a.Volumes == "bind"},
		{"data", len(a.Data) > 0},
		{"swap", a.SwapMiB != 0},
		{"docker", a.Docker.Install},
		{"notify", len(a.Notify) > 0},
		{"watch", a.Watch.Enabled},
		{"backup", a.Backup.At != ""},
	} {
		if it.given {
			out = append(out, it.name)
		}
	}
	return out
}

// isLatest reports whether a reference names no release.
func isLatest(ref string) bool {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return false
	}
	if _, pinned := named.(reference.Digested); pinned {
		return false
	}
	tagged, ok := named.(reference.Tagged)
	return !ok || tagged.Tag() == "latest"
}

// secretEntries are the names of what the Secret of an instance must have.
func secretEntries(a answers.Answers) []string {
	if a.Kubernetes.Mode == answers.ModeMounted {
		return []string{kube.EnvKey}
	}
	names := []string{keys.AppKey, keys.Pepper}
	if usesSalt(a) {
		names = append(names, keys.FernetSalt)
	}
	size, _ := settings.DueSizing(sizing.Machine{}, 1, a.Sizing)
	_, hidden := kubeSettings(a, size)
	for _, h := range hidden {
		names = append(names, h.Name)
	}
	return names
}
