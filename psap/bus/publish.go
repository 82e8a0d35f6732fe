package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"

	"text911/callmodel/eventjson"
	"text911/psap"
)

const flushWithin = 2 * time.Second

// publish shows ephemeral events on the bus until ctx ends.
func (s *serving) publish(ctx context.Context) {
	sub := s.seat.PSAP.Listen()
	defer sub.Close()
	var notices []*psap.Notice
	for {
		select {
		case <-sub.Wake():
		case <-ctx.Done():
			return
		}
		notices, _ = sub.Poll(ctx, notices[:0], 0)
		for _, n := range notices {
			if s.show(n) {
				s.b.published.Add(1)
			} else {
				s.b.unpublished.Add(1)
			}
		}
	}
}

func (s *serving) show(n *psap.Notice) bool {
	id := s.seat.PSAP.ID()
	raw, err := eventjson.Encode(id, n.Event)
	if err != nil {
		return false
	}
	if !n.Event.Data.Kind().Ephemeral() { // an alert that cannot be stored
		raw = append([]byte(`{"class":"ephemeral",`), raw[1:]...)
	}
	k := n.Event.Data.Kind()
	m := nats.NewMsg(eventSubject(id, n.Event.Call, k))
	m.Data = raw
	// CloudEvents 1.0, NATS protocol binding §3.1: attributes as headers beside the data.
	m.Header["ce-specversion"] = []string{"1.0"}
	m.Header["ce-id"] = []string{string(n.Event.ID)}
	m.Header["ce-source"] = []string{"text911/" + string(id)}
	m.Header["ce-type"] = []string{"text911." + string(k) + ".v1"}
	m.Header["ce-subject"] = []string{string(n.Event.Call)}
	m.Header["ce-time"] = []string{n.Event.Time.UTC().Format("2006-01-02T15:04:05.000Z")}
	return s.nc.PublishMsg(m) == nil
}
