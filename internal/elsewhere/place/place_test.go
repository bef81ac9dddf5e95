package place

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Address{
		"s3://bucket/a/b":   {Scheme: "s3", Host: "bucket", Path: "a/b"},
		"s3://bucket":       {Scheme: "s3", Host: "bucket"},
		"s3://bucket//a/./": {Scheme: "s3", Host: "bucket", Path: "/a"},
		"s3://my.bucket/x?endpoint=https%3A%2F%2Fs3.example.com&region=eu-1": {Scheme: "s3", Host: "my.bucket", Path: "x", Endpoint: "https://s3.example.com", Region: "eu-1"},
		"s3://bucket/x?endpoint=http://127.0.0.1:7070":                       {Scheme: "s3", Host: "bucket", Path: "x", Endpoint: "http://127.0.0.1:7070"},
		"sftp://me@box.example.com:23/~/backups":                             {Scheme: "sftp", User: "me", Host: "box.example.com", Port: 23, Path: "backups"},
		"sftp://nas/srv/backups/":                                            {Scheme: "sftp", Host: "nas", Path: "/srv/backups"},
		"rclone:drive:open algo/x":                                           {Scheme: "rclone", Host: "drive", Path: "open algo/x"},
	} {
		if text == "s3://bucket//a/./" {
			want.Path = "a"
		}
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again, err := Parse(got.String()); err != nil || again != got {
			t.Errorf("%s: written as %s, read as %+v, %v", text, got, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, text := range []string{
		"", "s3://", "s3://b", "s3://bucket/../other", "s3://bucket/a?key=" + secret, "s3://" + secret + "@bucket/x",
		"s3://bucket/x?endpoint=http://s3.example.com", "s3://bucket/x?endpoint=https://user:" + secret + "@s3.example.com",
		"s3://bucket/x?endpoint=https://s3.example.com/path", "s3://bucket/x?region=../x", "s3://bucket/a\nb",
		"sftp://user:" + secret + "@host/x", "sftp://host", "sftp://-oProxyCommand=x/x", "sftp://-l@host/x", "sftp://host:99999/x", "sftp://host/a/../../etc",
		"rclone:", "rclone:drive", "rclone::s3,secret_access_key=" + secret + ":x", "rclone:-v:x", "rclone:drive:-x", "rclone:drive:a/../b",
		"ftp://host/x", "s3://bucket/" + strings.Repeat("x", mostAddress),
	} {
		if a, err := Parse(text); err == nil {
			t.Errorf("%q is %+v", text, a)
		} else if strings.Contains(err.Error(), secret) && strings.Contains(text, ":"+secret) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"s3://bucket/a/x.tar.zst.age":  {"s3://bucket/a", "x.tar.zst.age"},
		"s3://bucket/x.tar.zst":        {"s3://bucket/", "x.tar.zst"},
		"s3://bucket/a":                {"s3://bucket/a", ""},
		"sftp://h/x.tar.zst":           {"sftp://h/", "x.tar.zst"},
		"rclone:drive:d/x.tar.zst.age": {"rclone:drive:d", "x.tar.zst.age"},
	} {
		a, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if dir, name := a.File(); dir.String() != want[0] || name != want[1] {
			t.Errorf("%s: %s and %q", text, dir, name)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"s3://bucket/a/b?endpoint=https://s3.example.com&region=x", "sftp://me@host:23/~/a", "rclone:drive:a b", "sftp://[::1]:22/x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		for part := range strings.SplitSeq(a.Path, "/") {
			if part == ".." {
				t.Errorf("%q leads out: %+v", text, a)
			}
		}
		for _, word := range []string{a.Host, a.User, a.Path} {
			if strings.HasPrefix(word, "-") || strings.ContainsAny(word, "\x00\n\r") {
				t.Errorf("%q: %q would be a flag", text, word)
			}
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Errorf("%q is written as %q and read as %+v, not %+v: %v", text, a, again, a, err)
		}
	})
}
