package sdpmsrp

import (
	"strings"
	"testing"
)

func answer(t *testing.T, n *Negotiation, offer string, p ...Params) *Result {
	t.Helper()
	r, err := n.Answer(parse(t, offer), p...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The whole offer, octet for octet: SDP-01, SDP-03, SDP-04, SDP-07, SDP-09,
// SDP-10, SDP-11, SET-01, and RQ_CHFE_008, RQ_CHFE_009 for the tags; a label in
// each section for the log.
func TestOfferGolden(t *testing.T) {
	p := own(t, false)
	p.AcceptWrappedTypes = nil
	p.SendLanguages, p.ReceiveLanguages = []string{"en", "es"}, []string{"en", "es", "*"}
	got, err := New(config()).Offer(p)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{"v=0", "o=text911 81000417 1 IN IP4 203.0.113.20", "s=-", "c=IN IP4 203.0.113.20", "t=0 0",
		"m=message 2855 TCP/MSRP *", "a=setup:actpass", "a=path:msrp://203.0.113.20:2855/" + ownID + ";tcp",
		"a=accept-types:text/plain message/cpim application/im-iscomposing+xml multipart/mixed multipart/alternative multipart/signed",
		"a=accept-wrapped-types:text/plain application/im-iscomposing+xml message/imdn+xml", "a=max-size:1048576",
		"a=hlang-send:en es", "a=hlang-recv:en es *", "a=label:1", ""}, "\r\n")
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TLS-01 and SDP-04 with IPv6: the fingerprint is there in upper-case hex, the
// address type fits; the PSAP role lists message/cpim first.
func TestOfferTLSAndIPv6(t *testing.T) {
	p := own(t, true)
	p.Path = ownPath(t, "msrps://[2001:db8::20]:2856/"+ownID+";tcp")
	p.AcceptTypes = PSAPTypes()
	got, err := New(config()).Offer(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"m=message 2856 TCP/TLS/MSRP *", "c=IN IP6 2001:db8::20",
		"a=path:msrps://[2001:db8::20]:2856/", "a=fingerprint:sha-256 D7:9E:F5:", "a=accept-types:message/cpim text/plain"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("offer lacks %q:\n%s", want, got)
		}
	}
	p.Fingerprints = nil
	if _, err := New(config()).Offer(p); err == nil {
		t.Error("an offer of TLS without fingerprint and without relay was made")
	}
}

// No parameter can put a line of its own into a description.
func TestNoInjection(t *testing.T) {
	for _, label := range []string{"1\r\na=setup:active", "1\nx", "1\rx", "1\x00"} {
		p := own(t, false)
		p.Label = label
		if _, err := New(config()).Offer(p); err == nil {
			t.Errorf("label %q was written", label)
		}
	}
}

// SDP-19: nothing changed, the same octets; something changed, the next version.
func TestVersions(t *testing.T) {
	n := New(config())
	p := own(t, false)
	first, _ := n.Offer(p)
	if _, err := n.ParseAnswer([]byte(answerTo(first, "a=setup:passive\r\n"))); err != nil {
		t.Fatal(err)
	}
	again, _ := n.Offer(p)
	if string(again) != string(first) {
		t.Errorf("a refresh differs:\n%s", again)
	}
	n.Withdraw()
	p.Direction = SendOnly
	changed, _ := n.Offer(p)
	if !strings.Contains(string(changed), " 81000417 2 IN") || !strings.Contains(string(changed), "a=sendonly\r\n") {
		t.Errorf("a change did not raise the version by one:\n%s", changed)
	}
	n.Withdraw() // refused: the peer has seen version 2
	p.Direction = Inactive
	next, _ := n.Offer(p)
	if !strings.Contains(string(next), " 81000417 3 IN") {
		t.Errorf("a version was used twice:\n%s", next)
	}
	if _, err := n.ParseAnswer([]byte(answerTo(next, "a=setup:passive\r\na=inactive\r\n"))); err != nil {
		t.Fatal(err)
	}
	r := answer(t, n, goodOffer, p)
	if !strings.Contains(string(r.SDP), " 81000417 4 IN") {
		t.Errorf("the answer does not follow the offer's version:\n%s", r.SDP)
	}
}

// SDP-18: slots stay, over five re-offers of the peer and own ones after them.
func TestSlotsStay(t *testing.T) {
	n := New(config())
	p := own(t, false)
	two := goodOffer + strings.TrimPrefix(replace("Zp3H", "Qq3H"), goodOffer[:strings.Index(goodOffer, "m=")])
	ended := strings.Replace(two, "m=message 7394", "m=message 0", 1)
	second := p
	second.Path = ownPath(t, "msrp://203.0.113.20:2855/Vb4Rk8Zp3HdLq9Tn2Xw7;tcp")
	r := answer(t, n, two, p, second)
	if len(r.Streams) != 2 || r.Streams[0].Local.Path.Equal(r.Streams[1].Local.Path) { // SDP-16
		t.Fatalf("two message lines gave %d streams", len(r.Streams))
	}
	for i := range 5 {
		text := strings.Replace(ended, "3958 1", "3958 "+string(rune('2'+i)), 1)
		r := answer(t, n, text, second)
		if got := strings.Count(string(r.SDP), "m=message"); got != 2 || len(r.Streams) != 1 || r.Streams[0].Slot != 1 {
			t.Fatalf("round %d: %d lines, %d streams", i, got, len(r.Streams))
		}
	}
	offer, err := n.Offer(second)
	if err != nil || strings.Count(string(offer), "m=message 0 TCP/MSRP *") != 1 || strings.Count(string(offer), "m=message 2855") != 1 {
		t.Errorf("own re-offer lost the ended slot: %v\n%s", err, offer)
	}
	n.Withdraw()
	if _, err := n.Answer(parse(t, goodOffer), second); err == nil {
		t.Error("an offer that dropped a slot was accepted")
	}
}

// SDP-20: an o= that did not change means no change, compared as text: numbers
// beyond 64 bits differ in their last digit.
func TestUnchangedOrigin(t *testing.T) {
	n := New(config())
	long := replace("3958", "12345678901234567890")
	answer(t, n, long, own(t, false))
	if r := answer(t, n, long, own(t, false)); !r.Unchanged || r.SDP == nil {
		t.Error("the same o= was not recognised, or not answered")
	}
	if r := answer(t, n, replace("3958", "12345678901234567891"), own(t, false)); r.Unchanged {
		t.Error("another o= was taken for the same")
	}
}

// SDP-21, SDP-22: the same two paths keep the connection whatever a=setup says;
// another path does not.
func TestKeepConnection(t *testing.T) {
	n := New(config())
	p := own(t, false)
	if r := answer(t, n, goodOffer, p); r.Streams[0].KeepConnection {
		t.Error("a first exchange keeps a connection")
	}
	p.InUse = RolePassive
	r := answer(t, n, strings.Replace(replace("3958 1", "3958 2"), "actpass", "active", 1), p)
	if !r.Streams[0].KeepConnection || r.Streams[0].Local.Setup != SetupPassive {
		t.Error("a refresh does not keep the connection and its role")
	}
	r = answer(t, n, strings.Replace(replace("3958 1", "3958 3"), "Zp3H", "Yy3H", 1), p)
	if r.Streams[0].KeepConnection {
		t.Error("another peer path keeps the connection")
	}
	if got := r.Streams[0].Remote.Path[0].SessionID.Full(); !strings.HasPrefix(got, "Yy3H") {
		t.Error("the new path was not taken")
	}
}

// SDP-24: port 0 in a re-offer ends that stream only.
func TestPortZeroEndsStream(t *testing.T) {
	n := New(config())
	answer(t, n, goodOffer, own(t, false))
	r := answer(t, n, strings.Replace(replace("3958 1", "3958 2"), "7394 TCP", "0 TCP", 1))
	if len(r.Streams) != 0 || !strings.Contains(string(r.SDP), "m=message 0 TCP/MSRP *") {
		t.Errorf("%d streams after port 0", len(r.Streams))
	}
}

// A fault in a re-offer leaves what is in force alone.
func TestFaultyReofferChangesNothing(t *testing.T) {
	n := New(config())
	answer(t, n, goodOffer, own(t, false))
	before := string(n.Local())
	if _, err := n.Answer(parse(t, strings.Replace(goodOffer, "a=path", "a=xpath", 1)), own(t, false)); err == nil {
		t.Fatal("a re-offer without path was accepted")
	}
	if string(n.Local()) != before || n.Remote().Sections[0].Fault != nil {
		t.Error("a refused re-offer changed what is in force")
	}
}

// SDP-14: four directions; IOP-41: what the offer did not allow is narrowed.
func TestDirections(t *testing.T) {
	for offered, want := range map[Direction]Direction{
		SendRecv: SendRecv, SendOnly: RecvOnly, RecvOnly: SendOnly, Inactive: Inactive} {
		r := answer(t, New(config()), goodOffer+"a="+string(offered)+"\r\n", own(t, false))
		s := r.Streams[0]
		if s.Local.Direction != want || s.MaySend() != (offered == SendRecv || offered == RecvOnly) {
			t.Errorf("offer %s: answer %s, may send %t", offered, s.Local.Direction, s.MaySend())
		}
	}
	n := New(config())
	p := own(t, false)
	p.Direction = SendOnly
	offer, _ := n.Offer(p)
	r, err := n.ParseAnswer([]byte(answerTo(offer, "a=setup:passive\r\na=sendrecv\r\n")))
	if err != nil || r.Streams[0].Remote.Direction != RecvOnly || !r.Quirks.Has(QuirkDirection) {
		t.Errorf("sendrecv to a sendonly offer: %+v %v", r, err)
	}
}

// SDP-25: hold by address while the stream lives; nowhere to connect at first.
func TestHoldByAddress(t *testing.T) {
	n := New(config())
	answer(t, n, goodOffer, own(t, false))
	r := answer(t, n, strings.Replace(replace("3958 1", "3958 2"), "c=IN IP4 192.0.2.20", "c=IN IP4 0.0.0.0", 1), own(t, false))
	if s := r.Streams[0]; !s.OnHold() || s.MaySend() || !s.KeepConnection {
		t.Errorf("hold by address: hold %t, may send %t, keep %t", s.OnHold(), s.MaySend(), s.KeepConnection)
	}
	if _, err := New(config()).Answer(parse(t, strings.ReplaceAll(goodOffer, "192.0.2.20:7394", "0.0.0.0:7394")), own(t, false)); err == nil {
		t.Error("a first offer without usable path host was accepted")
	}
}

// SDP-26: an own offer for an offerless INVITE is full and actpass, and the
// answer that comes in the ACK settles it.
func TestDelayedOffer(t *testing.T) {
	n := New(config())
	offer, err := n.Offer(own(t, false))
	if err != nil || !strings.Contains(string(offer), "a=setup:actpass") {
		t.Fatal(err, string(offer))
	}
	r, err := n.ParseAnswer([]byte(answerTo(offer, "a=setup:active\r\n")))
	if err != nil || r.Streams[0].Role != RolePassive {
		t.Fatalf("%+v %v", r, err)
	}
	if _, err := n.ParseAnswer([]byte(answerTo(offer, ""))); err != ErrNoOffer {
		t.Errorf("a second answer: %v", err)
	}
}

// SDP-08, SDP-12: lists with wildcards, case, parameters and rubbish; no common
// type is refused.
func TestTypeLists(t *testing.T) {
	list, odd := parseTypes("  TEXT/Plain;charset=utf-8  image/* rubbish /x text/ *  ")
	if odd != 3 || list.String() != "text/plain image/* *" {
		t.Errorf("list %q, %d odd", list, odd)
	}
	for _, c := range []struct {
		list, mediaType string
		want            bool
	}{
		{"text/plain", "Text/Plain; charset=utf-8", true}, {"text/plain", "text/html", false},
		{"text/*", "text/html", true}, {"text/*", "textual/html", false}, {"*", "a/b", true}, {"", "a/b", false},
	} {
		l, _ := parseTypes(c.list)
		if got := l.Accepts(c.mediaType); got != c.want {
			t.Errorf("%q accepts %q: %t", c.list, c.mediaType, got)
		}
	}
	_, err := New(config()).Answer(parse(t, replace("text/plain", "application/x-none")), own(t, false))
	if e, ok := err.(*Error); !ok || e.Code != 488 || e.Warning != 305 {
		t.Errorf("no common type: %v", err)
	}
}

// SDP-13: absurd sizes are ignored.
func TestMaxSize(t *testing.T) {
	for value, want := range map[string]int64{"10": 10, "0": 0, "-1": 0, "x": 0, "1099511627777": 0, "99999999999999999999": 0} {
		if got := parse(t, goodOffer+"a=max-size:"+value+"\r\n").Sections[0].Media.MaxSize; got != want {
			t.Errorf("max-size %s read as %d, want %d", value, got, want)
		}
	}
}

// Tags and label stand in every section, refused ones included, and the peer's
// are read; RQ_CHFE_008, RQ_CHFE_009.
func TestLanguagesAndLabels(t *testing.T) {
	p := own(t, false)
	p.SendLanguages = []string{"es"}
	r := answer(t, New(config()), replace("m=message", "m=audio 4000 RTP/AVP 0\r\nm=message")+"a=hlang-send:fr en\r\na=label:7\r\n", p)
	if got := strings.Count(string(r.SDP), "a=hlang-send:es\r\n"); got != 2 {
		t.Errorf("%d sections with tags, want 2:\n%s", got, r.SDP)
	}
	if !strings.Contains(string(r.SDP), "a=label:1\r\n") || !strings.Contains(string(r.SDP), "a=label:2\r\n") {
		t.Errorf("labels missing:\n%s", r.SDP)
	}
	m := r.Streams[0].Remote
	if strings.Join(m.SendLanguages, ",") != "fr,en" || m.Label != "7" {
		t.Errorf("peer's tags %v, label %q", m.SendLanguages, m.Label)
	}
}

// SDP-02 in answers, SDP-17 in number.
func TestFaultyAnswers(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"scheme":   func(s string) string { return strings.Replace(s, "msrp://", "msrps://", 1) },
		"protocol": func(s string) string { return strings.Replace(s, "TCP/MSRP", "TCP/TLS/MSRP", 1) },
		"count":    func(s string) string { return s + "m=audio 0 RTP/AVP 0\r\n" },
		"medium":   func(s string) string { return strings.Replace(s, "m=message", "m=audio", 1) },
		"refused":  func(s string) string { return strings.Replace(s, "7394 TCP", "0 TCP", 1) },
	} {
		n := New(config())
		offer, _ := n.Offer(own(t, false))
		if _, err := n.ParseAnswer([]byte(change(answerTo(offer, "")))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A dialog that another node takes over goes on with its versions and slots.
func TestRestore(t *testing.T) {
	n := New(config())
	p := own(t, false)
	audio := replace("m=message", "m=audio 4000 RTP/AVP 0\r\nm=message")
	answer(t, n, audio, p)
	again, err := Restore(config(), n.Local(), n.Remote().Original)
	if err != nil {
		t.Fatal(err)
	}
	same, err := again.Offer(p)
	if err != nil {
		t.Fatal(err)
	}
	// The restored offer differs from the answer in a=setup, so it is version 2.
	if !strings.Contains(string(same), " 81000417 2 IN") || !strings.Contains(string(same), "m=audio 0 RTP/AVP 0") {
		t.Errorf("restored negotiation offers\n%s", same)
	}
	again.Withdraw()
	p.InUse = RolePassive
	r := answer(t, again, strings.Replace(audio, "3958 1", "3958 2", 1), p)
	if !r.Streams[0].KeepConnection {
		t.Error("restored negotiation does not know the paths")
	}
}

// SDP-32: OPTIONS is answered with port 0, the lists, and a bare file-selector.
func TestCapabilities(t *testing.T) {
	p := own(t, false)
	p.File = &File{}
	got, err := Capabilities(config(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"m=message 0 TCP/MSRP *\r\n", "a=accept-types:text/plain message/cpim", "a=file-selector\r\n", "a=max-size:"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "a=path") || strings.Contains(string(got), "a=setup") {
		t.Errorf("says more than what it could do:\n%s", got)
	}
}

// SDP-28: two forks answer one offer; neither disturbs the other.
func TestForks(t *testing.T) {
	n := New(config())
	offer, err := n.Offer(own(t, false))
	if err != nil {
		t.Fatal(err)
	}
	fork := n.Fork()
	one, err := n.ParseAnswer([]byte(strings.Replace(answerTo(offer, "a=setup:passive\r\n"), "7394 TCP", "0 TCP", 1)))
	if err == nil || len(one.Streams) != 0 {
		t.Fatalf("%+v, %v", one, err)
	}
	two, err := fork.ParseAnswer([]byte(answerTo(offer, "a=setup:active\r\n")))
	if err != nil || two.Streams[0].Role != RolePassive {
		t.Fatalf("%+v, %v", two, err)
	}
	again, err := fork.Offer(own(t, false))
	if err != nil || string(again) != string(offer) {
		t.Errorf("the fork that lives offers something else: %v\n%s", err, again)
	}
	if len(n.slots) != 1 || n.slots[0].live != nil || fork.slots[0].live == nil {
		t.Error("the forks share their slots")
	}
}
