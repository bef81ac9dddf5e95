package ops

import (
	"github.com/marketcalls/openalgo-install/internal/world"
)

// LabelDir is a volume's label with the directory that its keys are in.
const LabelDir = world.LabelDir
