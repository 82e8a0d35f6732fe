package sipua

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memPacket is a datagram socket in memory, so that timers run on the fake clock.
type memPacket struct {
	in, out chan datagram
	once    sync.Once
	closed  chan struct{}
}

type datagram struct {
	data []byte
	addr net.Addr
}

func newMemPacket() *memPacket {
	return &memPacket{in: make(chan datagram, 1024), out: make(chan datagram, 4096), closed: make(chan struct{})}
}

func (m *memPacket) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case d := <-m.in:
		return copy(p, d.data), d.addr, nil
	case <-m.closed:
		return 0, nil, net.ErrClosed
	}
}

func (m *memPacket) WriteTo(p []byte, a net.Addr) (int, error) {
	select {
	case <-m.closed:
		return 0, net.ErrClosed
	default:
	}
	m.out <- datagram{append([]byte(nil), p...), a}
	return len(p), nil
}

func (m *memPacket) Close() error { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memPacket) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 10), Port: 5060}
}
func (m *memPacket) SetDeadline(time.Time) error      { return nil }
func (m *memPacket) SetReadDeadline(time.Time) error  { return nil }
func (m *memPacket) SetWriteDeadline(time.Time) error { return nil }

// far is a scripted SIP element that writes literal messages; it does not use our encoder.
type far struct {
	t      *testing.T
	ua     *UA
	net    *memPacket
	stop   func() // ends the UA
	callID string
	tag    string // its own
	ours   string // the UA's tag once known
}

// bubble runs a UA on a memory socket under the fake clock.
func bubble(t *testing.T, cfg Config, h Handler, f func(t *testing.T, p *far)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if a, ok := h.(*app); ok { // only channels of the bubble let its clock move on
			a.invites, a.events = make(chan *Invitation, 64), make(chan Event, 64)
		}
		sock := newMemPacket()
		cfg.Listeners = []Listener{{Transport: UDP, Packet: sock}}
		if cfg.Policy == nil {
			cfg.Policy = &everyone{}
		}
		u, err := New(cfg, h)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = u.Run(ctx) }()
		stop := func() { cancel(); <-done }
		defer stop()
		f(t, &far{t: t, ua: u, net: sock, stop: stop, callID: "c1@far.example", tag: "far"})
	})
}

// raw sends text with CRLF line ends as it stands.
func (p *far) raw(text string) { p.rawFrom(text, net.IPv4(192, 0, 2, 50), 5060) }

func (p *far) rawFrom(text string, ip net.IP, port int) {
	p.net.in <- datagram{[]byte(strings.ReplaceAll(text, "\n", "\r\n")), &net.UDPAddr{IP: ip, Port: port}}
}

// send sends a request. In headers "Via:" and "Contact:" lines replace the usual ones.
func (p *far) send(method string, seq int, body string, headers ...string) {
	to := "<urn:service:sos>"
	if p.ours != "" {
		to += ";tag=" + p.ours
	}
	via := fmt.Sprintf("Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK%s%d", method, seq)
	uri := "urn:service:sos"
	if p.ours != "" {
		uri = "sip:text911@192.0.2.10:5060"
	}
	contact := "Contact: <sip:caller@192.0.2.50:5060>"
	var rest []string
	for _, h := range headers {
		if strings.HasPrefix(h, "Via:") {
			via = h
			continue
		}
		if strings.HasPrefix(h, "Contact:") {
			contact = h
			continue
		}
		rest = append(rest, h)
	}
	if body != "" {
		rest = append(rest, "Content-Type: application/sdp")
	}
	lines := append([]string{method + " " + uri + " SIP/2.0", via, "Max-Forwards: 70",
		"From: <sip:caller@far.example>;tag=" + p.tag, "To: " + to, "Call-ID: " + p.callID,
		fmt.Sprintf("CSeq: %d %s", seq, method), contact}, rest...)
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", "")
	p.net.in <- datagram{[]byte(strings.Join(lines, "\r\n") + body), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 50), Port: 5060}}
}

