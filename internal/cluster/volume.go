package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
)

// endName is the last entry of a tar of the data (templates/volume.py).
const endName = "openalgo-install-end.json"

// volumeSeen is what the helper pod sees of the data.
type volumeSeen struct {
	Trees  map[string]int64 `json:"trees"`
	Held   string           `json:"held"`   // a file that a restore would replace
	Sample string           `json:"sample"` // the image's .sample.env
	Free   int64            `json:"free"`
}

// lookTime is how long the helper may look at all files.
const lookTime = 10 * time.Minute

func lookAtVolume(ctx context.Context, in *Instance, pod, root string) (v volumeSeen, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	out := &kubectl.Answer{}
	if err := inPod(ctx, in, pod, nil, out, append([]string{"look", root}, allTrees()...)...); err != nil {
		return v, err
	}
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		return v, fmt.Errorf("pod %s said %.80q", pod, out.Bytes())
	}
	return v, nil
}

func allTrees() []string { return append(append([]string(nil), backup.SavedTrees...), backup.LogTree) }
