package kube

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// kept are the directories in /app that outlive a pod, all on one claim: a snapshot of it
// has every database at the same instant.
var kept = []string{"db", "log", "strategies", "keys"}

// podText runs at most one pod of this name, whatever happens to a node: two would place
// orders twice. What is in it, and why:
//
//   - Parallel replaces a pod that cannot start, as one whose image is missing, where the
//     default waits for it.
//   - safe-to-evict: nothing may move a trader's pod to save a node.
//   - automountServiceAccountToken: strategies are a user's code.
//   - enableServiceLinks: a Service named websocket or zmq would set WEBSOCKET_PORT or
//     ZMQ_PORT.
//   - terminationGracePeriodSeconds is a ceiling: a migration that runs ends before
//     OpenAlgo does.
//   - startupProbe: 15 minutes, as migrations must not be killed.
//   - livenessProbe: OpenAlgo may be busy for minutes, and starts its own WebSocket proxy
//     again.
//   - resources: what is in /dev/shm counts as the pod's memory. Processors have no limit:
//     it would delay ticks.
const podText = `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: openalgo@METADATA@
spec:
  replicas: 1
  podManagementPolicy: Parallel
  serviceName: openalgo
  selector:
    matchLabels:
      app.kubernetes.io/name: openalgo
      app.kubernetes.io/instance: @INSTANCE@
  template:
    metadata:
      labels:
        app.kubernetes.io/name: openalgo
        app.kubernetes.io/instance: @INSTANCE@
        app.kubernetes.io/managed-by: openalgo-install
      annotations:
        cluster-autoscaler.kubernetes.io/safe-to-evict: "false"
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 180
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        runAsGroup: 1000
        fsGroup: 1000
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile:
          type: RuntimeDefault
@PLACE@      containers:
      - name: openalgo
        image: @IMAGE@
        envFrom:
        - configMapRef:
            name: @CONFIG@
@FROM@        ports:
        - name: http
          containerPort: 5000
        - name: ws
          containerPort: 8765
        resources:
          requests:
            cpu: "500m"
            memory: @RAM@
          limits:
            memory: @LIMIT@
        startupProbe:
          exec:
            command:
            - /app/start.sh
            - health
          periodSeconds: 10
          timeoutSeconds: 15
          failureThreshold: 90
        readinessProbe:
          exec:
            command:
            - /app/start.sh
            - health
          periodSeconds: 30
          timeoutSeconds: 15
        livenessProbe:
          tcpSocket:
            port: http
          periodSeconds: 60
          failureThreshold: 5
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop:
            - ALL
@SECURITY@        volumeMounts:
@MOUNTS@        - name: shm
          mountPath: /dev/shm
        - name: app-tmp
          mountPath: /app/tmp
@SCRIPTS@      volumes:
      - name: data
        persistentVolumeClaim:
          claimName: data
      - name: shm
        emptyDir:
          medium: Memory
          sizeLimit: @SHM@
      - name: app-tmp
        emptyDir:
          sizeLimit: "2Gi"
@VOLUMES@`

// What mounted mode has besides. 288 is 0440.
const (
	mountedMounts = `        - name: env
          mountPath: /app/.env
          subPath: ".env"
          readOnly: true
        - name: tmp
          mountPath: /tmp
`
	mountedVolumes = `      - name: tmp
        emptyDir:
          sizeLimit: "1Gi"
      - name: env
        secret:
          secretName: @SECRET@
          defaultMode: 288
          items:
          - key: ".env"
            path: ".env"
`
)

// startVolume has the scripts. 365 is 0555.
const startVolume = `      - name: start
        configMap:
          name: @START@
          defaultMode: 365
`

// statefulSet is podText with what the answers say.
func (o *OpenAlgo) statefulSet(config, start string) string {
	secret := scalar(Secret)
	if o.ExistingSecret != "" {
		secret = scalar(o.ExistingSecret)
	}
	from, security, volumes := "        - secretRef:\n            name: "+secret+"\n", "", ""
	mounts := "        - name: data\n          mountPath: " + Data + "\n"
	if o.Mode == answers.ModeMounted {
		from, security, mounts, volumes = "", "          readOnlyRootFilesystem: true\n", "", o.fill(mountedVolumes, "@SECRET@", secret)
		for _, name := range kept {
			mounts += "        - name: data\n          mountPath: " + openalgo.Tree(name) + "\n          subPath: " + name + "\n"
		}
		mounts += mountedMounts
	}
	place := ""
	if o.ImagePullSecret != "" {
		place = "      imagePullSecrets:\n      - name: " + scalar(o.ImagePullSecret) + "\n"
	}
	if len(o.NodeSelector) > 0 {
		place += "      nodeSelector:\n" + mapping("        ", sorted(o.NodeSelector))
	}
	scripts := ""
	for _, s := range o.Scripts {
		scripts += "        - name: start\n          mountPath: " + openalgo.Dir + "/" + s.Name + "\n          subPath: " + s.Name + "\n          readOnly: true\n"
	}
	if start != "" {
		volumes += o.fill(startVolume, "@START@", start)
	}
	return o.fill(podText, "@PLACE@", place, "@IMAGE@", scalar(o.Image), "@CONFIG@", config, "@FROM@", from, "@RAM@", mebibytes(o.RAMMiB),
		"@LIMIT@", mebibytes(o.RAMMiB+o.ShmMiB), "@SECURITY@", security, "@MOUNTS@", mounts, "@SCRIPTS@", scripts, "@SHM@", mebibytes(o.ShmMiB), "@VOLUMES@", volumes)
}
