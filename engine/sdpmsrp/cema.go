package sdpmsrp

import (
	"net/netip"
	"slices"
	"strings"

	"text911/engine/msrp"
)

// matches reports whether c= address and m= port are those of the leftmost path
// URI (RFC 6714 §4.4).
func (c *Config) matches(m *Media) bool {
	return len(m.Path) > 0 && m.Port == int(m.Path[0].Port) && c.sameHost(m.Host, m.Path[0].Host)
}

func (c *Config) sameHost(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	return slices.ContainsFunc(c.addresses(a), func(x netip.Addr) bool {
		return slices.Contains(c.addresses(b), x)
	})
}

func (c *Config) addresses(host string) []netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}
	}
	if c.Resolve == nil {
		return nil
	}
	return c.Resolve(host)
}

func usesRelay(p msrp.Path) bool { return len(p) > 1 }

// cemaAnswer decides what the extension makes of an offer: whether it is in
// effect, and a fault when the offer can be met by neither c= nor path.
func (c *Config) cemaAnswer(offer *Media, own *Params, role Role, q *Quirks) (inEffect bool, fault *Error) {
	if !c.CEMA {
		if !c.matches(offer) {
			q.add(QuirkCEMA)
		}
		return false, nil
	}
	if !offer.CEMA {
		if c.matches(offer) {
			return false, nil
		}
		q.add(QuirkCEMA)
		if c.CEMALenient {
			return false, nil
		}
		return false, refuse(warnIncompatibleProtocol, "connection address and path differ")
	}
	peerRelay := usesRelay(offer.Path)
	switch {
	case peerRelay && own.Relay,
		peerRelay && role == RolePassive,
		own.Relay && role == RoleActive:
		return false, nil
	}
	return true, nil
}

// cemaReoffer reports whether an answer without msrp-cema to an own offer with
// it asks for a new offer without it (RFC 6714 §4.2).
func (c *Config) cemaReoffer(own *Params, answer *Media, role Role) bool {
	if !c.CEMA || answer.CEMA || c.matches(answer) {
		return false
	}
	return role == RolePassive || own.Relay || usesRelay(answer.Path)
}
