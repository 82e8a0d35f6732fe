package sdpmsrp

import (
	"net/netip"
	"strings"

	"text911/engine/msrp"
)

// readPath reads an a=path value. The lenient profile tolerates a URI without
// its transport parameter and repeated blanks, which quirk reports.
func readPath(value string, strict bool) (path msrp.Path, quirk bool, err error) {
	single := strings.Join(strings.Fields(value), " ")
	if path, err = msrp.ParsePath(single, msrp.Strict); err == nil {
		return path, single != value, nil
	}
	if strict {
		return nil, false, err
	}
	path, err = msrp.ParsePath(single, msrp.Lenient)
	return path, true, err
}

// wirePath is a path as SDP carries it, secret session-ids included.
func wirePath(p msrp.Path) string { return string(p.Raw()) }

func hostUnspecified(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsUnspecified()
}
