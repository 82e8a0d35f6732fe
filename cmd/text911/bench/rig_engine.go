package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"sync"

	"text911/callmodel"
	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
	"text911/engine/msrp/msrptest"
	"text911/engine/sipua"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// whole is a daemon with calls, each with a connection the load generator may use. SIP sets the
// calls up as a trunk would.
type whole struct {
	dir      string
	daemon   *daemon.Daemon
	before   daemon.Stats
	callers  *callers
	cancel   context.CancelFunc
	work     sync.WaitGroup
	sessions []msrptest.LoadSession
}

// settings are those of a daemon on free ports.
func settings(dir string) config.Config {
	cfg := config.Default()
	cfg.Node.DataDir = dir
	cfg.NATS.Listen, cfg.HTTP.Listen, cfg.Admin.Listen, cfg.MSRP.TCP = "", "127.0.0.1:0", "", "127.0.0.1:0"
	cfg.SIP.UDP, cfg.SIP.TCP = nil, []string{"127.0.0.1:0"}
	p := config.DefaultPSAP()
	p.ID, p.Capacity = "psap.example", 20000
	cfg.PSAPs = []config.PSAP{p}
	cfg.Trunks = []config.Trunk{{Name: "bench", Addresses: []string{"127.0.0.1"}, PSAP: p.ID, Answer: "immediate"}}
	return cfg
}

func newEngine(ctx context.Context, dir string, n int) (*whole, error) {
	dir, err := os.MkdirTemp(dir, "engine")
	if err != nil {
		return nil, err
	}
	d, err := daemon.New(ctx, settings(dir), "bench", slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, cancel := context.WithCancel(ctx)
	e := &whole{dir: dir, daemon: d, cancel: cancel}
	e.work.Go(func() { _ = d.Run(ctx) })
	if err := d.AwaitReady(ctx); err != nil {
		e.close()
		return nil, err
	}
	a := d.Addresses()
	if e.callers, err = newCallers(ctx, sipTarget(a)); err == nil {
		e.sessions, err = e.callers.call(ctx, n)
	}
	if err != nil {
		e.close()
		return nil, err
	}
	e.before = d.Stats()
	return e, nil
}

func sipTarget(a daemon.Addresses) string {
	_, addr, _ := strings.Cut(a.SIP[0], " ")
	return "sip:" + addr + ";transport=tcp"
}

func (e *whole) load() *msrptest.Load { return &msrptest.Load{Sessions: e.sessions} }

// grouping says how many records one group of the log held on average.
func (e *whole) grouping() string {
	s := e.daemon.Stats()
	groups := s.Log.Singles - e.before.Log.Singles + s.Log.Batches - e.before.Log.Batches
	records := s.Log.Records - e.before.Log.Records
	if groups == 0 {
		return "the log stored nothing"
	}
	return fmt.Sprintf("the log stored %d records in %d groups, %.1f each", records, groups, float64(records)/float64(groups))
}

func (e *whole) close() {
	hangUp(e.sessions)
	if e.callers != nil {
		e.callers.close()
	}
	e.cancel()
	e.work.Wait()
	_ = os.RemoveAll(e.dir)
}

// callers place calls over SIP and open their MSRP connections, and do nothing else.
type callers struct {
	ua     *sipua.UA
	target string
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func newCallers(ctx context.Context, target string) (*callers, error) {
	ua, err := sipua.New(sipua.Config{Policy: anybody{}, Host: "127.0.0.1", MaxCalls: 50000,
		Listeners: []sipua.Listener{{Transport: sipua.TCP, Address: "127.0.0.1:0"}}}, nobody{})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &callers{ua: ua, target: target, cancel: cancel}
	c.work.Go(func() { _ = ua.Run(ctx) })
	return c, nil
}

func (c *callers) close() {
	c.cancel()
	c.work.Wait()
}

var pathLine = regexp.MustCompile(`(?m)^a=path:(\S+)\r?$`)

const offer = "v=0\r\no=bench 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
	"m=message 28550 TCP/MSRP *\r\na=setup:active\r\na=path:" + far + "\r\na=accept-types:text/plain\r\n"

// call places n calls one after the other and binds each with a first SEND.
func (c *callers) call(ctx context.Context, n int) ([]msrptest.LoadSession, error) {
	var out []msrptest.LoadSession
	for i := range n {
		s, err := c.one(ctx, i)
		if err != nil {
			hangUp(out)
			return nil, fmt.Errorf("call %d: %w", i, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func (c *callers) one(ctx context.Context, i int) (msrptest.LoadSession, error) {
	from := callmodel.Private(fmt.Sprintf("<sip:+1202555%04d@bench.example>", i%10000))
	_, answer, err := c.ua.Invite(ctx, sipua.Outgoing{Target: "urn:service:sos", Route: []string{"<" + c.target + ";lr>"},
		From: from, Offer: []byte(offer)}, quiet{})
	if err != nil {
		return msrptest.LoadSession{}, err
	}
	m := pathLine.FindSubmatch(answer)
	if m == nil {
		return msrptest.LoadSession{}, errors.New("answer without a=path")
	}
	path := string(m[1])
	host := strings.TrimPrefix(path, "msrp://")
	conn, err := net.Dial("tcp", host[:strings.IndexByte(host, '/')])
	if err != nil {
		return msrptest.LoadSession{}, err
	}
	s := msrptest.LoadSession{Conn: conn, To: path, From: far, Body: text}
	return s, bind(conn, path, i)
}

// bind sends a SEND without body, which ties the connection to the session (RFC 4975 §5.4).
func bind(conn net.Conn, path string, i int) error {
	p := msrptest.NewPeer(conn)
	id := fmt.Sprintf("bind%08d", i)
	if err := p.Write("MSRP " + id + " SEND\r\nTo-Path: " + path + "\r\nFrom-Path: " + far + "\r\nMessage-ID: " + id + "\r\n-------" + id + "$\r\n"); err != nil {
		return err
	}
	f, err := p.Next()
	if err == nil && f.Code != 200 {
		err = fmt.Errorf("binding answered %d", f.Code)
	}
	return err
}

type anybody struct{}

func (anybody) Identify(sipua.Evidence) (string, bool) { return "engine", true }
func (anybody) Admit(string) sipua.Admission           { return sipua.Take() }

// nobody takes calls; quiet hears nothing.
type nobody struct{}

func (nobody) OnInvite(_ context.Context, in *sipua.Invitation) sipua.DialogHandler {
	_ = in.Refuse(486, "", 0)
	return nil
}

type quiet struct{}

func (quiet) OnOffer(context.Context, *sipua.Dialog, sipua.Offer) ([]byte, error) {
	return nil, &sipua.Refusal{Code: 488}
}
func (quiet) OnRequest(context.Context, *sipua.Dialog, sipua.Request) error { return nil }
func (quiet) OnEvent(context.Context, *sipua.Dialog, sipua.Event)           {}
