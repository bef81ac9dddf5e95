package engine

// ParseTrace reads one message of BuildKit's.
func ParseTrace(message []byte) { newBuildParser(BuildWatch{}).trace(message) }

// Absent is the error where no Docker is in a default place.
var Absent = absent
