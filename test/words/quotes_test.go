package words

// quote is a text that has a word that is out, and keeps it.
type quote struct{ file, text, why string }

var quotes = []quote{
	{"internal/answers/image.go", "use registry, git, path, file or rehearsal", "a value of the answers file"},
	{"internal/answers/image.go", "use ours or theirs", "values of the answers file"},
	{"internal/engine/beyond.go", "--network host", "a flag of Docker"},
	{"internal/engine/errors.go", "engine", "sentinels, which are compared and not shown"},
	{"internal/engine/place.go", "user@host", "an address as people write it"},
	{"internal/engine/place.go", "unknown authority", "what Go says"},
	{"internal/engine/place.go", "Is the docker daemon running", "what Docker says"},
	{"internal/kubectl/explain.go", "Unable to connect to the server", "what kubectl says"},
	{"internal/kubectl/explain.go", "couldn't get current server", "what kubectl says"},
	{"internal/notify/message.go", "On the server", "read on a phone, which this machine would be there"},
	{"internal/publicip/cloud.go", "Google Compute Engine", "a name"},
	{"internal/publicip/cloud.go", "deleted with the server", "what the hoster calls it"},
	{"internal/questions/questions.go", "Or rehearsal, the built-in test app", "a value of the answers file"},
	{"internal/rehearsal/curl.go", "the server answered", "the built-in curl, of any server"},
	{"internal/answers/example.yaml", "dockerfile: ours", "a value of the answers file"},
	{"internal/answers/example.yaml", "edge: {dir", "a key of the answers file"},
	{"internal/answers/schema.json", `"rehearsal"`, "a value of the answers file"},
	{"internal/answers/schema.json", `"ours"`, "a value of the answers file"},
	{"internal/answers/schema.json", `"edge"`, "a key of the answers file"},
	{"internal/rehearsal/web.go", "/rehearsal/report", "an address of the test app"},
	{"internal/rehearsal/web.go", "OpenAlgo rehearsal", "the name that the test app gives to programs"},
	{"templates/docker-compose.yaml", "# The app takes", "files of earlier releases are known by their text"},
	{"templates/edge/docker-compose.yaml", "#", "files of earlier releases are known by their text"},
	{"internal/rehearsal/fault.go", "Rehearsal", "the log of a migration of the test app"},
	{"internal/render/cloud.go", "a service with 2 GB", "a size that a hoster sells"},
	{"internal/sizing/sizing.go", " GB", "sizes that hosters sell"},
}
