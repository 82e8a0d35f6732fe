package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// replayPull is how many records are asked for ahead of the one in hand.
const replayPull = 4096

// Replay implements Journal. It reads through a consumer: the server then
// sends what is stored as it is, where a direct get writes new headers for
// every record.
func (j *JetStream) Replay(ctx context.Context, psap string, after uint64, f func(Stored) error) error {
	s, err := j.stream(psap)
	if err != nil {
		return err
	}
	b, err := j.Bounds(ctx, psap)
	if err != nil {
		return err
	}
	after = max(after, b.First-1)
	if after >= b.Last {
		return nil
	}
	var cons jetstream.Consumer
	err = j.insist(ctx, func(ctx context.Context) (err error) {
		cons, err = j.js.OrderedConsumer(ctx, s.name, jetstream.OrderedConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1})
		return err
	})
	if err != nil {
		return unavailable(err)
	}
	msgs, err := cons.Messages(jetstream.PullMaxMessages(replayPull))
	if err != nil {
		return unavailable(err)
	}
	defer msgs.Stop()
	defer context.AfterFunc(ctx, msgs.Stop)()
	return s.walk(ctx, msgs, b.Last, f)
}

// walk hands the messages up to last to f.
func (s *stream) walk(ctx context.Context, msgs jetstream.MessagesContext, last uint64, f func(Stored) error) error {
	for {
		m, err := msgs.Next()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			continue // the consumer makes itself anew
		case err != nil:
			return unavailable(err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("journal: replay: %w", err)
		}
		seq := meta.Sequence.Stream
		if seq > last {
			return nil
		}
		if err := f(s.names.record(seq, m.Subject(), m.Headers(), m.Data())); err != nil {
			return err
		}
		if seq == last || meta.NumPending == 0 {
			return nil
		}
	}
}

// foreignKind is the kind of a record somebody else put into the stream: its subject says neither
// call nor kind.
const foreignKind = "foreign.record"

// record makes a record of what the server has stored. One with a subject that is not ours is a
// PSAP-level record of no known kind: it must not hold up whoever reads the log.
func (n *names) record(seq uint64, subject string, h map[string][]string, data []byte) Stored {
	call, kind := PSAPLevel, foreignKind
	if rest, ok := strings.CutPrefix(subject, n.evt); ok {
		if c, k, ok := splitSubject(rest); ok {
			call, kind = c, k
		}
	}
	t, _ := parseTime(headerOf(h, hdrTime))
	return Stored{Seq: seq, Record: Record{ID: headerOf(h, hdrMsgID), Call: call, Kind: kind, Time: t, Data: data}}
}

// headerOf is the first value of a header, in the spelling it was written.
func headerOf(h map[string][]string, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
