// Package cluster looks after an instance that runs in a Kubernetes cluster, through
// the user's own kubectl: its state, its problems, its backups. It makes no cluster and
// rolls out no release.
package cluster

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/kube"
)

// meta is what each object has.
type meta struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	UID             string            `json:"uid"`
	ResourceVersion string            `json:"resourceVersion"`
	Labels          map[string]string `json:"labels"`
	Annotations     map[string]string `json:"annotations"`
	Deleted         *time.Time        `json:"deletionTimestamp"`
}

// list is how kubectl answers where several objects may be.
type list[T any] struct {
	Items []T `json:"items"`
}

// statefulSet runs OpenAlgo. What this program only hands on is kept as it is written.
type statefulSet struct {
	Meta meta `json:"metadata"`
	Spec struct {
		Replicas *int `json:"replicas"`
		Selector struct {
			Labels map[string]string `json:"matchLabels"`
		} `json:"selector"`
		Template struct {
			Spec podSpec `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
	Status struct {
		Ready int `json:"readyReplicas"`
	} `json:"status"`
}

// replicas is how many pods there are to be: 1 where nothing is said.
func (s *statefulSet) replicas() int {
	if s.Spec.Replicas == nil {
		return 1
	}
	return *s.Spec.Replicas
}

// container is OpenAlgo's; the first one where none has its name.
//
//go:noinline
func (s *statefulSet) container() *container {
	all := s.Spec.Template.Spec.Containers
	for i := range all {
		if all[i].Name == kube.Container {
			return &all[i]
		}
	}
	if len(all) > 0 {
		return &all[0]
	}
	return &container{}
}

type podSpec struct {
	Containers []container     `json:"containers"`
	Volumes    []volume        `json:"volumes"`
	NodeName   string          `json:"nodeName"`
	Grace      int             `json:"terminationGracePeriodSeconds"`
	Security   json.RawMessage `json:"securityContext"`
	Nodes      json.RawMessage `json:"nodeSelector"`
	Affinity   json.RawMessage `json:"affinity"`
	Tolerates  json.RawMessage `json:"tolerations"`
	Pull       json.RawMessage `json:"imagePullSecrets"`
}

type container struct {
	Name     string          `json:"name"`
	Image    string          `json:"image"`
	Policy   string          `json:"imagePullPolicy"`
	Env      []variable      `json:"env"`
	EnvFrom  []variables     `json:"envFrom"`
	Mounts   []mount         `json:"volumeMounts"`
	Security json.RawMessage `json:"securityContext"`
	Needs    json.RawMessage `json:"resources"`
}

type mount struct {
	Name    string `json:"name"`
	Path    string `json:"mountPath"`
	SubPath string `json:"subPath"`
}

type volume struct {
	Name  string `json:"name"`
	Claim *struct {
		Name string `json:"claimName"`
	} `json:"persistentVolumeClaim"`
	Secret *struct {
		Name string `json:"secretName"`
	} `json:"secret"`
}

type named struct {
	Name string `json:"name"`
}

type keyOf struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// variable is one of the environment, by its value or by where that is.
type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  *struct {
		Secret *keyOf `json:"secretKeyRef"`
		Config *keyOf `json:"configMapKeyRef"`
	} `json:"valueFrom"`
}

type variables struct {
	Prefix string `json:"prefix"`
	Secret *named `json:"secretRef"`
	Config *named `json:"configMapRef"`
}

// pod is OpenAlgo's, or the one that copies its data.
type pod struct {
	Meta   meta    `json:"metadata"`
	Spec   podSpec `json:"spec"`
	Status struct {
		Phase      string     `json:"phase"`
		Reason     string     `json:"reason"`
		Started    *time.Time `json:"startTime"`
		Conditions []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"conditions"`
		Containers []struct {
			Name     string `json:"name"`
			Restarts int    `json:"restartCount"`
			Started  *bool  `json:"started"`
			ImageID  string `json:"imageID"`
			State    state  `json:"state"`
			Last     state  `json:"lastState"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

type state struct {
	Waiting *struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"waiting"`
	Running    *struct{} `json:"running"`
	Terminated *struct {
		Reason string `json:"reason"`
		Code   int    `json:"exitCode"`
	} `json:"terminated"`
}

// is reports whether a condition holds.
//
//go:noinline
func (p *pod) is(condition string) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == condition {
			return c.Status == "True"
		}
	}
	return false
}

// runs reports whether its container runs, so that something can be asked in it.
//
//go:noinline
func (p *pod) runs() bool {
	return p.Meta.Deleted == nil && len(p.Status.Containers) > 0 && p.Status.Containers[0].State.Running != nil
}

// uses reports whether a pod has a claim.
func (p *pod) uses(claim string) bool {
	return slices.ContainsFunc(p.Spec.Volumes, func(v volume) bool { return v.Claim != nil && v.Claim.Name == claim })
}

// reason says why a pod is not ready, in a line; "" where nothing is known.
func (p *pod) reason() string {
	for i := range p.Status.Containers {
		c := &p.Status.Containers[i]
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			text := c.State.Waiting.Reason
			if c.State.Waiting.Message != "" {
				text += ": " + c.State.Waiting.Message
			}
			if c.Last.Terminated != nil && c.Last.Terminated.Reason != "" {
				text += " (it ended before: " + c.Last.Terminated.Reason + ")"
			}
			return text
		case c.State.Terminated != nil:
			return "its container ended: " + c.State.Terminated.Reason
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == "PodScheduled" && c.Status != "True" && c.Message != "" {
			return "no node accepts it: " + c.Message
		}
	}
	if len(p.Status.Containers) > 0 && p.Status.Containers[0].State.Running != nil {
		return "OpenAlgo is starting, or does not answer"
	}
	return strings.TrimSpace(p.Status.Phase + " " + p.Status.Reason)
}

// claim is what a pod asks of storage, persistent a volume that it got.
type claim struct {
	Meta meta `json:"metadata"`
	Spec struct {
		Class  string   `json:"storageClassName"`
		Modes  []string `json:"accessModes"`
		Volume string   `json:"volumeName"`
	} `json:"spec"`
	Status struct {
		Phase    string            `json:"phase"`
		Capacity map[string]string `json:"capacity"`
	} `json:"status"`
}

type persistent struct {
	Spec struct {
		Reclaim string `json:"persistentVolumeReclaimPolicy"`
		CSI     *struct {
			Driver string `json:"driver"`
		} `json:"csi"`
		NFS *struct {
			Server string `json:"server"`
		} `json:"nfs"`
	} `json:"spec"`
}

type storageClass struct {
	Provisioner string `json:"provisioner"`
}
