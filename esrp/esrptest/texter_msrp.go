package esrptest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"text911/callmodel"
	"text911/engine/msrp"
	"text911/engine/msrp/session"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

// repeatAfter is the pause before a refused or unanswered text is sent again under its Message-ID.
const repeatAfter = 500 * time.Millisecond

// prepare makes the MSRP session and the offer; nil when the INVITE is to have none.
func (t *Texter) prepare() ([]byte, error) {
	var b [8]byte
	if _, err := io.ReadFull(t.net.cfg.Rand, b[:]); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sdp = sdpmsrp.New(sdpmsrp.Config{Username: "texter", SessionID: binary.BigEndian.Uint64(b[:]) >> 2, Host: t.net.cfg.Address})
	if err := t.newSession(); err != nil {
		return nil, err
	}
	if t.mode.Offerless {
		return nil, nil
	}
	return t.offer()
}

// newSession issues a session; it needs mu.
func (t *Texter) newSession() error {
	s, err := t.net.endpoint.NewSession(t.net.listener, session.Config{AcceptTypes: t.types(), Wrap: t.wrap},
		transport.Handler{Bound: t.bound, Received: t.received, Sent: t.progress, Lost: t.lost, Composing: t.composing})
	if err == nil {
		t.session = s
	}
	return err
}

func (t *Texter) types() sdpmsrp.TypeList {
	if t.mode.Wrap {
		return sdpmsrp.PSAPTypes()
	}
	return sdpmsrp.EndpointTypes()
}

// offer needs mu.
func (t *Texter) offer() ([]byte, error) {
	sdp, err := t.sdp.Offer(t.params())
	if t.mode.Passive {
		sdp = bytes.Replace(sdp, []byte("a=setup:actpass"), []byte("a=setup:passive"), 1)
	}
	return sdp, err
}

// params needs mu.
func (t *Texter) params() sdpmsrp.Params {
	p := sdpmsrp.Params{Path: t.session.Path(), AcceptTypes: t.types(), Fingerprints: t.net.prints,
		SendLanguages: t.caller.Languages, ReceiveLanguages: t.caller.Languages}
	p.Unreachable = !t.mode.Passive && !t.mode.Offerless
	return p
}

// agree takes the engine's answer.
func (t *Texter) agree(answer []byte) error {
	t.mu.Lock()
	r, err := t.sdp.ParseAnswer(answer)
	if err != nil {
		t.mu.Unlock()
		return err
	}
	t.stream = r.Streams[0]
	s, peer := t.session, t.peer()
	t.mu.Unlock()
	return s.SetPeer(peer)
}

// answer takes the engine's offer.
func (t *Texter) answer(offer []byte) ([]byte, error) {
	d, err := sdpmsrp.Parse(offer, sdpmsrp.Options{})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	r, err := t.sdp.Answer(d, t.params())
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	moved := t.dialog != nil && !r.Streams[0].KeepConnection
	t.stream = r.Streams[0]
	s, peer := t.session, t.peer()
	t.mu.Unlock()
	if moved {
		s.Supersede()
		t.cutConn()
	}
	if err := s.SetPeer(peer); err != nil {
		return nil, err
	}
	if moved {
		t.net.spawn(func(life context.Context) { t.reconnect(life, s) })
	}
	return r.SDP, nil
}

// peer needs mu.
func (t *Texter) peer() transport.Peer {
	far := t.stream.Remote
	types := far.AcceptTypes
	if t.mode.Plain {
		types = slices.DeleteFunc(slices.Clone(types), func(s string) bool { return s == "message/cpim" })
	}
	p := transport.Peer{Path: far.Path, Types: types, WrappedTypes: far.AcceptWrappedTypes,
		MaxMessage: far.MaxSize, Held: !t.stream.MaySend()}
	if prints := t.stream.PeerFingerprints(); len(prints) > 0 {
		p.Verify = prints.Check
	}
	return p
}

// connect opens the connection when that is the texter's part.
func (t *Texter) connect(ctx context.Context) error {
	t.mu.Lock()
	s, st := t.session, t.stream
	t.mu.Unlock()
	if st.Role != sdpmsrp.RoleActive {
		return nil
	}
	return s.Connect(context.WithValue(ctx, dialled{}, t), transport.Target{Host: st.Host, Port: st.Port})
}

// Send sends one text and waits until the engine has it (200). A text that is refused for the time
// being, or not answered, is sent again under its Message-ID until ctx ends; a lost connection does
// the same through the next one.
func (t *Texter) Send(ctx context.Context, text string) error {
	return t.SendContent(ctx, "text/plain;charset=utf-8", []byte(text))
}

