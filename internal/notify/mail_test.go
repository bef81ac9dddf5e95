package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// mailServer is an SMTP server of a few lines.
type mailServer struct {
	address  string
	startTLS string // its answer; "" offers none
	auth     string // the methods; "" are none
	refuses  string // the beginning of a command that it refuses
	says     string // with these words
	tls      *tls.Config

	mu    sync.Mutex
	lines []string // what it was told
	text  string
}

func (s *mailServer) start(t *testing.T) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s.address = l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(conn)
		}
	}()
	return s
}

func (s *mailServer) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	in, secure := bufio.NewReader(conn), false
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	read := func() string {
		line, _ := in.ReadString('\n')
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lines = append(s.lines, strings.TrimSpace(line))
		return strings.TrimSpace(line)
	}
	say("220 test")
	for {
		line := read()
		switch {
		case line == "":
			return
		case s.refuses != "" && strings.HasPrefix(line, s.refuses):
			say(s.says)
		case strings.HasPrefix(line, "EHLO"):
			say("250-test")
			if s.startTLS != "" && !secure {
				say("250-STARTTLS")
			}
			if s.auth != "" {
				say("250-AUTH " + s.auth)
			}
			say("250 OK")
		case line == "STARTTLS":
			say(s.startTLS)
			if strings.HasPrefix(s.startTLS, "220") {
				up := tls.Server(conn, s.tls)
				if up.Handshake() != nil {
					return
				}
				conn, in, secure = up, bufio.NewReader(up), true
			}
		case line == "AUTH LOGIN":
			say("334 " + base64.StdEncoding.EncodeToString([]byte("Username:")))
			read()
			say("334 " + base64.StdEncoding.EncodeToString([]byte("Password:")))
			read()
			say("235 OK")
		case strings.HasPrefix(line, "AUTH"):
			say("235 OK")
		case line == "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(line, "."))
			}
			s.mu.Lock()
			s.text = text.String()
			s.mu.Unlock()
			say("250 taken")
		default:
			say("250 OK")
		}
	}
}

func (s *mailServer) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// authority signs a certificate for a server, and returns who vouches for it.
func authority(t *testing.T, names ...string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	must(err)
	ca, err = x509.ParseCertificate(caDER)
	must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour)}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	must(err)
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func mailbox(s *mailServer) target.Target {
	return target.Target{Kind: target.Email, Name: "email", Server: s.address, User: "me@example.com", Secret: secret.New("canary-password"), From: "me@example.com", To: []string{"you@example.com"}}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	config, pool := authority(t, "127.0.0.1")
	other, _ := authority(t, "127.0.0.1")
	wrong, wrongPool := authority(t, "mail.example.com")
	for name, c := range map[string]struct {
		server *mailServer
		roots  *x509.CertPool
		id     string // "" is taken
		says   string
	}{
		"STARTTLS":                    {&mailServer{startTLS: "220 go", tls: config, auth: "PLAIN LOGIN"}, pool, "", ""},
		"a server that knows LOGIN":   {&mailServer{startTLS: "220 go", tls: config, auth: "LOGIN XOAUTH2"}, pool, "", ""},
		"this machine without TLS":    {&mailServer{auth: "PLAIN"}, pool, "", ""},
		"a refused STARTTLS":          {&mailServer{startTLS: "454 TLS not available", tls: config}, pool, "notify-insecure", "refused STARTTLS"},
		"an unknown authority":        {&mailServer{startTLS: "220 go", tls: other}, pool, "notify-insecure", "certificate"},
		"a certificate of another":    {&mailServer{startTLS: "220 go", tls: wrong}, wrongPool, "notify-insecure", "certificate"},
		"a wrong password":            {&mailServer{startTLS: "220 go", tls: config, auth: "PLAIN", refuses: "AUTH", says: "535 5.7.8 canary-password is not accepted"}, pool, "notify-refused", "the user or the password"},
		"a sender that is not mine":   {&mailServer{startTLS: "220 go", tls: config, auth: "PLAIN", refuses: "MAIL", says: "553 not yours"}, pool, "notify-refused", "refused the sender"},
		"a recipient that is unknown": {&mailServer{startTLS: "220 go", tls: config, auth: "PLAIN", refuses: "RCPT", says: "550 no such user"}, pool, "notify-refused", "refused the recipient"},
		"a server that says too much": {&mailServer{refuses: "EHLO", says: strings.Repeat("250-"+strings.Repeat("x", 500)+"\r\n", 1000)}, pool, "notify-unreachable", "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.server.start(t)
			n := notifierIn(t)
			n.roots = c.roots
			add(t, n, mailbox(s))
			tested, err := n.Test(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if got := tested[0].Err; (got == nil) != (c.id == "") || got != nil && (got.ID != c.id || !strings.Contains(got.Error(), c.says) || strings.Contains(got.Error(), "canary")) {
				t.Errorf("%v", got)
			}
			if c.id == "notify-insecure" && strings.Contains(s.told(), "AUTH") {
				t.Errorf("the password was given: %s", s.told())
			}
		})
	}
}

