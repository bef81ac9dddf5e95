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
	"time"
)

// partBytes is how large each part of an upload is, and so what an upload takes of
// memory. All parts but the last are alike, as Cloudflare's R2 demands.
const partBytes = 16 << 20

// mostParts is S3's own bound.
const mostParts = 10_000

// etag is the form of the name that a store gives to a part.
var etag = regexp.MustCompile(`^"?[A-Za-z0-9-]{1,128}"?$`)

// Put stores an object, which has its name once it is whole. One that fits into a
// part goes in one request.
func (s *s3) Put(ctx context.Context, name string, content io.Reader) error {
	part := make([]byte, partBytes)
	n, err := io.ReadFull(content, part)
	key := s.address.at(name)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if _, _, err := s.ask(ctx, request{method: http.MethodPut, key: key, body: part[:n]}); err != nil {
			return err
		}
		return s.has(ctx, key, int64(n))
	case err != nil:
		return err
	}
	_, answer, err := s.ask(ctx, request{method: http.MethodPost, key: key, query: "uploads="})
	id := tag(answer, "UploadId")
	if err == nil && id == "" {
		err = errors.New("the store gives an upload no name")
	}
	if err != nil {
		return fmt.Errorf("beginning the upload: %w", err)
	}
	sum, err := s.parts(ctx, key, id, part, content)
	if err != nil {
		// What is there of it would be paid for. The context may have ended.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.abort(ending, key, id)
		return err
	}
	return s.has(ctx, key, sum)
}

// parts sends the parts of an upload, the first of which is read already, and ends it.
func (s *s3) parts(ctx context.Context, key, id string, part []byte, content io.Reader) (bytes int64, err error) {
	var list strings.Builder
	for number, n, end := 1, len(part), false; ; number++ {
		query := url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {id}}
		header, _, err := s.ask(ctx, request{method: http.MethodPut, key: key, query: encoded(query), body: part[:n]})
		if err != nil {
			return 0, fmt.Errorf("sending part %d: %w", number, err)
		}
		tag := header.Get("Etag")
		if !etag.MatchString(tag) {
			return 0, fmt.Errorf("the store names part %d in a form that is not S3's", number)
		}
		fmt.Fprintf(&list, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", number, strings.ReplaceAll(tag, `"`, "&quot;"))
		bytes += int64(n)
		if end {
			break
		}
		n, err = io.ReadFull(content, part)
		end = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return 0, err
		}
		if n == 0 {
			break
		}
		if number == mostParts {
			return 0, fmt.Errorf("a backup of more than %d GiB does not fit into one object", mostParts*(partBytes>>20)>>10)
		}
	}
	body := "<CompleteMultipartUpload>" + list.String() + "</CompleteMultipartUpload>"
	_, answer, err := s.ask(ctx, request{method: http.MethodPost, key: key, query: encoded(url.Values{"uploadId": {id}}), body: []byte(body)})
	if code := tag(answer, "Code"); err == nil && code != "" { // S3 may begin with 200 and fail then
		err = &refusal{status: http.StatusOK, code: code, message: tag(answer, "Message")}
	}
	if r := (*refusal)(nil); errors.As(err, &r) && r.code == "NoSuchUpload" {
		err = nil // it was complete at an earlier try whose answer was lost; has tells
	}
	return bytes, err
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
	_, answer, err := s.ask(ctx, request{method: http.MethodGet, query: encoded(url.Values{"uploads": {""}, "prefix": {s.prefix()}})})
	if err != nil {
		return err
	}
	for _, one := range tags(answer, "Upload") {
		key := tag(one, "Key")
		if dir, name := path.Split(key); dir == s.prefix() && own(name) {
			if err := s.abort(ctx, key, tag(one, "UploadId")); err != nil {
				return err
			}
		}
	}
	return nil
}
