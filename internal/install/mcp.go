package install

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// verifyMCP asks the endpoints, over HTTPS where this program set that up, else
// on the published port.
func (in *Installer) verifyMCP(ctx context.Context, a answers.Answers, s instance.Edge, web string) error {
	if !a.RemoteMCP.Enabled || !in.Engine.Info().Local {
		return nil
	}
	client, origin, done := directClient, "http://"+web, func() {}
	if s.Kind != "" {
		client, done = edgeClient(s)
		origin = "https://" + s.Domain
	}
	defer done()
	for _, p := range openalgo.MCPProbes {
		if err := probeMCP(ctx, client, origin+p.Path, p.Status, p.Key); err != nil {
			return &NotReadyError{Reason: "remote MCP does not work: " + err.Error()}
		}
	}
	return nil
}

func probeMCP(ctx context.Context, client *http.Client, url string, want int, key string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer from %s: %w", url, edgeCause(err))
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	var doc map[string]json.RawMessage
	switch {
	case res.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s answers 403: a proxy in front forbids it, as some do with all hidden files", url)
	case res.StatusCode != want:
		return fmt.Errorf("%s answers %d, want %d", url, res.StatusCode, want)
	case key != "" && (json.Unmarshal(body, &doc) != nil || doc[key] == nil):
		return fmt.Errorf("%s answers, but not as OpenAlgo's MCP does (no %s in its JSON): is the image too old for it?", url, key)
	}
	return nil
}
