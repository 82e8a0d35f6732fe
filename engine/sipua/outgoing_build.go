package sipua

import (
	"bytes"
	"strings"

	"text911/callmodel"
)

// preferred is the transport for URIs that name none.
func (u *UA) preferred() Transport {
	if len(u.packets) > 0 {
		return UDP
	}
	return TCP
}

// firstHop is where an INVITE goes. A large one prefers TCP where the URI leaves the choice, and
// falls back to UDP (RFC 3261 §18.1.1).
func (u *UA) firstHop(out Outgoing) (to hop, fallback *hop, err error) {
	uri := out.Target
	if len(out.Route) > 0 {
		uri = out.Route[0]
	}
	to, err = nextHop(uri, u.preferred())
	if err != nil || to.transport != UDP || strings.Contains(strings.ToLower(uri), "transport=") {
		return to, nil, err
	}
	size := 1000 + len(out.Offer) // header fields of our own make about a kilobyte
	for _, h := range out.Headers {
		size += len(h.Name) + len(h.Value)
	}
	for _, p := range out.Parts {
		size += len(p.Body)
	}
	if size <= streamAbove {
		return to, nil, nil
	}
	udp := to
	to.transport = TCP
	return to, &udp, nil
}

// outgoing makes the dialog of an INVITE of ours.
func (u *UA) outgoing(c *call, out Outgoing, to hop) *Dialog {
	f := u.faceFor(to.transport)
	contact := callmodel.Private(u.contact(f))
	from, dest := out.From, out.To
	if from == "" {
		from = contact
	}
	if dest == "" {
		dest = callmodel.Private(out.Target)
	}
	return newDialog(c, out.Peer, State{
		LocalTag: u.mustToken(16), LocalURI: nameAddr(from), RemoteURI: nameAddr(dest), Outgoing: true,
		Target: callmodel.Private(out.Target), RouteSet: routeValues(out.Route), Contact: contact, Transport: to.transport,
	})
}

// nameAddr puts a bare URI into brackets.
func nameAddr(v callmodel.Private) callmodel.Private {
	if strings.Contains(v.Reveal(), "<") {
		return callmodel.Private(withoutTag(v.Reveal()))
	}
	return "<" + v + ">"
}

func routeValues(uris []string) []string {
	out := make([]string, 0, len(uris))
	for _, u := range uris {
		if !strings.Contains(u, "<") {
			u = "<" + u + ">"
		}
		out = append(out, u)
	}
	return out
}

// body is the offer alone, or a multipart/mixed with the offer first.
func (a *attempt) body(boundary string) (string, []byte) {
	if len(a.out.Parts) == 0 {
		return "application/sdp", a.out.Offer
	}
	parts := a.out.Parts
	if a.out.Offer != nil {
		parts = append([]Part{{ContentType: "application/sdp", Body: callmodel.Private(a.out.Offer)}}, parts...)
	}
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\nContent-Type: " + oneLine(p.ContentType) + "\r\n")
		if p.ID != "" {
			b.WriteString("Content-ID: <" + oneLine(p.ID) + ">\r\n")
		}
		if p.Disposition != "" {
			b.WriteString("Content-Disposition: " + oneLine(p.Disposition) + "\r\n")
		}
		b.WriteString("\r\n" + p.Body.Reveal() + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return "multipart/mixed;boundary=" + boundary, b.Bytes()
}
