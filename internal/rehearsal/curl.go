package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// CurlName is the name under which the binary in the image acts as Curl.
const CurlName = "curl"

// curl's exit codes that a health check can meet.
const (
	curlUsage       = 2
	curlNoConnect   = 7
	curlHTTPError   = 22
	curlWriteFailed = 23
	curlTimeout     = 28
)

// Curl is what the stack's health check needs of curl, since the image has
// nothing but this binary: GET one http URL within 10 s. args are without the
// program's name. It returns curl's exit code; an answer that is not 2xx gives
// 22, as with curl -f.
func Curl(args []string, stdout, stderr io.Writer) int {
	var url string
	for _, arg := range args {
		switch {
		case arg == "--fail" || arg == "--silent" || arg == "--show-error":
		case strings.HasPrefix(arg, "-") && strings.Trim(arg, "fsS") == "-":
		case strings.HasPrefix(arg, "http://") && url == "":
			url = arg
		default:
			fmt.Fprintf(stderr, "curl: the test app's knows -f, -s, -S and one http:// URL, not %q\n", arg)
			return curlUsage
		}
	}
	if url == "" {
		fmt.Fprintln(stderr, "curl: no URL; give one, such as http://127.0.0.1:5000/auth/check-setup")
		return curlUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return get(ctx, url, stdout, stderr)
}

func get(ctx context.Context, url string, stdout, stderr io.Writer) int {
	fail := func(code int, err error) int {
		if errors.Is(err, context.DeadlineExceeded) {
			code = curlTimeout
		}
		fmt.Fprintf(stderr, "curl: (%d) %v\n", code, err)
		return code
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fail(curlUsage, err)
	}
	req.Header.Set("User-Agent", "curl")
	// Not the default transport: a proxy from Docker's configuration must not
	// come between the check and its own container.
	transport := &http.Transport{DisableKeepAlives: true}
	// As curl without -L: a redirect is an answer, not a thing to follow.
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	resp, err := client.Do(req)
	if err != nil {
		return fail(curlNoConnect, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fail(curlHTTPError, fmt.Errorf("the server answered %s", resp.Status))
	}
	if _, err := io.Copy(stdout, resp.Body); err != nil {
		return fail(curlWriteFailed, err)
	}
	return 0
}
