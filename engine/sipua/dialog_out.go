package sipua

import (
	"context"
)

// Send sends a request of another method inside the dialog and returns its final status. Silence
// and 481 end the dialog only for requests that belong to it alone.
func (d *Dialog) Send(ctx context.Context, msg Message) (int, error) {
	got := make(chan int, 1)
	err := d.call.do(func() error {
		if d.phase != phaseConfirmed && d.phase != phaseAnswered {
			return ErrOver
		}
		branch := d.ua.newBranch()
		w, _ := d.request(msg.Method, d.nextSeq(), branch)
		for _, h := range msg.Headers {
			w.add(h.Name, h.Value)
		}
		if msg.Method == "REFER" || msg.Method == "SUBSCRIBE" {
			d.notify = true
		}
		d.transact(msg.Method, branch, w.end(msg.ContentType, []byte(msg.Body.Reveal())), func(m *message) {
			if m.code < 200 {
				return
			}
			got <- m.code
			d.missed(m.code)
		}, func(code int) {
			got <- code
			d.missed(code)
		})
		return nil
	})
	if err != nil {
		return 0, err
	}
	select {
	case code := <-got:
		return code, nil
	case <-d.life.Done(): // a BYE overtook the response
		return 0, context.Cause(d.life)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// missed ends a dialog that the far end does not know any more (RFC 3261 §12.2.1.2).
func (d *Dialog) missed(code int) {
	if code == 481 || code == 408 {
		d.leave(nil, End{By: PartyNetwork, How: HowGone, Code: code})
	}
}

// Bye ends the dialog: BYE after the ACK, CANCEL before the far end's answer, 480 before ours. It
// returns when the far end answered, nobody did in time, or ctx ended; nothing more is accepted
// from the dialog in each case.
func (d *Dialog) Bye(ctx context.Context, reasons ...Reason) error {
	err := d.call.do(func() error {
		end := End{By: PartyLocal, How: HowBye}
		switch {
		case d.phase == phaseOver:
			return ErrOver
		case d.phase == phaseEnding:
		case d.attempt != nil:
			d.attempt.giveUp(reasons)
		case d.phase == phaseEarly:
			d.ring.tx.respond(480, "", func(w *writer) { addReasons(w, reasons) })
			d.finish(End{By: PartyLocal, How: HowRefused, Code: 480})
		default:
			d.leave(reasons, end)
		}
		return nil
	})
	if err != nil {
		return err
	}
	select {
	case <-d.life.Done():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