// SendContent is Send for any content.
func (t *Texter) SendContent(ctx context.Context, contentType string, body []byte) error {
	id := t.net.endpoint.NewMessageID()
	t.mu.Lock()
	at := len(t.account.Sent)
	t.sent[id] = at
	t.account.Sent = append(t.account.Sent, SentText{MessageID: string(id), Text: callmodel.Private(body), At: t.net.cfg.Now()})
	t.mu.Unlock()
	for {
		if err := t.sendOnce(id, at, contentType, body); err != nil {
			return t.fail(err)
		}
		err := t.until(ctx, func() bool { s := t.text(at); return !s.Acked.IsZero() || s.Code != 0 })
		s := t.text(at)
		switch {
		case !s.Acked.IsZero():
			return nil
		case err != nil:
			return t.fail(err)
		case s.Code != codeTimeout:
			return t.fail(&msrp.Error{Code: s.Code, Text: "text refused"})
		}
		if err := Wait(ctx, repeatAfter); err != nil {
			return t.fail(err)
		}
	}
}

// Repeat sends a text again under the Message-ID it had, as a sender does that missed the answer, and
// waits for the answer.
func (t *Texter) Repeat(ctx context.Context, at int) error {
	t.mu.Lock()
	s := t.account.Sent[at]
	t.account.Sent[at].Acked = time.Time{}
	t.mu.Unlock()
	if err := t.sendOnce(msrp.MessageID(s.MessageID), at, "text/plain;charset=utf-8", []byte(s.Text.Reveal())); err != nil {
		return t.fail(err)
	}
	return t.fail(t.until(ctx, func() bool { return !t.text(at).Acked.IsZero() }))
}

// codeTimeout says that nobody has the text (RFC 4975 §10.4); no answer in time means the same.
const codeTimeout = 408

func (t *Texter) sendOnce(id msrp.MessageID, at int, contentType string, body []byte) error {
	t.mu.Lock()
	s := t.session
	t.account.Sent[at].Code = 0
	t.account.Sent[at].Tries++
	t.mu.Unlock()
	err := s.Send(session.Outgoing{MessageID: id, ContentType: contentType, Body: body, SuccessReport: true})
	if errors.Is(err, session.ErrDuplicate) {
		return nil
	}
	return err
}

func (t *Texter) text(at int) SentText {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.account.Sent[at]
}

// Reported waits until every text that was acknowledged was also reported as delivered.
func (t *Texter) Reported(ctx context.Context) error {
	return t.until(ctx, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, s := range t.account.Sent {
			if !s.Acked.IsZero() && s.Reported.IsZero() {
				return false
			}
		}
		return true
	})
}

// Replies waits until the texter has at least n texts and returns them all.
func (t *Texter) Replies(ctx context.Context, n int) ([]ReceivedText, error) {
	err := t.until(ctx, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		return len(t.account.Received) >= n
	})
	return t.Account().Received, err
}

// Typing tells that the texter types, or stopped (RFC 3994).
func (t *Texter) Typing(on bool) error {
	state := "idle"
	if on {
		state = "active"
	}
	t.mu.Lock()
	s := t.session
	t.mu.Unlock()
	return s.Send(session.Outgoing{MessageID: t.net.endpoint.NewMessageID(), ContentType: "application/im-iscomposing+xml",
		FailureReport: msrp.FailureNo, Body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\r\n" +
			`<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>` + state + `</state>` +
			`<contenttype>text/plain</contenttype><refresh>60</refresh></isComposing>`)})
}

// SeesTyping waits until n typing states have come.
func (t *Texter) SeesTyping(ctx context.Context, n int) error {
	return t.until(ctx, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.account.TypingSeen >= n
	})
}

// Cut breaks the connection without a word, as a lost network does, and returns when it is gone.
func (t *Texter) Cut(ctx context.Context) error {
	t.cutConn()
	return t.until(ctx, func() bool { return !t.bindingOf().Bound() })
}

func (t *Texter) cutConn() {
	t.mu.Lock()
	c := t.conn
	t.mu.Unlock()
	if c != nil {
		_ = c.Close() // it is gone either way
	}
}

func (t *Texter) bindingOf() *transport.Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.session
}

// Reconnect opens a new connection for the same session; what was not confirmed is sent again.
func (t *Texter) Reconnect(ctx context.Context) error {
	if err := t.until(ctx, func() bool { return !t.bindingOf().Bound() }); err != nil {
		return t.fail(err)
	}
	if err := t.connect(ctx); err != nil {
		return t.fail(err)
	}
	return t.fail(t.until(ctx, func() bool { return t.bindingOf().Bound() }))
}

