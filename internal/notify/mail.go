package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
)

// smtps is the port that speaks TLS from its first byte.
const smtps = "465"

func sendEmail(ctx context.Context, courier *courier, t target.Target, l letter) *trouble {
	host, port, err := net.SplitHostPort(t.Server)
	if err != nil {
		return &trouble{err: finding.Named(finding.Failed, "notify-refused", "its server is not valid")}
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: courier.roots}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.Server)
	if err != nil {
		return unreachable(ctx, host, err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if port == smtps {
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return unreachable(ctx, host, err)
		}
		conn = secure
	}
	c, err := smtp.NewClient(bounded(conn), host)
	if err != nil {
		return mailTrouble(ctx, host, "greeting", err)
	}
	if err := c.Hello(helloName(courier.host)); err != nil {
		return mailTrouble(ctx, host, "greeting", err)
	}
	if port != smtps {
		if fault := startTLS(ctx, c, host, config); fault != nil {
			return fault
		}
	}
	if fault := login(ctx, c, t, host); fault != nil {
		return fault
	}
	return hand(ctx, c, t, host, letterText(courier, t, l))
}

// startTLS makes the connection secure; only to this machine it may stay as it is.
func startTLS(ctx context.Context, c *smtp.Client, host string, config *tls.Config) *trouble {
	if ok, _ := c.Extension("STARTTLS"); !ok {
		if target.IsLoopback(host) {
			return nil
		}
		return &trouble{err: finding.Named(finding.Failed, "notify-insecure", "the mail server %s offers no STARTTLS, so nothing was sent", host).
			With(finding.Hint{Do: "Use the port with TLS, usually 465"})}
	}
	if err := c.StartTLS(config); err != nil {
		if answered := (*textproto.Error)(nil); errors.As(err, &answered) {
			return &trouble{passing: true, err: finding.Named(finding.Failed, "notify-insecure", "the mail server %s refused STARTTLS (%s), so nothing was sent", host, says(err)).
				With(finding.Hint{Do: "Use the port with TLS, usually 465"})}
		}
		return unreachable(ctx, host, err)
	}
	return nil
}

// login gives the password, over TLS or to this machine alone.
func login(ctx context.Context, c *smtp.Client, t target.Target, host string) *trouble {
	if t.User == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	methods := strings.Fields(strings.ToUpper(offered))
	auth := smtp.PlainAuth("", t.User, t.Secret.Reveal(), host)
	if slices.Contains(methods, "LOGIN") && !slices.Contains(methods, "PLAIN") {
		auth = &loginAuth{user: t.User, password: t.Secret.Reveal(), host: host}
	}
	if err := c.Auth(auth); err != nil {
		answered := (*textproto.Error)(nil)
		if errors.As(err, &answered) && answered.Code/100 == 5 {
			return &trouble{err: finding.Named(finding.Failed, "notify-refused", "the mail server %s refused the user or the password (%s)", host, says(err)).
				With(finding.Hint{Do: "Many providers need an app password instead of your own. Make one in the settings of your mail account"},
					finding.Anywhere("Then enter it", "notify", "add", "email"))}
		}
		return mailTrouble(ctx, host, "login", err)
	}
	return nil
}

// hand gives the letter to the server.
func hand(ctx context.Context, c *smtp.Client, t target.Target, host string, text []byte) *trouble {
	if err := c.Mail(t.From); err != nil {
		return mailTrouble(ctx, host, "sender", err)
	}
	var some someOf
	for _, to := range t.To {
		if err := c.Rcpt(to); err != nil {
			some.add(mailTrouble(ctx, host, "recipient", err))
		} else {
			some.add(nil)
		}
	}
	if some.taken == 0 {
		return some.err
	}
	w, err := c.Data()
	if err != nil {
		return mailTrouble(ctx, host, "message", err)
	}
	_, err = w.Write(text)
	if err := errors.Join(err, w.Close()); err != nil {
		return mailTrouble(ctx, host, "message", err)
	}
	_ = c.Quit() // the server has taken it
	return some.trouble()
}

// mailTrouble is what a server answered, or that it did not.
func mailTrouble(ctx context.Context, host, what string, err error) *trouble {
	answered := (*textproto.Error)(nil)
	if !errors.As(err, &answered) {
		return unreachable(ctx, host, err)
	}
	return &trouble{passing: answered.Code/100 == 4, err: finding.Named(finding.Failed, "notify-refused", "the mail server %s refused the %s (%s)", host, what, says(err)).
		With(finding.Anywhere("Check the addresses, then enter them again", "notify", "add", "email"))}
}

// says is what a mail server answered, in one line.
func says(err error) string { return answer{body: []byte(err.Error())}.says() }

// letterText is the e-mail itself.
func letterText(courier *courier, t target.Target, l letter) []byte {
	var out bytes.Buffer
	line := func(name, value string) {
		fmt.Fprintf(&out, "%s: %s\r\n", name, strings.NewReplacer("\r", " ", "\n", " ").Replace(value))
	}
	line("From", "OpenAlgo <"+t.From+">")
	line("To", strings.Join(t.To, ", "))
	line("Subject", mime.QEncoding.Encode("utf-8", l.title))
	line("Date", courier.now().Format(time.RFC1123Z))
	line("Message-ID", "<"+rand.Text()+"@"+helloName(courier.host)+">")
	line("Auto-Submitted", "auto-generated")
	line("MIME-Version", "1.0")
	line("Content-Type", "text/plain; charset=utf-8")
	line("Content-Transfer-Encoding", "quoted-printable")
	out.WriteString("\r\n")
	body := quotedprintable.NewWriter(&out)
	_, _ = body.Write([]byte(strings.ReplaceAll(l.body+"\n", "\n", "\r\n"))) // into memory
	_ = body.Close()
	return out.Bytes()
}

// helloName is how this machine names itself to a mail server.
func helloName(host string) string {
	for _, r := range host {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' {
			return "localhost"
		}
	}
	if host == "" {
		return "localhost"
	}
	return host
}

// loginAuth is the login of servers that know no other one, such as Microsoft's.
type loginAuth struct {
	user, password, host string
	step                 int
}

// Start refuses a connection that others could read.
func (a *loginAuth) Start(server *smtp.ServerInfo) (method string, first []byte, err error) {
	if !server.TLS && !target.IsLoopback(server.Name) || server.Name != a.host {
		return "", nil, errors.New("unencrypted connection")
	}
	return "LOGIN", nil, nil
}

// Next answers the two questions, whatever words they have.
func (a *loginAuth) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	a.step++
	switch a.step {
	case 1:
		return []byte(a.user), nil
	case 2:
		return []byte(a.password), nil
	}
	return nil, errors.New("the mail server asks too much")
}

// limitedConn ends where a server says too much.
type limitedConn struct {
	net.Conn
	left int
}

func bounded(conn net.Conn) net.Conn { return &limitedConn{conn, mostAnswer} }

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errors.New("the answer of the mail server is too long")
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
