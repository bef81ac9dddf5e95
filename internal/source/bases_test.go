package source_test

import (
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/source"
)

func TestBases(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		args map[string]string
		want []string
	}{
		"plain":            {"FROM python:3.12\nRUN x\n", nil, []string{"python:3.12"}},
		"stages":           {"FROM a AS one\nFROM one AS two\nFROM b\nCOPY --from=two /x /x\nCOPY --from=0 /x /y\n", nil, []string{"a", "b"}},
		"lower case":       {"from a as One\nfrom ONE\n", nil, []string{"a"}},
		"scratch":          {"FROM scratch\nCOPY --from=busybox:1 /bin /bin\n", nil, []string{"busybox:1"}},
		"platform":         {"FROM --platform=$BUILDPLATFORM a:1 AS x\n", nil, []string{"a:1"}},
		"default":          {"ARG BASE=a:1\nFROM ${BASE}\nFROM $BASE-slim\n", nil, []string{"a:1", "a:1-slim"}},
		"quoted default":   {"ARG BASE=\"a:1\"\nFROM $BASE\n", nil, []string{"a:1"}},
		"given":            {"ARG BASE=a:1\nFROM ${BASE}\n", map[string]string{"BASE": "b:2"}, []string{"b:2"}},
		"not declared":     {"FROM ${BASE:-a:1}\n", map[string]string{"BASE": "b:2"}, []string{"a:1"}},
		"fallback":         {"ARG V\nFROM a:${V:-9}${V:+x}\n", nil, []string{"a:9"}},
		"argument of one":  {"ARG V=1\nARG BASE=a:$V\nFROM $BASE\n", nil, []string{"a:1"}},
		"after FROM":       {"FROM a\nARG X=b\nFROM c\n", nil, []string{"a", "c"}},
		"continued":        {"FROM \\\n  a:1 \\\n  AS x\nCOPY --chown=1:1 \\\n  # a comment\n --from=b /x /x\n", nil, []string{"a:1", "b"}},
		"escape directive": {"# escape=`\nFROM `\n a:1\n", nil, []string{"a:1"}},
		"syntax":           {"# syntax=docker/dockerfile:1\nFROM a\n# syntax=late\n", nil, []string{"docker/dockerfile:1", "a"}},
		"crlf":             {"FROM a:1\r\nRUN x\r\n", nil, []string{"a:1"}},
		"empty":            {"", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := source.Bases(test.file, test.args); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func FuzzBases(f *testing.F) {
	f.Add("# syntax=x\nARG A=1\nFROM a:${A} AS b\nCOPY --from=b x y\\\n z", "A", "2")
	f.Fuzz(func(t *testing.T, file, name, value string) {
		for _, image := range source.Bases(file, map[string]string{name: value}) {
			if image == "" {
				t.Error("an image without a name")
			}
		}
	})
}
