package theme

// palette has the colours of a theme; "" is the terminal's own text colour.
type palette struct{ accent, dim, good, warn, bad string }

// Of 256 colours, those can be read on black and on white alike, so the ground
// need not be known. The sixteen are the terminal's own: yellow, green and cyan are
// hard to read on most white grounds, blue on most black ones.
var (
	many           = palette{accent: "31", dim: "243", good: "28", warn: "130", bad: "160"}
	sixteenDark    = palette{accent: "6", good: "2", warn: "3", bad: "1"}
	sixteenLight   = palette{accent: "4", warn: "5", bad: "1"}
	sixteenUnknown = palette{warn: "5", bad: "1"}
)

func paletteOf(o Options) palette {
	switch {
	case o.Colours == NoColours:
		return palette{}
	case o.Colours == Many:
		return many
	case o.Ground == Dark:
		return sixteenDark
	case o.Ground == Light:
		return sixteenLight
	}
	return sixteenUnknown
}
