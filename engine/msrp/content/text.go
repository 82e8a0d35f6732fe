package content

import (
	"bytes"
	"mime"
	"mime/multipart"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is what is shown of a message.
type Text struct {
	String   string
	Doubtful bool // characters were replaced or guessed: show, and say so
}

// DecodeText decodes the octets of a complete message by the charset parameter. Nothing is
// ever dropped: what cannot be decoded is shown with replacement characters.
func DecodeText(contentType string, body []byte) Text {
	_, params, _ := mime.ParseMediaType(contentType)
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "us-ascii":
		return decodeUTF8(body)
	case "iso-8859-1":
		return Text{String: single(body, nil)}
	case "windows-1252":
		return Text{String: single(body, &windows1252)}
	case "utf-16", "utf-16be", "utf-16le":
		return decodeUTF16(body, strings.HasSuffix(strings.ToLower(params["charset"]), "le"))
	}
	if utf8.Valid(body) {
		return Text{String: string(body), Doubtful: true}
	}
	return Text{String: single(body, &windows1252), Doubtful: true}
}

func decodeUTF8(body []byte) Text {
	if utf8.Valid(body) {
		return Text{String: string(body)}
	}
	return Text{String: strings.ToValidUTF8(string(body), "\uFFFD"), Doubtful: true}
}

// windows1252 maps 0x80..0x9F; zero means not assigned.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

func single(body []byte, high *[32]rune) string {
	var b strings.Builder
	for _, c := range body {
		if high != nil && c >= 0x80 && c < 0xA0 && high[c-0x80] != 0 {
			b.WriteRune(high[c-0x80])
			continue
		}
		b.WriteRune(rune(c))
	}
	return b.String()
}

func decodeUTF16(body []byte, little bool) Text {
	if len(body) >= 2 && body[0] == 0xFF && body[1] == 0xFE {
		little, body = true, body[2:]
	} else if len(body) >= 2 && body[0] == 0xFE && body[1] == 0xFF {
		body = body[2:]
	}
	units := make([]uint16, 0, len(body)/2)
	for i := 0; i+1 < len(body); i += 2 {
		hi, lo := body[i], body[i+1]
		if little {
			hi, lo = lo, hi
		}
		units = append(units, uint16(hi)<<8|uint16(lo))
	}
	s := string(utf16.Decode(units))
	return Text{String: s, Doubtful: len(body)%2 != 0 || strings.ContainsRune(s, utf8.RuneError)}
}

// Part is one part of a message, containers resolved.
type Part struct {
	ContentType string
	Disposition string // Content-Disposition
	Body        []byte
	CPIM        []*Message // the wrappers it was in, outermost first
	Signed      bool       // inside multipart/signed; the signature is not checked here
}

// Parts resolves message/cpim, multipart/mixed, multipart/alternative and
// multipart/signed to what is inside (RFC 4975 §7.3.1, §13, §14.3): every part of mixed,
// the last understood one of alternative, the first of signed. A container that cannot be
// read comes out as it is, so that nothing is lost; more than MaxDepth of them is an error.
func Parts(contentType, disposition string, body []byte, understood func(mediaType string) bool) ([]Part, error) {
	w := walker{understood: understood}
	if err := w.walk(Part{ContentType: contentType, Disposition: disposition, Body: body}, 0); err != nil {
		return nil, err
	}
	return w.out, nil
}

type walker struct {
	understood func(string) bool
	out        []Part
}

func (w *walker) walk(p Part, depth int) error {
	media, params, err := mime.ParseMediaType(p.ContentType)
	kind, isMultipart := strings.CutPrefix(media, "multipart/")
	if err != nil || media != "message/cpim" && !isMultipart {
		w.out = append(w.out, p)
		return nil
	}
	if depth == MaxDepth {
		return malformed("containers nested too deep")
	}
	if !isMultipart {
		m, err := Unwrap(p.Body, false)
		if err != nil {
			w.out = append(w.out, p)
			return nil
		}
		inner := Part{ContentType: m.ContentType, Body: m.Body, Signed: p.Signed}
		inner.Disposition, _ = m.FindMIME("Content-Disposition")
		inner.CPIM = append(append(inner.CPIM, p.CPIM...), m)
		return w.walk(inner, depth+1)
	}
	parts, ok := split(p, params["boundary"])
	if !ok {
		w.out = append(w.out, p)
		return nil
	}
	return w.choose(kind, parts, depth)
}

func (w *walker) choose(kind string, parts []Part, depth int) error {
	switch kind {
	case "alternative":
		for i := len(parts) - 1; i > 0; i-- {
			if media := mediaType(parts[i].ContentType); w.understood(media) || strings.HasPrefix(media, "multipart/") {
				return w.walk(parts[i], depth+1)
			}
		}
		parts = parts[:1]
	case "signed":
		parts = parts[:1]
		parts[0].Signed = true
	}
	for _, p := range parts {
		if len(w.out) >= maxParts {
			return malformed("too many parts")
		}
		if err := w.walk(p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// split cuts a multipart body. Transfer encodings are left alone: MSRP is binary.
func split(p Part, boundary string) ([]Part, bool) {
	if boundary == "" {
		return nil, false
	}
	r := multipart.NewReader(bytes.NewReader(p.Body), boundary)
	var parts []Part
	for len(parts) <= maxParts {
		one, err := r.NextRawPart()
		if err != nil {
			break
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(one); err != nil {
			return nil, false
		}
		t := one.Header.Get("Content-Type")
		if t == "" {
			t = "text/plain"
		}
		parts = append(parts, Part{
			ContentType: t, Disposition: one.Header.Get("Content-Disposition"), Body: b.Bytes(), CPIM: p.CPIM, Signed: p.Signed,
		})
	}
	return parts, len(parts) > 0
}
