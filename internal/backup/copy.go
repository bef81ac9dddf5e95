package backup

import (
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// CopyManifest is the last file of a copy in the work directory: without it there
// is none.
const CopyManifest = "manifest.json"

// InstanceFiles are those that make an instance, beside its data.
func InstanceFiles() []string {
	return append([]string{instance.EnvName, compose.FileName, instance.AnswersName, instance.WorkName + "/state.json"}, compose.OverrideNames...)
}