// hear is the next message of the UA; it fails the test after twenty minutes of silence.
func (p *far) hear() *message {
	p.t.Helper()
	select {
	case d := <-p.net.out:
		m, err := p.ua.codec.parse(d.data)
		if err != nil {
			p.t.Fatal("the UA sent something unreadable")
		}
		return m
	case <-time.After(20 * time.Minute):
		p.t.Fatal("the UA sent nothing")
		return nil
	}
}

// want hears a message and checks what it is: a status code or a method.
func (p *far) want(what string) *message {
	p.t.Helper()
	m := p.hear()
	got := m.method
	if m.code != 0 {
		got = strconv.Itoa(m.code)
	}
	if got != what {
		p.t.Fatalf("the UA sent %s, want %s", got, what)
	}
	return m
}

// quiet checks that the UA says nothing for a time.
func (p *far) quiet(d time.Duration) {
	p.t.Helper()
	select {
	case got := <-p.net.out:
		line, _, _ := strings.Cut(string(got.data), " ")
		p.t.Fatalf("the UA sent %s, want silence", line)
	case <-time.After(d):
	}
}

// reply answers a request of the UA.
func (p *far) reply(m *message, code int, body string, headers ...string) {
	to := m.get("to")
	if m.toTag == "" && code > 100 {
		to += ";tag=" + p.tag
	}
	p.replyAs(m, code, to, body, headers...)
}

func (p *far) replyAs(m *message, code int, to, body string, headers ...string) {
	lines := []string{fmt.Sprintf("SIP/2.0 %d Whatever", code), "Via: " + m.get("via"), "From: " + m.get("from"),
		"To: " + to, "Call-ID: " + m.callID, "CSeq: " + m.get("cseq"), "Contact: <sip:taker@192.0.2.60:5060>"}
	lines = append(lines, headers...)
	if body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", "")
	p.net.in <- datagram{[]byte(strings.Join(lines, "\r\n") + body), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 60), Port: 5060}}
}

// establish takes a call up to its ACK and returns it.
func (p *far) establish(a *app, headers ...string) *Invitation {
	p.t.Helper()
	p.send("INVITE", 1, offerSDP, headers...)
	p.want("100")
	in := a.invite(p.t)
	if err := in.Answer(context.Background(), []byte(answerSDP)); err != nil {
		p.t.Fatal(err)
	}
	p.ours = p.want("200").toTag
	p.send("ACK", 1, "")
	next[Confirmed](p.t, a)
	return in
}

// placed is the outcome of an Invite.
type placed struct {
	d      *Dialog
	answer []byte
	err    error
}

// place starts an outgoing call towards the far end.
func (p *far) place(ctx context.Context, a *app, offer string) <-chan placed {
	got := make(chan placed, 1)
	var sdp []byte
	if offer != "" {
		sdp = []byte(offer)
	}
	go func() {
		d, answer, err := p.ua.Invite(ctx, Outgoing{Target: "sip:taker@192.0.2.60:5060", Offer: sdp}, a)
		got <- placed{d, answer, err}
	}()
	return got
}

// called takes an outgoing call up to its ACK.
func (p *far) called(a *app, headers ...string) *Dialog {
	p.t.Helper()
	got := p.place(context.Background(), a, offerSDP)
	m := p.want("INVITE")
	p.reply(m, 200, answerSDP, headers...)
	p.want("ACK")
	r := <-got
	if r.err != nil {
		p.t.Fatal(r.err)
	}
	p.callID, p.ours = m.callID, m.fromTag
	return r.d
}

// dialogTo makes send speak inside a call the UA placed.
func (p *far) dialogTo(d *Dialog) {
	s := d.State()
	p.callID, p.tag, p.ours = s.CallID, s.RemoteTag, s.LocalTag
}
