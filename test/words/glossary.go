// Package words knows the words that this project does not use, with the ones it
// uses instead. Its test reads what people read: the program's texts, the docs,
// and the comments.
package words

import "regexp"

// Word is one that is out.
type Word struct {
	Use  string // what is written instead
	Out  *regexp.Regexp
	Fine *regexp.Regexp // what has the word and may; nil: nothing
	// Comments says that comments do without it, too: it is out whatever is meant.
	Comments bool
}

// Glossary is every word that is out.
var Glossary = []Word{
	anywhere("previous", `former|formerly|of then`, ""),
	anywhere("again, new: begin again, recreate", `anew`, ""),
	anywhere("test app, test install", `stand-ins?`, ""),
	anywhere("fix, repair", `mend(s|ed|ing)?`, ""),
	anywhere("even if it fails", `whatever comes`, ""),
	anywhere("problem", `(stand|stands|standing|stood) in (the|its|their) way`, ""),
	anywhere("instead", `in \w+('s)? stead`, ""),
	anywhere("IST", `Indian time`, ""),
	anywhere("available", `(can|could) be had`, ""),
	anywhere("remove, delete", `(take|takes|taken|took|taking) (it |them |all )?away`, ""),
	anywhere("for example", `e\.g|i\.e`, ""),
	anywhere("cannot, do not, is not: the long form", `(can|don|won|isn|doesn|didn|aren|wasn|couldn|shouldn)'t`, ""),
	anywhere("space", `blanks?`, ""),
	anywhere("OpenAlgo instances", `OpenAlgos`, ""),
	anywhere("interrupted", `in its middle`, ""),
	text("Docker; Docker Engine for versions and installing", `engines?|Docker daemon`, `Docker Engine|docs.docker.com/engine|moby-engine`),
	text("this machine", `hosts?`, `SSH host|/etc/hosts|--network host|network_mode: host|user@host|host network|no such host|host: @DOMAIN|tls:\s+- hosts`),
	text("this machine", `(this|the) (system|server)`, `the server block`),
	text("test install, test app", `rehears(e|es|ed|ing|al|als)`, ""),
	text("HTTPS proxy", `edges?|front`, `in front of`),
	text("restore, restored; roll back", `(put|puts|putting|take|takes|taking|took|taken|bring|brings|brought) (\w+ )?back`, ""),
	text("GiB; MiB", `GB|MB|kB`, `\d+ ?GB (plan|of RAM|RAM|and up|or more)`),
	text("needed: resize needed", `due`, `due to`),
	text("needs, requires", `wants|wanted|is wanted`, ""),
	text("points to", `leads? to`, ""),
	text("certificate authority", `authority|authorities`, `certificate authorit(y|ies)`),
	text("instance", `(an|this|another|each|every|two|several|many) OpenAlgo`, `(an|one|every|another|each|this) OpenAlgo (database|backup|image|release|container|instance|directory)`),
	text("apply", `carr(y|ies|ied|ying) (it |them |that |this )?out`, ""),
	text("OpenAlgo", `the app`, `the app('s)? (password|secret)`),
	text("openalgo-install", `this program('s)?`, ""),
	text("a person: you, another user", `somebody|anybody`, ""),
	text("openalgo-install", `we|ours?|us`, ""),
	text("to say it calmly: nothing", `simply|please`, ""),
	text("fixed: pinned", `for ever`, ""),
	text("the next steps: You can do one of these", `ways? (out|on|back)`, ""),
	{Use: "43%, without a space", Out: regexp.MustCompile(`(\d|%[\d.]*[dfsv]) %(%|[ .,;)]|$)`)},
}

// anywhere is a word that is out in texts and comments.
func anywhere(use, out, fine string) Word {
	w := text(use, out, fine)
	w.Comments = true
	return w
}

// text is a word that is out in what users read.
func text(use, out, fine string) Word {
	w := Word{Use: use, Out: whole(out)}
	if fine != "" {
		w.Fine = whole(fine)
	}
	return w
}

// whole matches whole words, whatever their case.
func whole(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(?:` + pattern + `)\b`)
}

// quoted is what a text says in the words of others: code, flags, names of settings
// and of files.
var quoted = regexp.MustCompile("`[^`\n]*`|--?[a-z][a-z-]*|\\b(tls|image|docker|sizing)\\.[a-z_.]+|(https?:/)?/[\\w./-]+|[\\w-]*\\.(go|md|yaml|sh|conf|json|service)\\b|\\b[A-Z]+(_[A-Z]+)+\\b")

// In returns the words in a text that are out, each as it stands there.
func In(text string, comment bool) (found []string) {
	text = quoted.ReplaceAllString(text, "_")
	for _, w := range Glossary {
		if comment && !w.Comments {
			continue
		}
		left := text
		if w.Fine != nil {
			left = w.Fine.ReplaceAllString(left, "_")
		}
		for _, out := range w.Out.FindAllString(left, -1) {
			found = append(found, out+" (write: "+w.Use+")")
		}
	}
	return found
}
