package elsewhere

import (
	"cmp"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/place"
)

// fakeS3 is a bucket in memory that holds clients to what S3 demands. With
// OPENALGO_S3 the same tests ask a real one, which checks signatures, too.
type fakeS3 struct {
	mu      sync.Mutex
	objects map[string][]byte
	uploads map[string]map[string][]byte // by id: number, part
	keys    map[string]string            // by id
	locked  bool                         // nothing can be removed
	fail    func(r *http.Request) int    // a status to answer with; 0 is none
	cut     int                          // bytes that are lost of every object
	more    int                          // bytes that come beyond what is listed
	endless bool                         // each page of a list names another one
	filler  string                       // and has this in it
	message string                       // of a refusal
	at      time.Time                    // when all of it came; zero is now
	ids     int
}

func newFakeS3(t *testing.T) (*fakeS3, Address, Keys) {
	f := &fakeS3{objects: map[string][]byte{}, uploads: map[string]map[string][]byte{}, keys: map[string]string{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, s3At(t, server.URL), FromFile([]byte("AWS_ACCESS_KEY_ID=id\nexport AWS_SECRET_ACCESS_KEY='secret'\n"))
}

func s3At(t *testing.T, endpoint string) Address {
	t.Helper()
	a, err := place.Parse("s3://bucket/backups of me?endpoint=" + url.QueryEscape(endpoint))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := md5.Sum(body)
	status := 0
	if f.fail != nil {
		status = f.fail(r)
	}
	switch {
	case err != nil:
		return
	case status != 0:
	case r.Header.Get("X-Amz-Content-Sha256") != hexSum(body), !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=id/"),
		len(body) > 0 && r.Header.Get("Content-Md5") != base64.StdEncoding.EncodeToString(sum[:]):
		status = http.StatusForbidden
	default:
		f.serve(w, r, strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/bucket"), "/"), body)
		return
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>Code%d</Code><Message>%s</Message></Error>", status, cmp.Or(f.message, "a message"))
}

func (f *fakeS3) serve(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	q := r.URL.Query()
	id := q.Get("uploadId")
	has, there := f.objects[key]
	switch {
	case key == "" && q.Has("uploads"):
		for id := range f.uploads {
			fmt.Fprintf(w, "<Upload><Key>%s</Key><UploadId>%s</UploadId></Upload>", f.keys[id], id)
		}
	case key == "":
		f.list(w, q)
	case r.Method == http.MethodPost && q.Has("uploads"):
		f.ids++
		id := fmt.Sprint("id&", f.ids)
		f.uploads[id], f.keys[id] = map[string][]byte{}, key
		fmt.Fprintf(w, "<UploadId>%s</UploadId>", strings.ReplaceAll(id, "&", "&amp;"))
	case r.Method == http.MethodPut && id != "":
		f.uploads[id][fmt.Sprintf("%05s", q.Get("partNumber"))] = body
		w.Header().Set("Etag", `"abc-1"`)
	case r.Method == http.MethodPost:
		f.complete(w, id, key, string(body))
	case r.Method == http.MethodPut:
		f.objects[key] = body[:max(0, len(body)-f.cut)]
	case r.Method == http.MethodDelete && id != "":
		delete(f.uploads, id)
	case r.Method == http.MethodDelete && f.locked:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		w.WriteHeader(http.StatusNotFound)
	default:
		has = append(has[:len(has):len(has)], make([]byte, f.more)...)
		if from, _ := strconv.Atoi(strings.Trim(r.Header.Get("Range"), "bytes=-")); from > 0 {
			has = has[from:]
			w.Header().Set("Content-Length", fmt.Sprint(len(has)))
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(has)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(has)
		}
	}
}

func (f *fakeS3) complete(w http.ResponseWriter, id, key, body string) {
	if f.uploads[id] == nil {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchUpload</Code></Error>")
		return
	}
	var numbers []string
	for n := range f.uploads[id] {
		numbers = append(numbers, n)
	}
	sort.Strings(numbers)
	var whole []byte
	for i, n := range numbers {
		if part := f.uploads[id][n]; i < len(numbers)-1 && int64(len(part)) != partBytes {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		whole = append(whole, f.uploads[id][n]...)
	}
	if strings.Count(body, "<Part>") != len(numbers) {
		fmt.Fprint(w, "<Error><Code>InvalidPart</Code></Error>") // with 200, as S3 may
		return
	}
	delete(f.uploads, id)
	f.objects[key] = whole[:max(0, len(whole)-f.cut)]
}

// list gives two objects at a time.
func (f *fakeS3) list(w http.ResponseWriter, q url.Values) {
	var keys []string
	for key := range f.objects {
		if strings.HasPrefix(key, q.Get("prefix")) && key > q.Get("continuation-token") {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	if f.endless {
		f.ids++
		fmt.Fprintf(w, "<Contents><Key>%sx%d.tar.zst</Key><Size>1</Size></Contents>%s<NextContinuationToken>x</NextContinuationToken>", q.Get("prefix"), f.ids, f.filler)
		return
	}
	at := f.at
	if at.IsZero() {
		at = time.Now()
	}
	for i, key := range keys {
		if i == 2 {
			fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", keys[1])
			return
		}
		fmt.Fprintf(w, "<Contents><Key>%s</Key><LastModified>%s</LastModified><Size>%d</Size></Contents>", key, at.UTC().Format(time.RFC3339), len(f.objects[key]))
	}
}
