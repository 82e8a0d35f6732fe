package journal

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"
)

// redialPause is the pause between attempts to reach a server that is being
// opened anew.
const redialPause = 5 * time.Millisecond

// recover settles, one by one, the requests of groups that went wrong and the
// ones set aside. Nothing is under way.
func (a *appender) recover() {
	todo := append(a.unsettled, a.suspects...)
	a.unsettled, a.suspects = nil, nil
	if err := a.resync(); err != nil {
		a.refuseAll(todo, err)
		a.broken = false
		return
	}
	for i, r := range todo {
		if err := a.settle(r); err != nil {
			a.refuseAll(todo[i:], err)
			break
		}
	}
	if err := a.resync(); err != nil {
		a.disconnect()
	}
	a.broken = false
}

// connect dials the server and learns where the stream ends.
func (a *appender) connect() error {
	deadline := time.Now().Add(a.wait)
	for {
		w, err := a.store.dial()
		if err == nil {
			a.rd = newReader(w, a.tail, a.stats)
			a.rd.start()
			if err = a.resync(); err == nil {
				return nil
			}
			a.disconnect()
		}
		if refusal := a.store.refusal(); refusal != nil {
			return refusal
		}
		if time.Now().After(deadline) {
			a.store.stuck(err)
			return unavailable(err)
		}
		time.Sleep(redialPause)
	}
}

// resync learns the stream's newest sequence and forgets what it believed about
// fences.
func (a *appender) resync() error {
	if a.rd == nil {
		return a.connect()
	}
	ctx, cancel := context.WithTimeout(context.Background(), a.wait)
	defer cancel()
	last, err := a.store.last(ctx)
	if err != nil {
		return unavailable(err)
	}
	a.tail.reach(last)
	a.next = last + 1
	a.fences.clear()
	return nil
}

// settle finds out what became of r and stores it if it is not stored. It
// returns an error if the store is away; r is not finished then.
func (a *appender) settle(r *request) error {
	s := settler{send: a.exchange, after: a.store.after, batchID: a.enc.batchID}
	for giveUp := time.Now().Add(2 * a.wait); ; time.Sleep(redialPause) {
		if err := a.store.refusal(); err != nil {
			return err
		}
		if a.rd == nil {
			if err := a.connect(); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), a.wait)
		seqs, stored, err := s.store(ctx, r)
		cancel()
		if final(err) {
			a.settled(r, seqs, stored, err)
			return nil
		}
		if time.Now().After(giveUp) {
			return unavailable(err)
		}
		a.stats.retries.Add(1)
		if errors.Is(err, errConflict) {
			continue
		}
		if errors.Is(err, errTimeout) {
			a.store.stuck(err) // a lost connection is no fault of the store
		}
		a.disconnect()
	}
}

// settled hands the outcome over.
func (a *appender) settled(r *request, seqs []uint64, stored bool, err error) {
	switch {
	case errors.Is(err, ErrFenced):
		a.stats.fenced.Add(1)
	case errors.Is(err, ErrUnavailable):
		a.stats.refused.Add(1)
	}
	if err != nil {
		r.finish(nil, err)
		return
	}
	if stored {
		recs := make([]Stored, len(seqs))
		for i, seq := range seqs {
			recs[i] = storedAs(seq, &r.recs[i])
		}
		a.tail.add(recs)
		a.stats.records.Add(uint64(len(seqs)))
		a.stats.appends.Add(1)
	} else {
		a.tail.reach(seqs[len(seqs)-1])
		a.stats.duplicates.Add(1)
	}
	r.finish(seqs, nil)
}

// exchange sends puts outside of any group and waits for the answer.
func (a *appender) exchange(ctx context.Context, puts []put) (pubAck, error) {
	a.numbers++
	token := "c" + strconv.FormatUint(a.numbers, 10)
	a.enc.start()
	for i := range puts {
		if i == len(puts)-1 {
			a.enc.put(&puts[i], token)
		} else {
			a.enc.put(&puts[i], "")
		}
	}
	a.write(a.enc.buf)
	for {
		select {
		case reply := <-a.rd.replies:
			got, data, _ := bytes.Cut(reply, []byte{' '})
			if string(got) == token {
				return parseAck(data)
			}
		case <-a.rd.pings:
			a.write(pong)
		case <-a.rd.dead:
			return pubAck{}, errors.New("connection to the store lost")
		case <-ctx.Done():
			return pubAck{}, errTimeout
		}
		if err := a.store.refusal(); err != nil {
			return pubAck{}, err
		}
	}
}

func (a *appender) refuseAll(rs []*request, err error) {
	if !errors.Is(err, ErrUnavailable) {
		err = unavailable(err)
	}
	for _, r := range rs {
		a.stats.refused.Add(1)
		r.finish(nil, err)
	}
}
