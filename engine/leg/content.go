package leg

import (
	"bytes"
	"strings"
	"time"

	"text911/callmodel"
)

const composingType = "application/im-iscomposing+xml"

func composingBody(on bool) []byte {
	state := "idle"
	if on {
		state = "active"
	}
	return []byte(`<?xml version="1.0" encoding="UTF-8"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>` + state + `</state></isComposing>`)
}

func (g *Gateway) contentOf(contentType string, body []byte) (c callmodel.Content, claimed time.Time, fault string) {
	if strings.HasPrefix(strings.ToLower(contentType), "message/cpim") {
		for range 2 {
			if _, after, ok := bytes.Cut(body, []byte("\r\n\r\n")); ok {
				body = after
			}
		}
	}
	return callmodel.PlainText(string(body)), time.Time{}, ""
}

func readComposing(document []byte) (active, ok bool) {
	return bytes.Contains(document, []byte(">active<")), true
}

// wrap puts a text into message/cpim (RFC 3862 §2).
func (l *leg) wrap(now time.Time, contentType string, body []byte) ([]byte, error) {
	head := "From: <sip:text911@" + l.gw.cfg.Element + ">\r\nTo: <sip:anonymous@anonymous.invalid>\r\nDateTime: " +
		now.UTC().Format(time.RFC3339) + "\r\n\r\nContent-Type: " + contentType + "\r\n\r\n"
	return append([]byte(head), body...), nil
}
