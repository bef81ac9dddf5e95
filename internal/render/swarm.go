package render

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// everywhere is where a swarm publishes ports: it has no address of a node to bind to.
const everywhere = "0.0.0.0"

// onSwarm are the answers as they count in a swarm, whose ports every machine reaches:
// then OpenAlgo believes no header about who calls.
func onSwarm(a answers.Answers) answers.Answers {
	a.Ports.Bind = everywhere
	return a
}

// swarmFiles are .env, which becomes a secret of the swarm, and the stack's file.
func swarmFiles(a answers.Answers, o Options, v values) ([]output, error) {
	env, err := envFile(a, o, v)
	if err != nil {
		return nil, err
	}
	project := compose.ProjectName(o.InstanceDir)
	sum := sha256.Sum256(env)
	s := compose.Swarm{
		Params: compose.Params{Project: project, Image: imageOf(a, v), WebPort: a.Ports.Web, WebSocketPort: a.Ports.WebSocket,
			Command: commandOf(a), OwnHealth: buildsOurs(a)},
		Secret: project + "_env_" + hex.EncodeToString(sum[:5]),
		RAMMiB: v.Sizing.RAMMiB, ShmMiB: v.Sizing.ShmMiB,
	}
	for _, size := range v.Sizing.Env() {
		if size.Key != "SHM_SIZE" {
			s.Variables = append(s.Variables, [2]string{size.Key, size.Value})
		}
	}
	files := []output{{instance.EnvName, env, 0o600}, {compose.StackName, compose.RenderSwarm(s), 0o644}}
	return append(files, buildFiles(a)...), nil
}

func swarmWarnings(a answers.Answers, o Options) (out finding.Warnings) {
	say := func(id, format string, args ...any) { out = append(out, finding.Warn(id, format, args...)) }
	say("ports-public", "a swarm opens ports %d and %d on all addresses of the node, past ufw. Close them in your provider's firewall to all but your proxy", a.Ports.Web, a.Ports.WebSocket)
	if a.Domain != "" {
		say("proxy-own", "no HTTPS proxy is rendered. Let yours serve https://%s: it must forward requests to port %d of the node, and /ws to port %d", a.Domain, a.Ports.Web, a.Ports.WebSocket)
	}
	if fromSource(a) {
		say("image-to-push", "sh build.sh builds %s where you run it. Do that on the node, or push the image to a registry and write image.ref", localImage)
	} else if isLatest(imageOf(a, values{})) {
		say("image-latest", "the tag of %s moves: a task that starts again may start another release. Name a release, for example marketcalls/openalgo:2.0.2.1", a.Image.Ref)
	}
	say("node-label", "the stack runs only on the node with this label, and its data stays there: docker node update --label-add %s=%s NODE", compose.LabelNode, compose.ProjectName(o.InstanceDir))
	return out
}
