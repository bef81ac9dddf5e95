// Package welcome has what the owner of a new OpenAlgo must be told: how the admin
// account is made before somebody else makes it.
package welcome

import (
	"net/netip"
	"net/url"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Account is what there is to know while OpenAlgo has no admin account; zero where
// it has one.
type Account struct {
	Missing bool
	// Link is the one way in, where the site is closed to others until the account
	// exists. It is secret.
	Link secret.Text
	// Public is the address at which the first visitor becomes the admin, whoever
	// that is; "" where others cannot reach it.
	Public string
}

// Missing is an Account that is to be made. link opens the site where that is closed to
// others; origin is its address, and bind where its ports listen.
func Missing(link secret.Text, origin, bind string) Account {
	a := Account{Missing: true, Link: link}
	u, err := url.Parse(origin)
	isPublic := err == nil && (u.Scheme == "https" || !isLoopback(u.Hostname())) || bind != "" && !isLoopback(bind)
	if link.Empty() && isPublic {
		a.Public = origin
	}
	return a
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Lines say it to a person; status is the command that shows it again. There is
// nothing to say of an OpenAlgo that only this machine reaches.
func (a Account) Lines(status string) []string {
	switch {
	case !a.Link.Empty():
		return []string{
			"OpenAlgo makes its first visitor the admin. So the site is closed to others until you have made your account.",
			"This link lets you in. It is secret, and works until the account exists:",
			"  " + a.Link.Reveal(),
			"To see it again: " + status,
		}
	case a.Public != "":
		return []string{
			"OpenAlgo makes its first visitor the admin, whoever that is. Open " + a.Public + " now and make your account.",
			"Until then let nobody else in at your proxy. An example for nginx: location = /setup { allow YOUR-ADDRESS; deny all; proxy_pass ...; }",
		}
	}
	return nil
}
