package edge

import (
	"cmp"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/templates"
)

// caddyDir is where the container sees the directory caddy beside its Compose file.
const caddyDir = "/etc/caddy"

func renderCompose(project, image string, selinux bool) []byte {
	label := ""
	if selinux {
		label = "        bind:\n          selinux: z\n"
	}
	return fill(templates.EdgeCompose(), "PROJECT", project, "IMAGE", strconv.Quote(image), "SELINUX", label)
}

func renderCaddyfile(project string, httpPort, httpsPort int) []byte {
	return fill(templates.Caddyfile(), "PROJECT", project, "HTTP", strconv.Itoa(httpPort), "HTTPS", strconv.Itoa(httpsPort))
}

// RenderCaddySite returns the file of a site for Caddy.
func RenderCaddySite(s Site) []byte {
	var tls []string
	head := "tls"
	switch {
	case s.Cert != nil:
		head += " " + caddyDir + "/certs/" + fileName(s.Domain) + ".pem " + caddyDir + "/certs/" + fileName(s.Domain) + ".key"
	default:
		if s.Email != "" {
			head += " " + quoted(s.Email)
		}
		if s.CA != "" {
			tls = append(tls, "ca "+quoted(s.CA))
		}
		if len(s.CARoot) > 0 {
			tls = append(tls, "ca_root "+caddyDir+"/certs/"+fileName(s.Domain)+".root.pem")
		}
	}
	text := ""
	if len(tls) > 0 {
		text = "\t" + head + " {\n\t\t" + strings.Join(tls, "\n\t\t") + "\n\t}\n"
	} else if head != "tls" {
		text = "\t" + head + "\n"
	}
	cloudflare, client := "", ""
	if s.Cloudflare {
		cloudflare = "\t@cloudflare remote_ip " + strings.Join(host.CloudflareRanges(), " ") + "\n"
		client = "\t\tvars @cloudflare client {http.request.header.CF-Connecting-IP}\n"
	}
	return fill(templates.CaddySite(), "DOMAIN", s.Domain, "INSTANCE", s.owner(), "TLS", text,
		"CLOUDFLARE", cloudflare, "CLIENT", client, "WEB", s.Web, "WEBSOCKET", s.WebSocket, "FILE", fileName(s.Domain))
}

// Render returns the files of a site without asking anybody: paths are
// relative, openalgo-edge/... for Caddy and nginx/... for nginx.
func Render(s Site, settings Settings, nginx bool) []File {
	httpPort, httpsPort := cmp.Or(settings.HTTP, 80), cmp.Or(settings.HTTPS, 443)
	if nginx {
		if s.CertPath == "" {
			s.CertPath, s.KeyPath = letsEncrypt+"/"+s.Domain+"/fullchain.pem", letsEncrypt+"/"+s.Domain+"/privkey.pem"
		}
		form := nginxForm{http: httpPort, https: httpsPort, ipv6: true, webroot: filepath.Join(s.Dir, "acme")}
		return []File{{Path: "nginx/openalgo-" + fileName(s.Domain) + ".conf", Text: renderNginx(s, form), Mode: 0o644}}
	}
	project := compose.ProjectName(cmp.Or(settings.Dir, DefaultDir))
	c := &observed{Settings: Settings{Dir: project}}
	files := []File{
		{Path: filepath.Join(project, compose.FileName), Text: renderCompose(project, cmp.Or(settings.Image, DefaultImage), false), Mode: 0o644},
		{Path: filepath.Join(project, "caddy", "Caddyfile"), Text: renderCaddyfile(project, httpPort, httpsPort), Mode: 0o644},
		{Path: siteFile(project, s.Domain), Text: RenderCaddySite(s), Mode: 0o644},
	}
	for _, f := range c.certFiles(s) {
		if f.Text != nil {
			files = append(files, f)
		}
	}
	return files
}

// nginxForm is what of a site depends on the nginx that serves it.
type nginxForm struct {
	http, https int
	ipv6        bool
	http2On     bool // 1.25.1 and later: a directive of its own
	webroot     string
}

// renderNginx returns the file of a site for nginx; without a certificate, the
// part that a certificate authority and a browser on port 80 need.
func renderNginx(s Site, f nginxForm) []byte {
	id := domainID(s.Domain)
	six := func(port int, more string) string {
		if !f.ipv6 {
			return ""
		}
		return "    listen [::]:" + strconv.Itoa(port) + more + ";\n"
	}
	listen2, on := " http2", ""
	if f.http2On {
		listen2, on = "", "    http2 on;\n"
	}
	port := ""
	if f.https != 443 {
		port = ":" + strconv.Itoa(f.https)
	}
	cloudflare, client := "", "$remote_addr"
	if s.Cloudflare {
		client = "$openalgo_" + id + "_client"
		cloudflare = "\ngeo $openalgo_" + id + "_cloudflare {\n    default 0;\n    " +
			strings.Join(host.CloudflareRanges(), " 1;\n    ") + " 1;\n}\nmap $openalgo_" + id + "_cloudflare " + client +
			" {\n    default $remote_addr;\n    1       $http_cf_connecting_ip;\n}\n"
	}
	secure := ""
	if s.CertPath != "" {
		secure = string(fill(templates.NginxHTTPS(), "HTTPS6", six(f.https, " ssl"+listen2), "HTTP2LISTEN", listen2, "HTTP2ON", on,
			"HTTPS", strconv.Itoa(f.https), "CERT", quotedNginx(s.CertPath), "KEY", quotedNginx(s.KeyPath), "CLIENT", client, "WEB", s.Web, "WEBSOCKET", s.WebSocket,
			"GATE", quotedNginx(optional(GateFile(KindNginx, "", s.Dir, s.Domain)))))
	}
	return fill([]byte(strings.ReplaceAll(string(templates.Nginx()), "@HTTPSSERVER@\n", secure)),
		"DOMAIN", s.Domain, "SERVERNAME", serverName(s.Domain), "INSTANCE", s.owner(), "ID", id, "CLOUDFLARE", cloudflare, "HTTP", strconv.Itoa(f.http),
		"HTTP6", six(f.http, ""), "WEBROOT", quotedNginx(f.webroot), "PORT", port)
}

// fill puts values into the @PLACES@ of a template.
func fill(template []byte, pairs ...string) []byte {
	marked := make([]string, len(pairs))
	for i, p := range pairs {
		marked[i] = p
		if i%2 == 0 {
			marked[i] = "@" + p + "@"
		}
	}
	return []byte(strings.NewReplacer(marked...).Replace(string(template)))
}

// quoted is a token of a Caddyfile: in backquotes nothing has a meaning.
func quoted(text string) string { return "`" + text + "`" }

// quotedNginx is a path as nginx takes it whole. It cannot quote a dollar sign, which
// preflight refuses.
func quotedNginx(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// Upstream is the address by which the edge reaches a port that is published
// on bind.
func Upstream(bind string, port int) string {
	switch bind {
	case "", "0.0.0.0":
		bind = "127.0.0.1"
	case "::":
		bind = "::1"
	}
	return net.JoinHostPort(bind, strconv.Itoa(port))
}

// Local is the address by which this machine reaches its own HTTPS proxy.
func Local(port int) string { return net.JoinHostPort(host.Loopback(), strconv.Itoa(port)) }

func siteFile(dir, domain string) string {
	return filepath.Join(dir, "caddy", "sites", fileName(domain)+".caddy")
}
