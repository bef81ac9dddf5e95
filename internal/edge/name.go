package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
)

// nginx keeps the names of its variables and of its sites in tables whose places
// have 64 bytes, as long as nobody gives them more. A name takes 18 of them.
const longestNginxName = 46

// domainID stands for a domain where that itself would be too long, or has
// characters that are not allowed.
func domainID(domain string) string {
	sum := sha256.Sum256([]byte(domain))
	return hex.EncodeToString(sum[:6])
}

// serverName is a domain as nginx's server_name: a longer one than its table holds
// has to be a pattern, since those stand in no table.
func serverName(domain string) string {
	if len(domain) <= longestNginxName {
		return domain
	}
	return "~^" + regexp.QuoteMeta(domain) + "$"
}

// longestInFile is as much of a domain as fits into the name of a file, beside what
// a temporary file adds: a name has 255 bytes at most, and a domain has 253.
const longestInFile = 150

// fileName is the part that a domain has in the names of its files.
func fileName(domain string) string {
	if len(domain) <= longestInFile {
		return domain
	}
	return domain[:longestInFile-20] + "-" + domainID(domain)
}
