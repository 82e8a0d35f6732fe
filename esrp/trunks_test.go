package esrp

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"text911/callmodel"
)

func lab(resolve func(context.Context, string) ([]netip.Addr, error)) Config {
	return Config{
		Resolve: resolve,
		PSAPs:   []PSAP{{ID: "east", Queue: "text"}, {ID: "west", Queue: "sms", Capacity: 2}},
		Trunks: []Trunk{
			{ID: "net", Addresses: []string{"10.0.0.0/8", "2001:db8::/32"}, PSAP: "east", Capacity: 1,
				Queues: map[string]callmodel.PSAPID{"sip:text-q@west.example": "west", "urn:service:sos.police": "west"}},
			{ID: "one", Addresses: []string{"10.9.9.9"}, Queues: map[string]callmodel.PSAPID{"sip:q@east.example": "east"},
				Answer: AnswerAtOnce, RequireTLS: true, Test: true},
			{ID: "named", Hosts: []string{"esrp.example.net"}, Certificates: []string{"ESRP.example.net"}, PSAP: "west"},
		},
	}
}

func made(t *testing.T, cfg Config) *Trunks {
	t.Helper()
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestIdentify(t *testing.T) {
	trunks := made(t, lab(nil))
	for _, c := range []struct {
		from  string
		names []string
		want  callmodel.TrunkID
	}{
		{"10.1.2.3", nil, "net"},
		{"10.9.9.9", nil, "one"}, // the longer prefix
		{"::ffff:10.1.2.3", nil, "net"},
		{"2001:db8::7", nil, "net"},
		{"192.0.2.1", nil, ""},
		{"192.0.2.1", []string{"esrp.example.net"}, "named"},
		{"10.1.2.3", []string{"esrp.example.net"}, "named"},                               // a certificate counts before an address
		{"192.0.2.1", []string{"*.example.net"}, ""},                                      // RFC 5922 §7.2: no wildcards
		{"192.0.2.1", []string{"sip:esrp.example.net", "other.example"}, "named"},         // RFC 5922 §7.1
		{"192.0.2.1", []string{"sip:other.example", "esrp.example.net"}, ""},              // a sip URI hides DNS names
		{"192.0.2.1", []string{"sip:someone@esrp.example.net"}, ""},                       // names a person, not a domain
		{"192.0.2.1", []string{"https://esrp.example.net"}, ""},                           // another protocol's identity
		{"192.0.2.1", []string{"sip:ESRP.EXAMPLE.NET;transport=tls"}, "named"},            // case and parameters
		{"192.0.2.1", []string{"https://x.example", "esrp.example.net", "y"}, "named"},    // first that fits
		{"192.0.2.1", []string{"esrp.example.net.attacker.example", "xesrp.example"}, ""}, // no suffix, no prefix
	} {
		got, err := trunks.Identify(netip.MustParseAddr(c.from), c.names)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("Identify(%s, %v) = %q, %v; want %q", c.from, c.names, got, err, c.want)
		}
		if err != nil && !errors.Is(err, ErrUnknownPeer) {
			t.Errorf("error is %v", err)
		}
	}
	if s := trunks.Stats(); s.Strangers != 6 || s.Trunks["net"].Identified != 3 || s.Trunks["named"].Identified != 5 {
		t.Errorf("counters: %+v", s)
	}
	if _, err := trunks.Identify(netip.Addr{}, nil); !errors.Is(err, ErrUnknownPeer) {
		t.Errorf("no address at all: %v", err)
	}
}

func TestHostsAreLookedUpAndKeptWhenTheLookupFails(t *testing.T) {
	answer, fail := netip.MustParseAddr("192.0.2.7"), error(nil)
	trunks := made(t, lab(func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{answer}, fail
	}))
	known := func(address string) bool {
		id, _ := trunks.Identify(netip.MustParseAddr(address), nil)
		return id == "named"
	}
	if known("192.0.2.7") {
		t.Error("known before the first lookup")
	}
	trunks.Lookup(t.Context())
	if !known("192.0.2.7") {
		t.Error("unknown after the lookup")
	}
	fail = errors.New("no such host")
	trunks.Lookup(t.Context())
	if !known("192.0.2.7") {
		t.Error("forgotten by a failed lookup")
	}
	answer, fail = netip.MustParseAddr("192.0.2.8"), nil
	trunks.Lookup(t.Context())
	if known("192.0.2.7") || !known("192.0.2.8") {
		t.Error("the new answer did not replace the old one")
	}
	if s := trunks.Stats(); s.Lookups != 3 || s.LookupFailures != 1 {
		t.Errorf("counters: %+v", s)
	}
}

