package engine

// ParseTrace reads one message of BuildKit's.
func ParseTrace(message []byte) { newBuildParser(BuildWatch{}).trace(message) }
