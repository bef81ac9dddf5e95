package kube

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// kept are the directories in /app that outlive a pod, all on one claim: a snapshot of it
// has every database at the same instant.
var kept = []string{"db", "log", "strategies", "keys"}

// Modes of mounted files, which Kubernetes has as decimal numbers.
const (
	readable   = 0o440
	executable = 0o555
)

// statefulSet runs at most one pod of this name, whatever happens to a node: two would
// place orders twice. Parallel replaces a pod that cannot start, as one whose image is
// missing, where the default waits for it.
func (o OpenAlgo) statefulSet(config, start string) object {
	return append(o.head("apps/v1", "StatefulSet", StatefulSet), entry{"spec", object{
		{"replicas", 1},
		{"podManagementPolicy", "Parallel"},
		{"serviceName", Service},
		{"selector", object{{"matchLabels", labels(Selector(o.Name))}}},
		{"template", object{
			{"metadata", object{
				{"labels", labels(Labels(o.Name))},
				// Nothing may move a trader's pod to save a node.
				{"annotations", object{{"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"}}},
			}},
			{"spec", o.pod(config, start)},
		}},
	}})
}

func (o OpenAlgo) pod(config, start string) object {
	pod := object{
		{"automountServiceAccountToken", false}, // strategies are a user's code
		// A Service named websocket or zmq would set WEBSOCKET_PORT or ZMQ_PORT.
		{"enableServiceLinks", false},
		// A ceiling: a migration that runs ends before OpenAlgo does.
		{"terminationGracePeriodSeconds", 180},
		{"securityContext", object{
			{"runAsNonRoot", true}, {"runAsUser", openalgo.User}, {"runAsGroup", openalgo.User}, {"fsGroup", openalgo.User},
			{"fsGroupChangePolicy", "OnRootMismatch"},
			{"seccompProfile", object{{"type", "RuntimeDefault"}}},
		}},
	}
	if o.ImagePullSecret != "" {
		pod = append(pod, entry{"imagePullSecrets", list{object{{"name", o.ImagePullSecret}}}})
	}
	if len(o.NodeSelector) > 0 {
		pod = append(pod, entry{"nodeSelector", sorted(o.NodeSelector)})
	}
	return append(pod,
		entry{"containers", list{o.container(config)}},
		entry{"volumes", o.volumes(start)},
	)
}

// SecretName is the Secret that the pod reads.
func (o OpenAlgo) SecretName() string {
	if o.ExistingSecret != "" {
		return o.ExistingSecret
	}
	return Secret
}

func (o OpenAlgo) isMounted() bool { return o.Mode == answers.ModeMounted }

func (o OpenAlgo) container(config string) object {
	security := object{
		{"allowPrivilegeEscalation", false},
		{"capabilities", object{{"drop", list{"ALL"}}}},
	}
	from := list{object{{"configMapRef", object{{"name", config}}}}}
	if o.isMounted() {
		security = append(security, entry{"readOnlyRootFilesystem", true})
	} else {
		from = append(from, object{{"secretRef", object{{"name", o.SecretName()}}}})
	}
	health := object{{"command", list{openalgo.Start, "health"}}}
	return object{
		{"name", Container},
		{"image", o.Image},
		{"envFrom", from},
		{"ports", list{
			object{{"name", PortHTTP}, {"containerPort", openalgo.WebPort}},
			object{{"name", PortWebSocket}, {"containerPort", openalgo.WebSocketPort}},
		}},
		// What is in /dev/shm counts as the pod's memory. Processors have no limit: it
		// would delay ticks.
		{"resources", object{
			{"requests", object{{"cpu", "500m"}, {"memory", mebibytes(o.RAMMiB)}}},
			{"limits", object{{"memory", mebibytes(o.RAMMiB + o.ShmMiB)}}},
		}},
		// 15 minutes: migrations must not be killed.
		{"startupProbe", object{{"exec", health}, {"periodSeconds", 10}, {"timeoutSeconds", 15}, {"failureThreshold", 90}}},
		{"readinessProbe", object{{"exec", health}, {"periodSeconds", 30}, {"timeoutSeconds", 15}}},
		// OpenAlgo may be busy for minutes, and starts its own WebSocket proxy again.
		{"livenessProbe", object{{"tcpSocket", object{{"port", PortHTTP}}}, {"periodSeconds", 60}, {"failureThreshold", 5}}},
		{"securityContext", security},
		{"volumeMounts", o.mounts()},
	}
}

func (o OpenAlgo) mounts() (out list) {
	if o.isMounted() {
		for _, name := range kept {
			out = append(out, object{{"name", PVC}, {"mountPath", openalgo.Tree(name)}, {"subPath", name}})
		}
		out = append(out,
			object{{"name", "env"}, {"mountPath", openalgo.Env}, {"subPath", EnvKey}, {"readOnly", true}},
			object{{"name", "tmp"}, {"mountPath", "/tmp"}})
	} else {
		out = append(out, object{{"name", PVC}, {"mountPath", Data}})
	}
	out = append(out,
		object{{"name", "shm"}, {"mountPath", "/dev/shm"}},
		object{{"name", "app-tmp"}, {"mountPath", openalgo.Tree("tmp")}})
	for _, s := range o.Scripts {
		out = append(out, object{{"name", "start"}, {"mountPath", openalgo.Dir + "/" + s.Name}, {"subPath", s.Name}, {"readOnly", true}})
	}
	return out
}

func (o OpenAlgo) volumes(start string) list {
	out := list{
		object{{"name", PVC}, {"persistentVolumeClaim", object{{"claimName", PVC}}}},
		object{{"name", "shm"}, {"emptyDir", object{{"medium", "Memory"}, {"sizeLimit", mebibytes(o.ShmMiB)}}}},
		object{{"name", "app-tmp"}, {"emptyDir", object{{"sizeLimit", "2Gi"}}}},
	}
	if o.isMounted() {
		out = append(out,
			object{{"name", "tmp"}, {"emptyDir", object{{"sizeLimit", "1Gi"}}}},
			object{{"name", "env"}, {"secret", object{{"secretName", o.SecretName()}, {"defaultMode", readable},
				{"items", list{object{{"key", EnvKey}, {"path", EnvKey}}}}}}})
	}
	if start != "" {
		out = append(out, object{{"name", "start"}, {"configMap", object{{"name", start}, {"defaultMode", executable}}}})
	}
	return out
}
