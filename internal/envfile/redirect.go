package envfile

import "strings"

// RedirectBroker returns the id of the broker in a redirect URL,
// <origin>/<id>/callback, in small letters; "" where it has none.
func RedirectBroker(address string) string {
	path, ok := strings.CutSuffix(address, "/callback")
	if _, rest, absolute := strings.Cut(path, "://"); absolute {
		path = rest
	}
	at := strings.LastIndexByte(path, '/') // what stands before the first one is the host
	if !ok || at < 0 {
		return ""
	}
	return strings.ToLower(path[at+1:])
}

// withBroker is what a redirect URL should be that names no broker; "" where it
// has more wrong with it. With one broker in the list that is the one.
func withBroker(address string, valid []string) string {
	origin, ok := strings.CutSuffix(address, "/callback")
	if _, host, absolute := strings.Cut(origin, "://"); !ok || !absolute || strings.Trim(host, "/") == "" || strings.Contains(strings.Trim(host, "/"), "/") {
		return ""
	}
	id := "zerodha"
	if len(valid) == 1 && valid[0] != "" {
		id = valid[0]
	}
	return "'" + strings.TrimRight(origin, "/") + "/" + id + "/callback'"
}
