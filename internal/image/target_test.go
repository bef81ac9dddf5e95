package image

import (
	"testing"
)

func TestTargetOfAnOwnTag(t *testing.T) {
	t.Parallel()
	const id = "sha256:0123456789abcdef0123"
	if _, err := Target("marketcalls/openalgo:"+OwnTag("openalgo", id), ""); err == nil {
		t.Error("an image of no tag of the registry has no newest")
	}
	if ref, err := Target("marketcalls/openalgo:"+OwnTag("openalgo", id), "2.0"); err != nil || ref != "marketcalls/openalgo:2.0" {
		t.Error(ref, err)
	}
}
