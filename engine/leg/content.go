package leg

import (
	"strings"
	"time"
	"unicode/utf8"

	"text911/callmodel"
	"text911/engine/msrp/content"
	"text911/engine/sdpmsrp"
)

const textPlain = "text/plain"

// reading is what a body turned out to be.
type reading struct {
	content callmodel.Content
	claimed time.Time // by its sender, zero if not
	fault   string    // why nothing in it could be read; empty when something could
	typing  bool      // it is no message but a typing state
	active  bool      // with typing: somebody types
}

// read finds out what a body is. Wrappers are opened; texts are decoded and shown even when they
// are broken (RFC 4975 §7.3.1, §13). The two usual cases come first, without the general machinery.
func (g *Gateway) read(contentType string, body []byte) reading {
	if isPlainUTF8(contentType) && utf8.Valid(body) {
		return reading{content: callmodel.Content{ContentType: textPlain, Text: callmodel.Private(body)}}
	}
	if mediaType(contentType) != "message/cpim" {
		return g.parts(contentType, body)
	}
	m, err := content.Unwrap(body, false)
	if err != nil {
		return g.parts(contentType, body)
	}
	var r reading
	switch {
	case isPlainUTF8(m.ContentType) && utf8.Valid(m.Body):
		r.content = callmodel.Content{ContentType: textPlain, Text: callmodel.Private(m.Body)}
	case mediaType(m.ContentType) == content.TypeComposing:
		c, err := content.ParseComposing(m.Body)
		return reading{typing: true, active: err == nil && c.Active}
	default:
		r = g.parts(m.ContentType, m.Body)
	}
	r.claimed = m.DateTime
	r.content.Language, _ = m.FindMIME("Content-Language")
	return r
}

// parts reads containers of any kind.
func (g *Gateway) parts(contentType string, body []byte) reading {
	parts, err := content.Parts(contentType, "", body, understood)
	switch {
	case err != nil || len(parts) == 0:
		return reading{content: g.other(contentType, body), fault: "containers_unreadable"}
	case len(parts) == 1:
		return reading{content: g.single(parts[0])}
	}
	return reading{content: g.several(contentType, body, parts)}
}

// isPlainUTF8 knows the spellings of nearly every text.
func isPlainUTF8(contentType string) bool {
	if len(contentType) < len(textPlain) || !strings.EqualFold(contentType[:len(textPlain)], textPlain) {
		return false
	}
	rest := contentType[len(textPlain):]
	return rest == "" || strings.EqualFold(rest, ";charset=utf-8") || strings.EqualFold(rest, "; charset=utf-8")
}

func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// isText says whether a body is shown as text. A message/cpim that could not be opened is: somebody's
// words are in it.
func isText(media string) bool { return media == textPlain || media == "message/cpim" || media == "" }

func understood(media string) bool { return isText(media) || media == "text/html" }

func (g *Gateway) single(p content.Part) callmodel.Content {
	media := mediaType(p.ContentType)
	if !isText(media) {
		return g.other(p.ContentType, p.Body)
	}
	return callmodel.PlainText(content.DecodeText(p.ContentType, p.Body).String)
}

// several is a message of several parts: its texts are shown as one, and when something else is in
// it the whole stays beside them.
func (g *Gateway) several(contentType string, body []byte, parts []content.Part) callmodel.Content {
	var texts []string
	for _, p := range parts {
		if isText(mediaType(p.ContentType)) {
			texts = append(texts, content.DecodeText(p.ContentType, p.Body).String)
		}
	}
	c := callmodel.PlainText(strings.Join(texts, "\n"))
	if len(texts) < len(parts) {
		rest := g.other(contentType, body)
		rest.Text = c.Text
		return rest
	}
	return c
}

// other is content that is no text: kept as it is while it is small, else only named.
func (g *Gateway) other(contentType string, body []byte) callmodel.Content {
	if len(body) > g.cfg.KeepBody {
		return callmodel.Content{ContentType: orUnknown(contentType), Size: len(body), Placeholder: true}
	}
	return callmodel.Content{ContentType: orUnknown(contentType), Body: body}
}

func orUnknown(contentType string) string {
	if contentType == "" {
		return "application/octet-stream"
	}
	return contentType
}

// wrap puts a body into message/cpim for a far side that wants every message so (RFC 4975 §13).
func (l *leg) wrap(now time.Time, contentType string, body []byte) ([]byte, error) {
	return content.Wrap(now, content.Address{URI: "sip:text911@" + l.gw.cfg.Element}, content.Address{URI: l.peerURI()},
		contentType, body)
}

const anonymous = "sip:anonymous@anonymous.invalid" // RFC 3323 §4.1.1.3

// peerURI is the far side's address on the wire.
func (l *leg) peerURI() string {
	uri := l.peer.Reveal()
	if uri == "" || strings.ContainsAny(uri, "<> \r\n\t") || !strings.Contains(uri, ":") {
		return anonymous
	}
	return uri
}

// takesComposing says how a typing state may be sent: bare, or inside message/cpim (RFC 3994 §3,
// RFC 4975 §8.6).
func takesComposing(far *sdpmsrp.Media) (bare, wrapped bool) {
	bare = far.AcceptTypes.Accepts(content.TypeComposing)
	return bare, !bare && far.AcceptTypes.Accepts("message/cpim") && far.AcceptWrappedTypes.Accepts(content.TypeComposing)
}
