package elsewhere

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // S3's own check of a body, not a signature
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/answer"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/place"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// s3 is a bucket. Every body is signed with its SHA-256, which the store compares, so
// what it takes is what was sent.
type s3 struct {
	address  Address
	keys     Keys
	endpoint *url.URL
	region   string
	client   *http.Client
	pause    time.Duration // before the second try; each further one waits twice as long
}

// Bounds of a request.
const (
	tries       = 5
	requestTime = time.Hour // for a part on a slow line, on which something moves
)

func openS3(a Address, keys Keys) (Store, error) {
	if err := keys.check(); err != nil {
		return nil, err
	}
	s := &s3{address: a, keys: keys, region: cmp.Or(a.Region, keys.Region), pause: time.Second}
	endpoint := cmp.Or(a.Endpoint, keys.Endpoint)
	if endpoint == "" {
		s.region = cmp.Or(s.region, "us-east-1")
		endpoint = "https://s3." + s.region + ".amazonaws.com"
	}
	if err := place.CheckEndpoint(endpoint); err != nil {
		return nil, finding.Named(finding.Usage, "address-unusable", "%w", err)
	}
	s.endpoint, _ = url.Parse(endpoint) // checked
	if s.region == "" {                 // s3.eu-central-003.example.com, as most call it
		s.region = "us-east-1"
		if labels := strings.Split(s.endpoint.Hostname(), "."); len(labels) > 3 && labels[0] == "s3" {
			s.region = labels[1]
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.WriteBufferSize, transport.MaxIdleConnsPerHost = 64<<10, atOnce+1
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s, nil
}

// Close closes idle connections.
func (s *s3) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// refusal is an answer of the store that reports a failure.
type refusal struct {
	status        int
	code, message string
	region        string // the one that it wants
}

func (r *refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the store answers %d %s %s", r.status, r.code, r.message))
}

func (r *refusal) passing() bool {
	return r.status >= 500 || r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout || r.code == "RequestTimeout"
}

// isFinal reports whether a store means no, whatever is tried again.
func isFinal(err error) bool {
	r := (*refusal)(nil)
	return errors.As(err, &r) && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden || r.status == http.StatusNotFound)
}

// request is one request. query is in order by name.
type request struct {
	method, key, query string
	body               []byte
	offset             int64 // of what is read
	patient            bool  // a line that is broken is waited for
}

// ask carries out a request, again where the line or the store failed for a moment.
func (s *s3) ask(ctx context.Context, r request) (header http.Header, said string, err error) {
	pause, failed := s.pause, time.Time{}
	for try := 1; ; try++ {
		header, said, err = s.whole(ctx, r)
		refused := (*refusal)(nil)
		if errors.As(err, &refused) && refused.region != "" && refused.region != s.region && place.IsRegion(refused.region) && try == 1 {
			s.region = refused.region
			continue
		}
		if err == nil || ctx.Err() != nil || refused != nil && !refused.passing() {
			return header, said, err
		}
		if failed.IsZero() {
			failed = time.Now()
		}
		if r.patient && time.Since(failed) > patience {
			return header, said, fmt.Errorf("%w: %w", errBroken, err)
		}
		if !r.patient && try == tries || wait.For(ctx, pause) != nil {
			return header, said, err
		}
		pause = min(2*pause, longestPause)
	}
}

// whole carries out a request once, and reads the answer.
func (s *s3) whole(ctx context.Context, r request) (header http.Header, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	ctx, idle := watched(ctx, quiet)
	defer idle.close()
	res, err := s.once(ctx, r, idle)
	if err != nil {
		return nil, "", err
	}
	text, err := io.ReadAll(io.LimitReader(moving{res.Body, idle}, mostAnswer))
	_ = res.Body.Close()
	return res.Header, string(text), because(ctx, err)
}

// once carries out a request once; an answer that is no success is an error.
func (s *s3) once(ctx context.Context, r request, idle *idle) (*http.Response, error) {
	u := *s.endpoint
	u.Path = "/" + s.address.Host
	if r.key != "" {
		u.Path += "/" + r.key
	}
	u.RawPath, u.RawQuery = escaped(u.Path), r.query
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if r.offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", r.offset))
	}
	if len(r.body) > 0 { // a bucket with object lock wants it
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(moving{bytes.NewReader(r.body), idle}), nil }
		req.Body, _ = req.GetBody()
		sum := md5.Sum(r.body) //nolint:gosec // see above
		req.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	s.keys.sign(req, s.region, hexSum(r.body), time.Now())
	res, err := s.client.Do(req)
	if err != nil { // without the URL, which is long and says nothing more
		if inner := (*url.Error)(nil); errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("no answer from %s: %w", s.endpoint.Host, because(ctx, err))
	}
	idle.moved()
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return nil, refused(res, string(text))
}