// No password and no message go to another machine without TLS.
func TestEmailNeedsTLS(t *testing.T) {
	t.Parallel()
	a := &loginAuth{user: "me", password: "x", host: "mail.example.com"}
	if _, _, err := a.Start(&smtp.ServerInfo{Name: "mail.example.com"}); err == nil {
		t.Error("a login without TLS")
	}
	if _, _, err := a.Start(&smtp.ServerInfo{Name: "other.example.com", TLS: true}); err == nil {
		t.Error("a login at another server")
	}
	if _, _, err := a.Start(&smtp.ServerInfo{Name: "mail.example.com", TLS: true}); err != nil {
		t.Error(err)
	}
}

// TestLetter reads an e-mail as a mail program does.
func TestLetter(t *testing.T) {
	t.Parallel()
	s := (&mailServer{}).start(t)
	n := notifierIn(t)
	to := mailbox(s)
	to.User, to.Secret, to.To = "", secret.New(""), []string{"you@example.com", "ravi@example.com"}
	add(t, n, to)
	m := locked
	m.Title = "OpenAlgo (größe) is not ready since 08:52 IST\r\nBcc: canary@example.com"
	m.Text = "the database is locked: " + strings.Repeat("a long text ", 20) + "\n.\nend"
	send(t, n, m)
	got, err := mail.ReadMessage(strings.NewReader(s.text))
	if err != nil {
		t.Fatalf("%v: %s", err, s.text)
	}
	if got.Header.Get("Bcc") != "" || strings.Contains(s.told(), "canary") {
		t.Errorf("a title became a header: %v", got.Header)
	}
	if all, err := got.Header.AddressList("To"); err != nil || len(all) != 2 || !strings.Contains(s.told(), "RCPT TO:<ravi@example.com>") {
		t.Errorf("%v, %v", all, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(got.Body))
	if err != nil || !strings.Contains(string(body), "größe") || !strings.Contains(string(body), "\r\n.\r\nend") || !strings.Contains(string(body), "sudo openalgo-install doctor") {
		t.Errorf("%v: %s", err, body)
	}
	for _, name := range []string{"From", "Subject", "Date", "Message-Id", "Auto-Submitted"} {
		if got.Header.Get(name) == "" {
			t.Errorf("no %s in %v", name, fmt.Sprint(got.Header))
		}
	}
}

// TestEmailAwayAndBack keeps an e-mail until its server is back.
func TestEmailAwayAndBack(t *testing.T) {
	t.Parallel()
	s := (&mailServer{refuses: "MAIL", says: "451 try again later"}).start(t)
	n := notifierIn(t)
	to := mailbox(s)
	to.User, to.Secret = "", secret.New("")
	add(t, n, to)
	send(t, n, locked)
	if states, _ := n.States(); !states[0].Fails() || states[0].Waiting != 1 || strings.Count(s.told(), "MAIL") != 3 {
		t.Errorf("%+v after %s", states, s.told())
	}
	s.mu.Lock()
	s.refuses = ""
	s.mu.Unlock()
	if err := n.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if states, _ := n.States(); states[0].Fails() || states[0].Waiting != 0 || !strings.Contains(s.text, "locked") {
		t.Errorf("%+v after %s", states, s.told())
	}
}
