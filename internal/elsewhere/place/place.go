// Package place reads the addresses of stores on other machines: s3://, sftp:// and
// rclone:.
package place

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup/where"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Schemes of addresses.
const (
	SchemeS3     = "s3"
	SchemeSFTP   = "sftp"
	SchemeRclone = "rclone"
)

// Address is a place on another machine. It never has a secret in it.
type Address struct {
	Scheme string
	Host   string // the bucket, the machine, or rclone's name of the remote
	Path   string // the directory there, or one backup in it
	User   string // sftp; "" is what SSH's own settings say
	Port   int    // sftp; 0 is what SSH's own settings say
	// Of S3 that is not Amazon's.
	Endpoint, Region string
}

// Is reports whether a text is meant as an address, and not as a path here.
func Is(text string) bool {
	return strings.HasPrefix(text, SchemeS3+"://") || strings.HasPrefix(text, SchemeSFTP+"://") || strings.HasPrefix(text, SchemeRclone+":")
}

const mostAddress = 1024

var (
	bucket   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$`)
	remote   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,99}$`)
	user     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,99}$`)
	hostname = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,252}$`)
	region   = regexp.MustCompile(`^[a-z0-9-]{0,40}$`)
	dir      = regexp.MustCompile(`^[^\x00-\x1f\x7f"\\?#%*]*$`)
)

// Parse reads an address.
func Parse(text string) (Address, error) {
	a, err := parse(text)
	if err != nil {
		return Address{}, finding.Named(finding.Usage, "address-unusable", "this address of a store cannot be used: %w", err).
			With(finding.Hint{Do: "Right are for example s3://bucket/openalgo, sftp://user@host/backups and rclone:drive:openalgo"}).Ending(finding.Unchanged)
	}
	return a, nil
}

func parse(text string) (a Address, err error) {
	if len(text) > mostAddress {
		return a, fmt.Errorf("it is longer than %d characters", mostAddress)
	}
	if rest, ok := strings.CutPrefix(text, SchemeRclone+":"); ok {
		name, at, ok := strings.Cut(rest, ":")
		if !ok || !remote.MatchString(name) {
			return a, fmt.Errorf("rclone: is followed by the name of a remote and a path, for example rclone:drive:openalgo")
		}
		a = Address{Scheme: SchemeRclone, Host: name}
		a.Path, err = cleaned(at)
		return a, err
	}
	u, err := url.Parse(text)
	if err != nil { // the error quotes the address, which may have a password
		return a, fmt.Errorf("it is not a URL")
	}
	if _, has := u.User.Password(); has {
		return a, fmt.Errorf("it has a password in it, which every user of this machine could see. Leave it out")
	}
	if u.Fragment != "" || u.Opaque != "" {
		return a, fmt.Errorf("it has a # in it, or no //")
	}
	switch a.Scheme = u.Scheme; a.Scheme {
	case SchemeS3:
		return a.parseS3(u)
	case SchemeSFTP:
		return a.parseSFTP(u)
	}
	return a, fmt.Errorf("it must begin with s3://, sftp:// or rclone: in front of the place")
}

func (a Address) parseS3(u *url.URL) (Address, error) {
	a.Host = u.Host
	if !bucket.MatchString(a.Host) || u.User != nil {
		return a, fmt.Errorf("%.80q is not the name of a bucket", u.Host)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return a, fmt.Errorf("what follows its ? cannot be read")
	}
	for key, values := range query {
		switch key {
		case "endpoint":
			a.Endpoint = values[0]
		case "region":
			a.Region = values[0]
		default:
			return a, fmt.Errorf("after its ? come only endpoint= and region=, not %.40q", key)
		}
	}
	if a.Endpoint != "" {
		if err := CheckEndpoint(a.Endpoint); err != nil {
			return a, err
		}
	}
	if !IsRegion(a.Region) {
		return a, fmt.Errorf("%.80q is not the name of a region", a.Region)
	}
	a.Path, err = cleaned(strings.TrimLeft(u.Path, "/"))
	return a, err
}

// CheckEndpoint refuses an endpoint that would send what is signed in clear text.
func CheckEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || !hostname.MatchString(u.Host) {
		return fmt.Errorf("the endpoint is an address like https://s3.example.com, without a path")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the endpoint must begin with https://")
	}
	return nil
}

func (a Address) parseSFTP(u *url.URL) (_ Address, err error) {
	a.User, a.Host = u.User.Username(), u.Hostname()
	if !hostname.MatchString(a.Host) || u.RawQuery != "" || strings.Contains(a.Host, ":") && net.ParseIP(a.Host) == nil {
		return a, fmt.Errorf("%.80q is not the name of a server", u.Host)
	}
	if a.User != "" && !user.MatchString(a.User) {
		return a, fmt.Errorf("%.80q is not the name of a user", a.User)
	}
	if port := u.Port(); port != "" {
		if a.Port, err = strconv.Atoi(port); err != nil || a.Port < 1 || a.Port > 65535 {
			return a, fmt.Errorf("%.20q is not a port", port)
		}
	}
	if u.Path == "" {
		return a, fmt.Errorf("it names no directory. /~/backups is the directory backups in the home there")
	}
	if rest, home := strings.CutPrefix(u.Path, "/~/"); home {
		a.Path, err = cleaned(rest)
		return a, err
	}
	a.Path, err = cleaned(u.Path)
	return a, err
}

// cleaned is a path less what means nothing in it. What leads out, or means something
// to a shell, a URL or a store, is refused.
func cleaned(at string) (string, error) {
	if !dir.MatchString(at) || strings.HasPrefix(at, "-") {
		return "", fmt.Errorf("its path has a character that a store may not take")
	}
	for part := range strings.SplitSeq(at, "/") {
		if part == ".." {
			return "", fmt.Errorf("its path has .. in it")
		}
	}
	if at = path.Clean(at); at == "." {
		return "", nil
	}
	if strings.HasPrefix(at, "-") || strings.HasPrefix(at, "~") {
		return "", fmt.Errorf("its path begins with a character that means something else there")
	}
	return at, nil
}

// String is the address as Parse reads it.
func (a Address) String() string {
	switch a.Scheme {
	case SchemeRclone:
		return SchemeRclone + ":" + a.Host + ":" + a.Path
	case SchemeSFTP:
		u := url.URL{Scheme: a.Scheme, Host: a.Host, Path: a.Path}
		if strings.Contains(a.Host, ":") {
			u.Host = "[" + a.Host + "]"
		}
		if a.Port != 0 {
			u.Host += ":" + strconv.Itoa(a.Port)
		}
		if a.User != "" {
			u.User = url.User(a.User)
		}
		if !path.IsAbs(a.Path) {
			u.Path = "/~/" + a.Path
		}
		return u.String()
	}
	u, query := url.URL{Scheme: a.Scheme, Host: a.Host, Path: "/" + a.Path}, url.Values{}
	if a.Endpoint != "" {
		query.Set("endpoint", a.Endpoint)
	}
	if a.Region != "" {
		query.Set("region", a.Region)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// File splits an address that names one backup into its directory and its name. The
// name is "" where it names a directory.
func (a Address) File() (directory Address, name string) {
	if !where.IsFile(a.Path) {
		return a, ""
	}
	parent, name := path.Split(a.Path)
	a.Path = strings.TrimSuffix(parent, "/")
	if parent == "/" {
		a.Path = "/"
	}
	return a, name
}

// At is the path of a file in the address's directory.
func (a Address) At(name string) string { return path.Join(a.Path, name) }

// IsRegion reports whether a text may be the name of a region.
func IsRegion(text string) bool { return region.MatchString(text) }