// Reinvite negotiates a new session with a new path and moves the conversation there.
func (t *Texter) Reinvite(ctx context.Context) error {
	t.mu.Lock()
	old, d := t.session, t.dialog
	if err := t.newSession(); err != nil {
		t.mu.Unlock()
		return t.fail(err)
	}
	offer, err := t.offer()
	t.mu.Unlock()
	if err != nil {
		return t.fail(err)
	}
	answer, err := d.Reinvite(ctx, offer)
	if err != nil {
		return t.fail(err)
	}
	if err := t.agree(answer); err != nil {
		return t.fail(err)
	}
	if err := t.connect(ctx); err != nil {
		return t.fail(err)
	}
	old.Close()
	return t.fail(t.until(ctx, func() bool { return t.bindingOf().Bound() }))
}

// Hold says with a re-INVITE that the texter takes no texts for now, or takes them again (RFC 4975
// §8.9).
func (t *Texter) Hold(ctx context.Context, on bool) error {
	t.mu.Lock()
	p := t.params()
	if on {
		p.Direction = sdpmsrp.SendOnly
	}
	p.InUse = t.stream.Role
	offer, err := t.sdp.Offer(p)
	d := t.dialog
	t.mu.Unlock()
	if err != nil {
		return t.fail(err)
	}
	answer, err := d.Reinvite(ctx, offer)
	if err != nil {
		return t.fail(err)
	}
	return t.fail(t.agree(answer))
}

// Page sends a text as MESSAGE inside the dialog and returns the final status.
func (t *Texter) Page(ctx context.Context, text string) (int, error) {
	t.mu.Lock()
	d := t.dialog
	t.mu.Unlock()
	return d.Send(ctx, sipua.Message{Method: "MESSAGE", ContentType: "text/plain", Body: callmodel.Private(text)})
}

// Move tells a new position inside the dialog.
func (t *Texter) Move(ctx context.Context, p Place) error {
	t.mu.Lock()
	d := t.dialog
	t.mu.Unlock()
	part := t.placePart(p)
	_, err := d.Send(ctx, sipua.Message{Method: "INFO", ContentType: part.ContentType, Body: part.Body,
		Headers: []sipua.Header{{Name: "Geolocation", Value: "<cid:" + part.ID + ">"}, {Name: "Content-ID", Value: "<" + part.ID + ">"}}})
	return t.fail(err)
}

// reconnect follows the engine's re-INVITE to its new path.
func (t *Texter) reconnect(ctx context.Context, s *transport.Session) {
	err := t.until(ctx, func() bool { return !s.Bound() })
	if err == nil {
		err = t.connect(ctx)
	}
	if ctx.Err() == nil {
		_ = t.fail(err)
	}
}

func (t *Texter) bound(*transport.Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.account.Bound.IsZero() {
		t.account.Bound = t.net.cfg.Now()
	}
	t.wake()
}

func (t *Texter) lost(s *transport.Session, _ transport.Loss) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s == t.session && !t.finished {
		t.account.Breaks++
	}
	t.wake()
}

func (t *Texter) progress(_ *transport.Session, u transport.Update) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.sent[u.ID]
	if !known {
		return
	}
	s, now := &t.account.Sent[at], t.net.cfg.Now()
	switch u.State {
	case session.Accepted:
		s.Acked = now
	case session.Delivered:
		if s.Acked.IsZero() {
			s.Acked = now
		}
		s.Reported = now
	case session.Failed:
		s.Code = u.Code
	case session.Timeout:
		s.Code = codeTimeout
	}
	t.wake()
}

func (t *Texter) received(_ *transport.Session, m transport.Message) transport.Verdict {
	text := string(m.Body)
	if head, _, _ := strings.Cut(m.ContentType, ";"); strings.EqualFold(strings.TrimSpace(head), "message/cpim") {
		text = unwrap(text)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.account.Received = append(t.account.Received, ReceivedText{MessageID: string(m.ID), Text: callmodel.Private(text), At: t.net.cfg.Now()})
	t.wake()
	return transport.Accepted
}

func (t *Texter) composing(*transport.Session, []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.account.TypingSeen++
	t.wake()
}

// wrap puts a body into message/cpim (RFC 3862 §2), written by hand so that the engine's reader is
// not tested against its own writer.
func (t *Texter) wrap(now time.Time, contentType string, body []byte) ([]byte, error) {
	head := "From: <tel:" + t.caller.Number.Reveal() + ">\r\nTo: <urn:service:sos>\r\nDateTime: " +
		now.Format(time.RFC3339) + "\r\n\r\nContent-Type: " + contentType + "\r\n\r\n"
	return append([]byte(head), body...), nil
}

// unwrap gives what is inside message/cpim: after the message headers and the content's own.
func unwrap(s string) string {
	for range 2 {
		_, after, ok := strings.Cut(s, "\r\n\r\n")
		if !ok {
			return s
		}
		s = after
	}
	return s
}

var _ sipua.DialogHandler = (*Texter)(nil)
