package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// readBytes bounds one answer of the server.
	readBytes = 4 << 20
)

// Read implements Journal.
func (j *JetStream) Read(ctx context.Context, psap string, after uint64, limit int) ([]Stored, error) {
	s, err := j.stream(psap)
	if err != nil {
		return nil, err
	}
	return j.read(ctx, s, "", after, limit)
}

// ReadCall implements Journal.
func (j *JetStream) ReadCall(ctx context.Context, psap, call string, after uint64, limit int) ([]Stored, error) {
	s, err := j.stream(psap)
	if err != nil {
		return nil, err
	}
	return j.read(ctx, s, call, after, limit)
}

// read returns records that are durable: for a local stream, those the appender
// knows to be acknowledged.
func (j *JetStream) read(ctx context.Context, s *stream, call string, after uint64, limit int) ([]Stored, error) {
	if limit <= 0 {
		limit = DefaultReadLimit
	}
	newest := s.tail.newest()
	recs, err := j.readStream(ctx, s, call, after, limit)
	if err != nil || !s.local {
		return recs, err
	}
	// The server may be ahead of what the reader has taken in.
	for len(recs) > 0 && recs[len(recs)-1].Seq > newest {
		recs = recs[:len(recs)-1]
	}
	return recs, nil
}

// readStream returns what the server holds.
func (j *JetStream) readStream(ctx context.Context, s *stream, call string, after uint64, limit int) ([]Stored, error) {
	var recs []Stored
	for len(recs) < limit {
		var got []Stored
		var pending uint64
		err := j.insist(ctx, func(ctx context.Context) (err error) {
			got, pending, err = j.ask(ctx, s, call, after, limit-len(recs))
			return err
		})
		if err != nil {
			return nil, unavailable(err)
		}
		recs = append(recs, got...)
		if pending == 0 || len(got) == 0 {
			break
		}
		after = got[len(got)-1].Seq
	}
	return recs, nil
}

// getRequest is what JetStream's direct get understands (ADR-31).
type getRequest struct {
	Seq      uint64 `json:"seq,omitempty"`
	NextFor  string `json:"next_by_subj,omitempty"`
	Batch    int    `json:"batch,omitempty"`
	MaxBytes int    `json:"max_bytes,omitempty"`
}

// ask sends one direct get and collects its answers. pending is how many
// records are left behind the last one.
func (j *JetStream) ask(ctx context.Context, s *stream, call string, after uint64, limit int) (recs []Stored, pending uint64, err error) {
	req := getRequest{Seq: after + 1, Batch: limit, MaxBytes: readBytes}
	if call != "" {
		req.NextFor = s.names.evt + EscapeToken(call) + ".>"
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, 0, err
	}
	sub, err := j.nc.SubscribeSync(j.nc.NewInbox())
	if err != nil {
		return nil, 0, err
	}
	defer sub.Unsubscribe() //nolint:errcheck // the connection is gone then
	if err := j.nc.PublishRequest("$JS.API.DIRECT.GET."+s.name, sub.Subject, body); err != nil {
		return nil, 0, err
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, 0, errors.Join(err, context.Cause(ctx))
		}
		if status := m.Header.Get("Status"); status != "" {
			return endOfRead(recs, status, m)
		}
		r, err := s.names.parse(m)
		if err != nil {
			return nil, 0, err
		}
		recs = append(recs, r)
	}
}

func endOfRead(recs []Stored, status string, m *nats.Msg) ([]Stored, uint64, error) {
	switch status {
	case "204": // end of batch
		left, err := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
		return recs, left, err
	case "404": // nothing behind after
		return recs, 0, nil
	}
	return nil, 0, fmt.Errorf("read: status %s", status)
}

// parse makes a record of a message that the server has stored.
func (n *names) parse(m *nats.Msg) (Stored, error) {
	subject := m.Subject
	if s := headerOf(m.Header, "Nats-Subject"); s != "" {
		subject = s
	}
	seq, err := strconv.ParseUint(headerOf(m.Header, hdrSequence), 10, 64)
	if err != nil || seq == 0 {
		return Stored{}, errors.New("stored message without sequence")
	}
	return n.record(seq, subject, m.Header, m.Data), nil
}

// pause waits for d; it returns false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
