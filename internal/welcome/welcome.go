// Package welcome has what the owner of a new OpenAlgo must be told: how the admin
// account is made before somebody else makes it.
package welcome

import (
	"net/url"
	"strconv"

	"github.com/marketcalls/openalgo-install/internal/loopback"
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
	// Port is the port of this machine at which others get round a site that is closed
	// to them; "" where they cannot.
	Port string
}

// Missing is an Account that is to be made. link opens the site where that is closed to
// others; origin is its address, and bind and port where it is published: "" is
// every address of this machine, and 0 is nowhere.
func Missing(link secret.Text, origin, bind string, port int) Account {
	a := Account{Missing: true, Link: link}
	u, err := url.Parse(origin)
	isOpen := port != 0 && !loopback.Is(bind)
	switch {
	case !link.Empty() && isOpen:
		a.Port = strconv.Itoa(port)
	case link.Empty() && (isOpen || err == nil && (u.Scheme == "https" || !loopback.Is(u.Hostname()))):
		a.Public = origin
	}
	return a
}

// RoundGate says that others get round a closed site; "" where they cannot.
func (a Account) RoundGate() string {
	if a.Port == "" {
		return ""
	}
	return "Port " + a.Port + " of this machine is open to the network: the first visitor there becomes the admin, whoever that is"
}

// Lines say it to a person; status is the command that shows it again. There is
// nothing to say of an instance that only this machine reaches.
func (a Account) Lines(status string) []string {
	switch {
	case !a.Link.Empty():
		lines := []string{
			"OpenAlgo makes its first visitor the admin. So the site stays closed to others until you create your account.",
			"This link lets you in. Keep it secret. It works until the account exists:",
			"  " + a.Link.Reveal(),
			"To see it again: " + status,
		}
		if round := a.RoundGate(); round != "" {
			lines = append(lines, round+". Create your account now")
		}
		return lines
	case a.Public != "":
		return []string{
			"OpenAlgo makes its first visitor the admin, whoever that is. Open " + a.Public + " now and create your account.",
			"Until then block other visitors at your proxy. Example for nginx: location = /setup { allow YOUR-ADDRESS; deny all; " +
				"proxy_pass ...; }",
		}
	}
	return nil
}
