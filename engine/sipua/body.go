package sipua

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"

	"text911/callmodel"
)

// readParts opens the body of a message: one part, or the leaves of a multipart tree in order
// (RFC 2046 §5.1, NENA-STA-010.3 §3.1.12). It is lenient where public test traffic is: boundaries
// without quotes, parts without an empty line after their headers, line ends of either kind, a
// missing last boundary. Depth and number of parts are bounded; what is beyond is left out.
func readParts(m *message) []Part {
	if len(m.body) == 0 {
		return nil
	}
	var w partWalker
	head := partHead{contentType: m.get("content-type"), id: m.get("content-id"), encoding: m.get("content-transfer-encoding"),
		disposition: m.get("content-disposition")}
	w.walk(head, m.body, 0)
	return w.parts
}

type partHead struct{ contentType, id, encoding, disposition string }

type partWalker struct{ parts []Part }

func (w *partWalker) walk(h partHead, body []byte, depth int) {
	if len(w.parts) >= maxParts {
		return
	}
	media, params := mediaType(h.contentType)
	if strings.HasPrefix(media, "multipart/") && depth < maxDepth {
		boundary := params["boundary"]
		if boundary == "" {
			boundary = guessBoundary(body)
		}
		if boundary != "" {
			for _, piece := range cutParts(body, boundary) {
				ph, pb := partHeaders(piece)
				w.walk(ph, pb, depth+1)
			}
			return
		}
	}
	disposition, _, _ := strings.Cut(h.disposition, ";")
	w.parts = append(w.parts, Part{
		ContentType: media, Params: params, ID: contentID(h.id),
		Disposition: strings.ToLower(strings.TrimSpace(disposition)),
		Body:        callmodel.Private(decodeTransfer(h.encoding, body)),
	})
}

// mediaType reads a Content-Type without refusing anything.
func mediaType(v string) (string, map[string]string) {
	pieces := splitParams(v)
	if len(pieces) == 0 {
		return "", nil
	}
	var params map[string]string
	for _, p := range pieces[1:] {
		k, val, ok := strings.Cut(p, "=")
		if !ok {
			continue
		}
		if params == nil {
			params = map[string]string{}
		}
		k = strings.ToLower(strings.TrimSpace(k))
		if _, dup := params[k]; !dup {
			params[k] = unquote(strings.TrimSpace(val))
		}
	}
	return strings.ToLower(strings.ReplaceAll(pieces[0], " ", "")), params
}

// guessBoundary takes the first line that looks like one when the parameter is missing.
func guessBoundary(body []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte("\n"))
	line = bytes.TrimRight(line, "\r \t")
	if len(line) > 2 && len(line) <= 74 && bytes.HasPrefix(line, []byte("--")) {
		return string(line[2:])
	}
	return ""
}

// cutParts returns what stands between the boundary lines. Preamble and epilogue are dropped; when
// the closing line is missing the last part reaches to the end.
func cutParts(body []byte, boundary string) [][]byte {
	mark := []byte("--" + boundary)
	var parts [][]byte
	start := -1 // where the current part begins
	for at := 0; at < len(body) && len(parts) <= maxParts; {
		end := len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if rest, ok := bytes.CutPrefix(body[at:end], mark); ok {
			rest = bytes.TrimRight(rest, "\r\n \t")
			last := bytes.Equal(rest, []byte("--"))
			if last || len(rest) == 0 {
				if start >= 0 {
					parts = append(parts, trimOneLineEnd(body[start:at]))
				}
				start = end
				if last {
					return parts
				}
			}
		}
		at = end
	}
	if start >= 0 && start < len(body) {
		parts = append(parts, body[start:])
	}
	return parts
}

// trimOneLineEnd removes the line end that belongs to the boundary after it.
func trimOneLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// partHeaders splits a part into its headers and content. The header section ends at an empty
// line, or at the first line that cannot be a header: seen in public traffic are SDP and XML
// directly after the last header line.
func partHeaders(piece []byte) (partHead, []byte) {
	var h partHead
	for n := 0; n < maxPartHeaders; n++ {
		line, rest, _ := bytes.Cut(piece, []byte("\n"))
		text := string(bytes.TrimRight(line, "\r"))
		if strings.TrimSpace(text) == "" {
			return h, rest
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || !isToken(strings.TrimSpace(name)) {
			return h, piece
		}
		for folds := 0; len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t'); folds++ { // folded line
			if folds == maxFolded {
				return h, rest // no header is that long: what follows counts as content
			}
			var more []byte
			more, rest, _ = bytes.Cut(rest, []byte("\n"))
			if strings.TrimSpace(string(more)) == "" {
				return h.with(name, value), rest
			}
			value += " " + strings.TrimSpace(string(more))
		}
		h = h.with(name, value)
		piece = rest
	}
	return h, piece
}

func (h partHead) with(name, value string) partHead {
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "content-type", "c":
		h.contentType = value
	case "content-id":
		h.id = value
	case "content-transfer-encoding":
		h.encoding = value
	case "content-disposition":
		h.disposition = value
	}
	return h
}

// isToken says whether s can be a header field name (RFC 5322 §2.2 without the exotic ones).
func isToken(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != ""
}

// decodeTransfer removes a Content-Transfer-Encoding (RFC 2045 §6). What does not decode is kept
// as it came.
func decodeTransfer(encoding string, body []byte) []byte {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		clean := bytes.Join(bytes.Fields(body), nil)
		out := make([]byte, base64.StdEncoding.DecodedLen(len(clean)))
		if n, err := base64.StdEncoding.Decode(out, clean); err == nil {
			return out[:n]
		}
	case "quoted-printable":
		if out, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err == nil {
			return out
		}
	}
	return body
}
