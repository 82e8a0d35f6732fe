package journal

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
)

// publishEvents shows a stream's records to the embedded server's clients once
// they are durable, and returns what ends it.
//
// JetStream's own republish would do the same but costs as much as storing the
// record, subscribers or not; this costs nothing while nobody subscribes. It
// starts at the end of the stream: like a republish it is a wake-up, a reader
// that sees a gap in Nats-Sequence reads the log.
func (j *JetStream) publishEvents(s *stream, after uint64) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	c := newCursor(after, func() (source, error) { return j.source(s), nil })
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			recs, err := c.Next(ctx)
			var gap *GapError
			switch {
			case errors.As(err, &gap):
				continue
			case errors.Is(err, ErrClosed) || ctx.Err() != nil:
				return
			case err != nil:
				j.cfg.Log.Warn("publish events", "psap", s.names.psap, "err", err)
				if !pause(ctx, redialPause) {
					return
				}
				continue
			}
			for i := range recs {
				j.publishEvent(s, &recs[i])
			}
		}
	})
	return func() {
		cancel()
		c.Close()
		wg.Wait()
	}
}

func (j *JetStream) publishEvent(s *stream, r *Stored) {
	subject := s.names.evt + EscapeToken(r.Call) + "." + r.Kind
	if !j.node.interest(subject) {
		return
	}
	// A fault here is a lost connection to the server in this process; its
	// clients are gone with it and will see the gap.
	if err := j.nc.PublishMsg(&nats.Msg{Subject: subject, Data: r.Data, Header: eventHeader(s, r)}); err != nil {
		j.stats.unpublished.Add(1)
	}
}

func eventHeader(s *stream, r *Stored) nats.Header {
	h := ceHeader(&s.names, &r.Record)
	h[hdrSequence] = []string{strconv.FormatUint(r.Seq, 10)}
	h["Nats-Stream"] = []string{s.name}
	return h
}

// ceHeader are the headers of a record as CloudEvents names them.
func ceHeader(n *names, r *Record) nats.Header {
	return nats.Header{
		hdrMsgID:     {r.ID},
		hdrCEVersion: {"1.0"},
		hdrCEID:      {r.ID},
		hdrCESource:  {n.source},
		hdrCEType:    {ceType(r.Kind)},
		hdrCESubject: {EscapeToken(r.Call)},
		hdrTime:      {r.Time.UTC().Format(timeLayout)},
	}
}
