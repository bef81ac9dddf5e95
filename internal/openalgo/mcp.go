package openalgo

// MCPProbe is an endpoint that AI clients look for, with what it must answer
// without a token.
type MCPProbe struct {
	Path   string
	Status int
	Key    string // that the JSON must have; "" is none
}

// MCPProbes prove remote MCP. A page of the web interface is no answer, and 403
// is a proxy's rule against hidden files (docs/openalgo-facts.md 5.5).
var MCPProbes = []MCPProbe{
	{"/.well-known/oauth-authorization-server", 200, "issuer"},
	{"/.well-known/oauth-protected-resource", 200, "resource"},
	{"/oauth/jwks.json", 200, "keys"},
	{"/mcp/healthz", 200, "status"},
	{"/mcp", 401, ""},
}
