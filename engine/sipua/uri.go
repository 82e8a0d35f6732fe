package sipua

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// hop is where a message is to be sent.
type hop struct {
	transport Transport
	host      string // name or address
	port      int
	stream    *stream // preferred while it lives
	packet    *packet // socket to send datagrams from
	alt       *hop    // tried when this one fails
}

// nextHop reads the address a SIP URI points to (RFC 3263 without NAPTR and SRV: the port is that
// of the URI or the default). sips and transport=tls mean TLS and never anything less
// (RFC 5630 §3.1.3).
func nextHop(uri string, fallback Transport) (hop, error) {
	var u sip.Uri
	if err := sip.ParseUri(uriText(uri), &u); err != nil {
		return hop{}, fmt.Errorf("unreadable URI")
	}
	if u.Scheme != "sip" && u.Scheme != "sips" {
		return hop{}, fmt.Errorf("no route to a %s URI", u.Scheme)
	}
	h := hop{transport: fallback, host: strings.Trim(u.Host, "[]"), port: u.Port}
	for _, kv := range u.UriParams {
		if strings.EqualFold(kv.K, "transport") {
			switch strings.ToUpper(kv.V) {
			case "UDP":
				h.transport = UDP
			case "TCP":
				h.transport = TCP
			case "TLS":
				h.transport = TLS
			default:
				return hop{}, fmt.Errorf("transport not supported")
			}
		}
	}
	if u.Scheme == "sips" {
		h.transport = TLS
	}
	if h.host == "" {
		return hop{}, fmt.Errorf("URI without host")
	}
	if h.port == 0 {
		h.port = 5060
		if h.transport == TLS {
			h.port = 5061
		}
	}
	return h, nil
}

func (h hop) String() string { return fmt.Sprintf("%s %s", h.transport, joinHostPort(h.host, h.port)) }

// literal is the address of a hop that needs no resolver.
func (h hop) literal() (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(h.host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(h.port)), true
}

func joinHostPort(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == 0 {
		return host
	}
	return fmt.Sprintf("%s:%d", host, port)
}

// uriText takes the URI out of a name-addr; without brackets the whole text is the URI.
func uriText(s string) string {
	if strings.Contains(s, "<") {
		return bracketed(s)
	}
	return strings.TrimSpace(s)
}

// isLoose says whether a route URI has ;lr (RFC 3261 §16.12).
func isLoose(route string) bool {
	for i, p := range splitParams(uriText(route)) {
		k, _, _ := strings.Cut(p, "=")
		if i > 0 && strings.EqualFold(strings.TrimSpace(k), "lr") {
			return true
		}
	}
	return false
}
