package console

import (
	"github.com/gorilla/websocket"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/psap"
)

// eventFrame is an event frame, made once for all consoles.
type eventFrame struct {
	msg  *websocket.PreparedMessage
	size int
}

const (
	eventHead = `{"op":"event","event":`
	classHead = `{"class":"ephemeral",`
)

// frameOf returns the frame of a notice, nil if it cannot be written.
func frameOf(id callmodel.PSAPID, n *psap.Notice) *eventFrame {
	f, _ := n.Form(func(n *psap.Notice) any { return newEventFrame(id, n) }).(*eventFrame)
	return f
}

func newEventFrame(id callmodel.PSAPID, n *psap.Notice) *eventFrame {
	raw := n.Raw
	if raw == nil {
		var err error
		if raw, err = eventjson.Encode(id, n.Event); err != nil {
			return nil
		}
	}
	b := append(make([]byte, 0, len(raw)+len(eventHead)+32), eventHead...)
	switch {
	case n.Durable():
		b = eventjson.AppendWithSeq(b, raw, n.Event.Seq)
	case n.Event.Data.Kind().Ephemeral():
		b = append(b, raw...)
	default: // an alert that cannot be stored
		b = append(append(b, classHead...), raw[1:]...)
	}
	b = append(b, '}')
	msg, err := websocket.NewPreparedMessage(websocket.TextMessage, b)
	if err != nil {
		return nil
	}
	return &eventFrame{msg: msg, size: len(b)}
}
