package ops

import "github.com/marketcalls/openalgo-install/internal/stacks"

// LabelDir is a volume's label with the directory that its keys are in.
const LabelDir = stacks.LabelDir
