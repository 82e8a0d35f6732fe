package leg

import (
	"time"

	"text911/callmodel"
)

const composingType = "application/im-iscomposing+xml"

func composingBody(on bool) []byte { return nil }

func (g *Gateway) contentOf(contentType string, body []byte) (c callmodel.Content, claimed time.Time, fault string) {
	return callmodel.PlainText(string(body)), time.Time{}, ""
}

func readComposing(document []byte) (active, ok bool) { return false, true }