func TestRunLooksUpAndEndsWithItsContext(t *testing.T) {
	looked := make(chan string, 1)
	trunks := made(t, lab(func(_ context.Context, host string) ([]netip.Addr, error) {
		looked <- host
		return nil, nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- trunks.Run(ctx) }()
	if host := <-looked; host != "esrp.example.net" {
		t.Errorf("looked up %q", host)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTerms(t *testing.T) {
	trunks := made(t, lab(nil))
	for _, c := range []struct {
		id                 callmodel.TrunkID
		hold, secure, test bool
	}{{"net", true, false, false}, {"one", false, true, true}, {"nobody", true, true, false}} {
		hold, secure, test := trunks.Terms(c.id)
		if hold != c.hold || secure != c.secure || test != c.test {
			t.Errorf("Terms(%q) = %v %v %v", c.id, hold, secure, test)
		}
	}
}

// NENA-STA-010.3 §4.2.2.2: the queue is the top Route, else the Request-URI.
func TestRoute(t *testing.T) {
	trunks := made(t, lab(nil))
	r := trunks.Router()
	for _, c := range []struct {
		trunk          callmodel.TrunkID
		queue, request string
		psap           callmodel.PSAPID
		list           callmodel.QueueID
		err            error
	}{
		{"net", "sip:text-q@WEST.example;lr", "urn:service:sos", "west", "sms", nil},
		{"net", "", "sip:text-q@west.example", "west", "sms", nil},
		{"net", "sip:other@west.example;lr", "urn:service:sos.police", "west", "sms", nil},
		{"net", "sip:other@west.example;lr", "urn:service:sos", "east", "text", nil},
		{"one", "sip:other@east.example", "urn:service:sos", "", "", ErrNoQueue},
		{"one", "not a uri", "", "", "", ErrNoQueue},
		{"nobody", "sip:q@east.example", "", "", "", ErrUnknownPeer},
	} {
		psap, list, err := r.Route(c.trunk, c.queue, c.request)
		if psap != c.psap || list != c.list || !errors.Is(err, c.err) {
			t.Errorf("Route(%s, %s, %s) = %s %s %v", c.trunk, c.queue, c.request, psap, list, err)
		}
	}
	if n := trunks.Stats().Trunks["one"].NoQueue; n != 2 {
		t.Errorf("refusals counted: %d", n)
	}
}

// NENA-STA-010.3 §4.2.1.3: calls above capacity are refused.
func TestCapacity(t *testing.T) {
	trunks := made(t, lab(nil))
	if trunks.Full("net") || !trunks.Enter("net", "west", false) {
		t.Fatal("no room in an empty trunk")
	}
	if !trunks.Full("net") || trunks.Enter("net", "west", false) {
		t.Error("a trunk of one took a second call")
	}
	if !trunks.Enter("net", "west", true) {
		t.Error("a resumed call was refused")
	}
	if trunks.Enter("named", "west", false) {
		t.Error("a psap of two took a third call")
	}
	if s := trunks.Stats(); s.Trunks["named"].Open != 0 || s.Trunks["net"].Open != 2 || s.PSAPs["west"] != 2 {
		t.Errorf("counters: %+v", s)
	}
	trunks.Leave("net", "west")
	trunks.Leave("net", "west")
	if trunks.Full("net") || !trunks.Enter("named", "west", false) {
		t.Error("room was not given back")
	}
	if s := trunks.Stats().Trunks["net"]; s.Calls != 1 || s.Full != 1 {
		t.Errorf("counters: %+v", s)
	}
	if !trunks.Full("nobody") {
		t.Error("an unknown trunk has room")
	}
}

// A prefix written as IPv4 mapped into IPv6 means the IPv4 addresses, however the peer's is written.
func TestMappedPrefix(t *testing.T) {
	tr, err := New(Config{PSAPs: []PSAP{{ID: "p", Queue: "q"}},
		Trunks: []Trunk{{ID: "t", Addresses: []string{"::ffff:192.0.2.0/120"}, PSAP: "p"}}})
	if err != nil {
		t.Fatal(err)
	}
	for address, known := range map[string]bool{"192.0.2.7": true, "::ffff:192.0.2.7": true, "192.0.3.7": false, "2001:db8::7": false} {
		if _, err := tr.Identify(netip.MustParseAddr(address), nil); (err == nil) != known {
			t.Errorf("%s: %v", address, err)
		}
	}
}
