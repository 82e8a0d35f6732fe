package content

import (
	"strings"
	"time"
)

// TypeIMDN is the media type of a disposition notification.
const TypeIMDN = "message/imdn+xml"

const nsIMDN = "urn:ietf:params:xml:ns:imdn"

// Disposition is the kind of a notification (RFC 5438 §11.1.7).
type Disposition string

// The three kinds. User agents never send Processing.
const (
	Delivery   Disposition = "delivery"
	Processing Disposition = "processing"
	Display    Disposition = "display"
)

// Request is what the sender of a message wants to be notified of.
type Request struct {
	MessageID                     string
	Positive, Negative, Displayed bool
	Routes                        []string // IMDN-Record-Route, in order
}

// IMDNRequest reads the request from the headers of a message. It reports false if there
// is none, or if the message is itself a notification: those are never notified of
// (RFC 5438 §7.2.1).
func (m *Message) IMDNRequest() (Request, bool) {
	id, ok := m.Find(NamespaceIMDN, "Message-ID")
	wish, asked := m.Find(NamespaceIMDN, "Disposition-Notification")
	if !ok || !asked || mediaType(m.ContentType) == TypeIMDN || len(m.Unknown) > 0 {
		return Request{}, false
	}
	r := Request{MessageID: id}
	for one := range strings.SplitSeq(wish, ",") {
		switch strings.TrimSpace(one) {
		case "positive-delivery":
			r.Positive = true
		case "negative-delivery":
			r.Negative = true
		case "display":
			r.Displayed = true
		}
	}
	for _, h := range m.Headers {
		if h.Namespace == NamespaceIMDN && h.Name == "IMDN-Record-Route" {
			r.Routes = append(r.Routes, h.Value)
		}
	}
	return r, r.Positive || r.Negative || r.Displayed
}

// Notification is a disposition notification.
type Notification struct {
	MessageID         string
	DateTime          time.Time // of the message it is about; zero if unreadable
	Recipient         string    // URI
	OriginalRecipient string    // URI, if Original-To was present
	Disposition       Disposition
	Status            string // "delivered", "failed", "forbidden", "error", "processed", "stored", "displayed"
}

var statuses = map[Disposition][]string{
	Delivery:   {"delivered", "failed", "forbidden", "error"},
	Processing: {"processed", "stored", "forbidden", "error"},
	Display:    {"displayed", "forbidden", "error"},
}

// ParseIMDN reads a notification. An unknown status is read as error.
func ParseIMDN(body []byte) (Notification, error) {
	root, err := parseXML(body, MaxXML)
	if err != nil {
		return Notification{}, err
	}
	n := Notification{
		MessageID:         root.childText(nsIMDN, "message-id"),
		Recipient:         root.childText(nsIMDN, "recipient-uri"),
		OriginalRecipient: root.childText(nsIMDN, "original-recipient-uri"),
	}
	if root.name.Space != nsIMDN || root.name.Local != "imdn" || n.MessageID == "" {
		return Notification{}, malformed("notification")
	}
	n.DateTime, _ = time.Parse(time.RFC3339, root.childText(nsIMDN, "datetime"))
	found := 0
	for _, d := range []Disposition{Delivery, Processing, Display} {
		if c := root.child(nsIMDN, string(d)+"-notification"); c != nil {
			found++
			n.Disposition, n.Status = d, readStatus(c, d)
		}
	}
	if found != 1 {
		return Notification{}, malformed("notification without one disposition")
	}
	return n, nil
}

func readStatus(n *node, d Disposition) string {
	if s := n.child(nsIMDN, "status"); s != nil {
		for _, known := range statuses[d] {
			if s.child(nsIMDN, known) != nil {
				return known
			}
		}
	}
	return "error"
}

// AppendIMDN appends a notification's XML.
func AppendIMDN(dst []byte, n Notification) ([]byte, error) {
	known := false
	for _, s := range statuses[n.Disposition] {
		known = known || s == n.Status
	}
	if !known || n.MessageID == "" || n.DateTime.IsZero() || n.Recipient == "" {
		return dst, malformed("notification")
	}
	element := func(name, text string) {
		dst = append(append(append(dst, '<'), name...), '>')
		dst = appendXMLText(dst, text)
		dst = append(append(append(dst, "</"...), name...), '>')
	}
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\r\n"+`<imdn xmlns="`+nsIMDN+`">`...)
	element("message-id", n.MessageID)
	element("datetime", n.DateTime.UTC().Format(time.RFC3339))
	element("recipient-uri", n.Recipient)
	if n.OriginalRecipient != "" {
		element("original-recipient-uri", n.OriginalRecipient)
	}
	kind := string(n.Disposition) + "-notification"
	dst = append(dst, "<"+kind+"><status><"+n.Status+"/></status></"+kind+"></imdn>"...)
	return dst, nil
}

// Notify builds the message/cpim body that answers m: swapped addresses, an id of its own,
// and the way back that the request recorded (RFC 5438 §7.2.1, §8). service is the URI to
// answer as. It reports false if m does not ask for this notification.
func Notify(now time.Time, m *Message, service, id string, d Disposition, status string) ([]byte, bool) {
	r, ok := m.IMDNRequest()
	asked := d == Display && r.Displayed || d == Delivery && (status == "delivered" && r.Positive || status != "delivered" && r.Negative)
	if !ok || !asked || id == r.MessageID {
		return nil, false
	}
	original, _ := m.Find(NamespaceIMDN, "Original-To")
	xml, err := AppendIMDN(nil, Notification{
		MessageID: r.MessageID, DateTime: m.DateTime, Recipient: service,
		OriginalRecipient: parseAddress(original).URI, Disposition: d, Status: status,
	})
	if err != nil {
		return nil, false
	}
	out := &Message{
		From: Address{URI: service}, To: m.From, DateTime: now, ContentType: TypeIMDN, Body: xml,
		Headers: []Header{{Namespace: NamespaceIMDN, Name: "Message-ID", Value: id}},
		MIME:    []MIMEHeader{{"Content-Disposition", "notification"}},
	}
	for _, route := range r.Routes {
		out.Headers = append(out.Headers, Header{Namespace: NamespaceIMDN, Name: "IMDN-Route", Value: route})
	}
	body, err := AppendWrapped(nil, out)
	return body, err == nil
}

func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}
