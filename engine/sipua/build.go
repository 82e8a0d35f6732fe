package sipua

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// writer builds one message. Values are written as given; line ends inside them are removed, so
// nothing that came from outside can add a line.
type writer struct{ buf bytes.Buffer }

func (w *writer) start(line string) *writer {
	w.buf.WriteString(oneLine(line))
	w.buf.WriteString("\r\n")
	return w
}

func (w *writer) add(name, value string) *writer {
	w.buf.WriteString(name)
	w.buf.WriteString(": ")
	w.buf.WriteString(oneLine(value))
	w.buf.WriteString("\r\n")
	return w
}

func (w *writer) end(contentType string, body []byte) []byte {
	if contentType != "" && len(body) > 0 {
		w.add("Content-Type", contentType)
	}
	w.add("Content-Length", strconv.Itoa(len(body)))
	w.buf.WriteString("\r\n")
	w.buf.Write(body)
	return w.buf.Bytes()
}

func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n\x00") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, s)
}

// response starts the answer to a request: Via lines as received with received and rport filled
// in (RFC 3261 §18.2.1, RFC 3581 §4), Record-Route where a dialog may form, From, To with our tag,
// Call-ID and CSeq.
func response(req *message, src source, code int, reason, tag, agent string) *writer {
	if reason == "" {
		reason = phrase(code)
	}
	w := new(writer)
	w.start(fmt.Sprintf("SIP/2.0 %d %s", code, reason))
	first := true
	for _, f := range req.fields {
		if f.name != "via" {
			continue
		}
		v := f.value
		if first {
			v, first = stampVia(v, req.via, src), false
		}
		w.add("Via", v)
	}
	if code > 100 && code < 300 && req.method == "INVITE" {
		for _, f := range req.fields {
			if f.name == "record-route" {
				w.add("Record-Route", f.value)
			}
		}
	}
	w.add("From", req.get("from"))
	to := req.get("to")
	if req.toTag == "" && tag != "" && code != 100 {
		to += ";tag=" + tag
	}
	w.add("To", to)
	w.add("Call-ID", req.callID)
	w.add("CSeq", req.get("cseq"))
	if agent != "" && code > 100 {
		w.add("Server", agent)
	}
	return w
}

// stampVia adds received and rport to the first value of the topmost Via line.
func stampVia(line string, v viaValue, src source) string {
	ip := src.addr.Addr().String()
	if !src.addr.IsValid() || (v.host == ip && !v.rport) {
		return line
	}
	values := splitList(line)
	if len(values) == 0 {
		return line
	}
	top := values[0]
	if v.rport {
		top = strings.Replace(top, ";rport", fmt.Sprintf(";rport=%d", src.addr.Port()), 1)
	}
	values[0] = top + ";received=" + ip
	return strings.Join(values, ", ")
}
