package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
)

// Open implements Journal.
func (j *JetStream) Open(ctx context.Context, psap string) error {
	if psap == "" {
		return fmt.Errorf("%w: empty PSAP name", ErrInvalid)
	}
	j.opening.Lock()
	defer j.opening.Unlock()
	if _, err := j.stream(psap); !errors.Is(err, ErrUnknownPSAP) {
		return err
	}
	s := &stream{names: newNames(psap), name: StreamName(psap), tail: newTail(j.cfg.TailCount, j.cfg.TailBytes)}
	var last uint64
	err := j.insist(ctx, func(ctx context.Context) (err error) {
		last, err = j.create(ctx, s)
		return err
	})
	if err != nil {
		return fmt.Errorf("journal: open %s: %w", psap, err)
	}
	if j.node != nil {
		err = j.startLocal(s, last)
	} else {
		err = j.startShared(ctx, s, last)
	}
	if err != nil {
		return fmt.Errorf("journal: open %s: %w", psap, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.streams[psap] = s
	return nil
}

// create makes the stream or takes the one that is there.
func (j *JetStream) create(ctx context.Context, s *stream) (last uint64, err error) {
	have, err := j.js.Stream(ctx, s.name)
	switch {
	case err == nil:
		if of := have.CachedInfo().Config.Metadata["psap"]; of != s.names.psap {
			return 0, fmt.Errorf("stream %s belongs to PSAP %q", s.name, of)
		}
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return 0, err
	}
	st, err := j.js.CreateOrUpdateStream(ctx, j.streamConfig(s))
	if err != nil {
		return 0, err
	}
	info := st.CachedInfo()
	s.epoch = strconv.FormatInt(info.Created.UnixNano(), 36)
	return info.State.LastSeq, nil
}

func (j *JetStream) streamConfig(s *stream) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: s.name, Subjects: []string{s.names.put + ">"},
		SubjectTransform:   &jetstream.SubjectTransformConfig{Source: s.names.put + ">", Destination: s.names.evt + ">"},
		Storage:            jetstream.FileStorage,
		Replicas:           j.cfg.Replicas,
		MaxAge:             j.cfg.MaxAge,
		Duplicates:         j.cfg.Dedupe,
		AllowDirect:        true,
		AllowAtomicPublish: true,
		Metadata:           map[string]string{"psap": s.names.psap},
	}
	if j.node == nil {
		c.RePublish = &jetstream.RePublish{Source: s.names.evt + ">", Destination: s.names.evt + ">"}
	}
	return c
}

// startLocal: the journal is the stream's only writer.
func (j *JetStream) startLocal(s *stream, last uint64) error {
	if err := syncTree(j.cfg.Dir, j.node.streamDir(s.name)); err != nil {
		return err
	}
	s.tail.restart(last)
	s.local = true
	id := rand.Text()[:10]
	a := newAppender(&localPort{j: j, s: s, inbox: inboxPrefix + "." + id + "."}, s, &j.stats, j.cfg, id+"-")
	a.start()
	s.writer = a
	if j.cfg.Listen.Addr != "" {
		s.helpers = append(s.helpers, j.publishEvents(s, last))
	}
	return nil
}
