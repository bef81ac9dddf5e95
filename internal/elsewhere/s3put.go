package elsewhere

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/answer"
)

// partBytes is how large each part of an upload is, and atOnce how many are sent while
// one more is read: that is what an upload takes of memory. All parts but the last are alike, as Cloudflare's R2 demands.
var partBytes int64 = 8 << 20

const atOnce = 3

// mostParts is S3's own bound.
const mostParts = 10_000

// partFor is how large the parts of a file are.
func partFor(total int64) int64 {
	bytes := partBytes
	for total/bytes > mostParts*9/10 {
		bytes *= 2
	}
	return bytes
}

// etag is the form of the name that a store gives to a part.
var etag = regexp.MustCompile(`^"?[A-Za-z0-9-]{1,128}"?$`)

// Put stores an object, which has its name once it is whole. One that fits into a
// part goes in one request.
func (s *s3) Put(ctx context.Context, name string, content io.Reader) error {
	from, key := counted(content), s.address.At(name)
	part := make([]byte, partFor(from.total))
	n, err := io.ReadFull(from, part)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if _, _, err := s.ask(ctx, request{method: http.MethodPut, key: key, body: part[:n]}); err != nil {
			return err
		}
		return s.has(ctx, key, int64(n))
	case err != nil:
		return err
	}
	_, said, err := s.ask(ctx, request{method: http.MethodPost, key: key, query: "uploads="})
	id := answer.Tag(said, "UploadId")
	if err == nil && id == "" {
		err = errors.New("the store gives an upload no name")
	}
	if err != nil {
		return fmt.Errorf("beginning the upload: %w", err)
	}
	list, err := s.parts(ctx, key, id, part, from)
	if err == nil {
		err = s.complete(ctx, key, id, list)
	}
	if err != nil {
		// What is there of it would be paid for. The context may have ended.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.abort(ending, key, id)
		return err
	}
	return s.has(ctx, key, from.bytes)
}

// parts sends the parts of an upload, the first of which is read already, and returns
// their list.
func (s *s3) parts(ctx context.Context, key, id string, part []byte, from *sent) (list string, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	free, group, lock, names := make(chan []byte, atOnce+1), sync.WaitGroup{}, sync.Mutex{}, map[int]string{}
	for range atOnce {
		free <- nil // made when it is needed
	}
	n, end := len(part), false
	for number := 1; ; number++ {
		body, one := part[:n], *s // each has its own
		group.Go(func() {
			name, err := one.part(ctx, key, id, number, body)
			if err != nil {
				fail(fmt.Errorf("sending part %d: %w", number, err))
			}
			lock.Lock()
			names[number] = name
			lock.Unlock()
			free <- body[:cap(body)]
		})
		if end || ctx.Err() != nil {
			break
		}
		if part = <-free; part == nil {
			part = make([]byte, cap(body))
		}
		n, err = io.ReadFull(from, part)
		end = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			fail(err)
		}
		if end && n == 0 || ctx.Err() != nil {
			break
		}
		if number == mostParts {
			fail(fmt.Errorf("a backup of more than %d GiB does not fit into one object", mostParts*(len(part)>>20)>>10))
			break
		}
	}
	group.Wait()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	var text strings.Builder
	for number := 1; number <= len(names); number++ {
		fmt.Fprintf(&text, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", number, strings.ReplaceAll(names[number], `"`, "&quot;"))
	}
	return text.String(), nil
}

// part sends a part, and returns the store's name of it.
func (s *s3) part(ctx context.Context, key, id string, number int, body []byte) (name string, err error) {
	query := url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {id}}
	header, _, err := s.ask(ctx, request{method: http.MethodPut, key: key, query: encoded(query), body: body, patient: true})
	if err != nil {
		return "", err
	}
	if name = header.Get("Etag"); !etag.MatchString(name) {
		err = errors.New("the store names it in a form that is not S3's")
	}
	return name, err
}

// complete makes the parts one object.
func (s *s3) complete(ctx context.Context, key, id, list string) error {
	body := "<CompleteMultipartUpload>" + list + "</CompleteMultipartUpload>"
	_, said, err := s.ask(ctx, request{method: http.MethodPost, key: key, query: encoded(url.Values{"uploadId": {id}}), body: []byte(body), patient: true})
	if code := answer.Tag(said, "Code"); err == nil && code != "" { // S3 may begin with 200 and fail then
		err = &refusal{status: http.StatusOK, code: answer.Short(code), message: answer.Short(answer.Tag(said, "Message"))}
	}
	if r := (*refusal)(nil); errors.As(err, &r) && r.code == "NoSuchUpload" {
		err = nil // it was complete at an earlier try whose answer was lost; has tells
	}
	return err
}

// has compares how much the store has of an object with what was sent.
func (s *s3) has(ctx context.Context, key string, bytes int64) error {
	header, _, err := s.ask(ctx, request{method: http.MethodHead, key: key})
	if err != nil {
		return fmt.Errorf("looking at what the store has: %w", err)
	}
	if got := header.Get("Content-Length"); got != strconv.FormatInt(bytes, 10) {
		_, _, _ = s.ask(ctx, request{method: http.MethodDelete, key: key}) // it must not count as good
		return fmt.Errorf("the store has %.20s bytes of it, and %d were sent", got, bytes)
	}
	return nil
}

func (s *s3) abort(ctx context.Context, key, id string) error {
	_, _, err := s.ask(ctx, request{method: http.MethodDelete, key: key, query: encoded(url.Values{"uploadId": {id}})})
	return err
}

// Tidy aborts uploads of some names that were cut off.
func (s *s3) Tidy(ctx context.Context, own func(string) bool) error {
	_, said, err := s.ask(ctx, request{method: http.MethodGet, query: encoded(url.Values{"uploads": {""}, "prefix": {s.prefix()}})})
	if err != nil {
		return err
	}
	for _, one := range answer.Tags(said, "Upload") {
		key := answer.Tag(one, "Key")
		if dir, name := path.Split(key); dir == s.prefix() && own(name) {
			if err := s.abort(ctx, key, answer.Tag(one, "UploadId")); err != nil {
				return err
			}
		}
	}
	return nil
}
