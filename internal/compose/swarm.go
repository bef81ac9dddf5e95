package compose

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// StackName is the name of the file that `docker stack deploy` reads.
const StackName = "docker-stack.yaml"

// LabelNode is the label of the one node that an instance runs on: its value is the
// project's name. A volume does not move, and a broker knows one address.
const LabelNode = "openalgo"

// onNode publishes a port on the node where the task runs.
const onNode = "host"

// Swarm is what a stack's file says beside Params. A swarm reads no .env, so that
// everything stands in the file.
type Swarm struct {
	Params
	Secret         string      // of .env; it has a hash of the contents, as a secret cannot change
	Variables      [][2]string // the sizing
	RAMMiB, ShmMiB int
}

// RenderSwarm returns docker-stack.yaml.
func RenderSwarm(s Swarm) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	health := fmt.Sprintf(`["CMD", "curl", "-f", "http://127.0.0.1:%d%s"]`, openalgo.WebPort, openalgo.CheckSetup)
	if s.OwnHealth {
		health = ownHealth
	}
	line("# OpenAlgo for a Docker Swarm, as openalgo-install rendered it:")
	line("#   docker node update --label-add %s=%s NODE", LabelNode, s.Project)
	line("#   docker stack deploy --compose-file %s %s", StackName, s.Project)
	line(`version: "3.9"`)
	line("")
	line("services:")
	line("  openalgo:")
	line("    image: %s", swarmText(s.Image))
	line("    init: true")
	line("    cap_drop: [ALL]")
	line("    # A migration that runs ends before OpenAlgo does.")
	line("    stop_grace_period: 180s")
	b.WriteString(strings.ReplaceAll(commandBlock(s.Command), "$", "$$"))
	line("    # On the node itself, not through the swarm's own network: OpenAlgo sees who calls.")
	line("    ports:")
	for _, p := range [][2]int{{s.WebPort, openalgo.WebPort}, {s.WebSocketPort, openalgo.WebSocketPort}} {
		line("      - {mode: %s, protocol: tcp, published: %d, target: %d}", onNode, p[0], p[1])
	}
	line("    environment:")
	for _, v := range s.Variables {
		line("      %s: %s", v[0], swarmText(v[1]))
	}
	line("    secrets:")
	line("      - source: env")
	line("        target: %s", openalgo.Env)
	line(`        uid: "%d"`, openalgo.User)
	line(`        gid: "%d"`, openalgo.User)
	line("        mode: 0400")
	line("    volumes:")
	for _, name := range openalgo.Trees {
		line("      - openalgo_%s:%s", name, openalgo.Tree(name))
	}
	line("      - type: tmpfs")
	line("        target: /dev/shm")
	line("        tmpfs: {size: %d}", s.ShmMiB<<20)
	swarmHealth(line, health)
	deploy(line, s)
	line("secrets:")
	line("  env:")
	line("    name: %s", s.Secret)
	line("    file: ./.env")
	line("")
	line("volumes:")
	for _, name := range openalgo.Trees {
		line("  openalgo_%s:", name)
	}
	return []byte(b.String())
}

// swarmHealth is how a swarm knows that it works.
func swarmHealth(line func(format string, args ...any), health string) {
	line("    # A swarm replaces what is unhealthy: the first start, with its migrations, has time.")
	line("    healthcheck:")
	line("      test: %s", health)
	line("      interval: 30s")
	line("      timeout: 15s")
	line("      retries: 3")
	line("      start_period: 600s")
}

// deploy is where and how a swarm runs it.
func deploy(line func(format string, args ...any), s Swarm) {
	line("    deploy:")
	line("      # Never two of them on one database, and never with orders twice.")
	line("      replicas: 1")
	line("      update_config: {order: stop-first, failure_action: pause}")
	line("      rollback_config: {order: stop-first}")
	line("      restart_policy: {condition: any}")
	line("      placement:")
	line("        constraints: [%s]", strconv.Quote("node.labels."+LabelNode+" == "+s.Project))
	line("      resources:")
	line("        reservations: {memory: %dM}", s.RAMMiB)
	line("        limits: {memory: %dM, pids: 2048}", s.RAMMiB+s.ShmMiB)
	line("    logging:")
	line("      driver: json-file")
	line(`      options: {max-size: 10m, max-file: "5"}`)
	line("")
}

// swarmText is a text in quotes in which nothing is a variable.
func swarmText(text string) string { return strconv.Quote(strings.ReplaceAll(text, "$", "$$")) }