// refused reads what the store says of a refusal.
func refused(res *http.Response, text string) error {
	r := &refusal{status: res.StatusCode, code: answer.Tag(text, "Code"), message: answer.Tag(text, "Message")}
	r.region = cmp.Or(answer.Tag(text, "Region"), res.Header.Get("X-Amz-Bucket-Region"))
	r.code, r.message = answer.Short(r.code), answer.Short(r.message)
	if r.code == "" && text == "" {
		r.message = http.StatusText(res.StatusCode)
	}
	return r
}

// Get reads an object.
func (s *s3) Get(ctx context.Context, name string, offset int64) (io.ReadCloser, error) {
	ctx, idle := watched(ctx, quiet)
	res, err := s.once(ctx, request{method: http.MethodGet, key: s.address.At(name), offset: offset}, idle)
	if err == nil && offset > 0 && res.StatusCode != http.StatusPartialContent {
		_ = res.Body.Close()
		err = &refusal{status: res.StatusCode, message: "and the object from its beginning, where the rest of it was asked for"}
	}
	if err != nil {
		idle.close()
		if r := (*refusal)(nil); errors.As(err, &r) && r.status == http.StatusNotFound {
			return nil, notThere(name)
		}
		return nil, err
	}
	return &flowing{ctx: ctx, body: res.Body, length: res.ContentLength, idle: idle}, nil
}

// flowing is an object that is read. A line that says nothing ends it, and so does an
// end that comes too early.
type flowing struct {
	ctx    context.Context //nolint:containedctx // that of the request
	body   io.ReadCloser
	length int64 // -1: not known
	idle   *idle
}

func (f *flowing) Read(p []byte) (int, error) {
	f.idle.moved()
	n, err := f.body.Read(p)
	f.idle.rest() // who reads may take its time
	f.length -= int64(n)
	if errors.Is(err, io.EOF) && f.length > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, because(f.ctx, err)
}

func (f *flowing) Close() error {
	f.idle.close()
	return f.body.Close()
}

// List lists the objects of the address's directory.
func (s *s3) List(ctx context.Context) ([]Entry, error) {
	var out []Entry
	query, more := url.Values{"list-type": {"2"}, "delimiter": {"/"}, "prefix": {s.prefix()}}, ""
	for page := 0; ; page++ {
		if len(out) > mostEntries || page == mostPages { // of a part of it nothing could be said
			return nil, errTooMany
		}
		if query.Del("continuation-token"); more != "" {
			query.Set("continuation-token", more)
		}
		_, said, err := s.ask(ctx, request{method: http.MethodGet, query: encoded(query)})
		if err != nil {
			return nil, err
		}
		for _, one := range answer.Tags(said, "Contents") {
			bytes, err := strconv.ParseInt(answer.Tag(one, "Size"), 10, 64)
			if dir, name := path.Split(answer.Tag(one, "Key")); err == nil && dir == s.prefix() {
				at, _ := time.Parse(time.RFC3339, answer.Tag(one, "LastModified"))
				out = add(out, Entry{Name: name, Bytes: bytes, At: at})
			}
		}
		if more = answer.Tag(said, "NextContinuationToken"); more == "" {
			return sorted(out), nil
		}
	}
}

func (s *s3) prefix() string {
	if s.address.Path == "" {
		return ""
	}
	return s.address.Path + "/"
}

// Remove removes an object.
func (s *s3) Remove(ctx context.Context, name string) error {
	_, _, err := s.ask(ctx, request{method: http.MethodDelete, key: s.address.At(name)})
	if r := (*refusal)(nil); errors.As(err, &r) {
		switch r.status {
		case http.StatusNotFound:
			return fs.ErrNotExist
		case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusConflict:
			return fmt.Errorf("%w: %w", ErrKept, err)
		}
	}
	return err
}

// encoded is a query in the form that is signed: in order, a space as %20.
func encoded(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }
