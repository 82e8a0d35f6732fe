package sdpmsrp

import (
	"fmt"
	"strings"
	"testing"
)

var (
	reachable   = Situation{}
	unreachable = Situation{Unreachable: true}
	behindRelay = Situation{Unreachable: true, Relay: true}
)

// SET-02: never passive, never holdconn, active only when nobody can reach the
// own side. SDP-23: a live connection's role is kept or left open.
func TestOfferSetup(t *testing.T) {
	for _, c := range []struct {
		s    Situation
		want Setup
	}{
		{reachable, SetupActpass},
		{unreachable, SetupActive},
		{behindRelay, SetupActpass},
		{Situation{InUse: RoleActive}, SetupActive},
		{Situation{InUse: RolePassive}, SetupActpass},
	} {
		if got := offerSetup(c.s); got != c.want {
			t.Errorf("offerSetup(%+v) = %q, want %q", c.s, got, c.want)
		}
	}
}

// SET-09: no workable role left. Rows: SET-20..28 of the answerer's table.
func TestAnswerSetup(t *testing.T) {
	for _, c := range []struct {
		offer Setup
		s     Situation
		want  Setup
		ok    bool
	}{
		{SetupActpass, reachable, SetupPassive, true},   // SET-20
		{SetupActpass, unreachable, SetupActive, true},  // SET-21
		{SetupActive, reachable, SetupPassive, true},    // SET-22
		{SetupActive, unreachable, SetupAbsent, false},  // SET-23
		{SetupPassive, reachable, SetupActive, true},    // SET-24
		{SetupPassive, unreachable, SetupActive, true},  // SET-24
		{SetupAbsent, reachable, SetupPassive, true},    // SET-25
		{SetupAbsent, unreachable, SetupAbsent, false},  // SET-26
		{SetupActpass, behindRelay, SetupPassive, true}, // SET-27
		{SetupActive, behindRelay, SetupPassive, true},  // SET-27
		{SetupAbsent, behindRelay, SetupPassive, true},  // SET-27
		{SetupPassive, behindRelay, SetupActive, true},  // SET-28
		{SetupActpass, Situation{InUse: RoleActive}, SetupActive, true},
		{SetupActpass, Situation{InUse: RolePassive}, SetupPassive, true},
	} {
		got, ok := answerSetup(c.offer, c.s)
		if got != c.want || ok != c.ok {
			t.Errorf("answerSetup(%q, %+v) = %q %t, want %q %t", c.offer, c.s, got, ok, c.want, c.ok)
		}
	}
}

// Rows: SET-40..48 of the offerer's table.
func TestOffererRole(t *testing.T) {
	for _, c := range []struct {
		offer, answer Setup
		s             Situation
		port          int
		want          Role
		listen        bool
	}{
		{SetupActpass, SetupPassive, reachable, 2855, RoleActive, false},  // SET-40
		{SetupActpass, SetupActive, reachable, 2855, RolePassive, false},  // SET-41
		{SetupActpass, SetupAbsent, reachable, 2855, RoleActive, false},   // SET-42
		{SetupActpass, SetupActpass, reachable, 2855, RoleActive, true},   // SET-43
		{SetupActive, SetupPassive, unreachable, 2855, RoleActive, false}, // SET-44
		{SetupActive, SetupAbsent, unreachable, 2855, RoleActive, false},  // SET-44
		{SetupActive, SetupActive, unreachable, 2855, RoleActive, false},  // SET-45
		{SetupActive, SetupActive, unreachable, 9, RoleNone, false},       // SET-45
		{SetupActive, SetupActive, unreachable, 0, RoleNone, false},       // SET-45
		{SetupActive, SetupActpass, unreachable, 2855, RoleActive, false}, // SET-46
		{SetupActpass, SetupPassive, behindRelay, 2855, RoleActive, false},
		{SetupActpass, SetupAbsent, behindRelay, 2855, RoleActive, false},
		{SetupActpass, SetupActive, behindRelay, 2855, RolePassive, false},
	} {
		got := offererRole(c.offer, c.answer, c.s, c.port)
		if got.role != c.want || got.keepListening != c.listen {
			t.Errorf("offererRole(%q, %q, %+v, %d) = %+v, want %q %t", c.offer, c.answer, c.s, c.port, got, c.want, c.listen)
		}
	}
}

func answerTo(offer []byte, setup string) string {
	version := "o=peer 1 1 IN IP4 192.0.2.20"
	return "v=0\r\n" + version + "\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\nm=message 7394 TCP/MSRP *\r\n" +
		"a=accept-types:text/plain\r\na=path:msrp://192.0.2.20:7394/Zp3HdLq9Tn2Xw7Vb4Rk8;tcp\r\n" + setup
}

// The offerer's table through a whole exchange, holdconn, unknown and repeated
// values included (SET-04).
func TestParseAnswerRoles(t *testing.T) {
	for _, c := range []struct {
		setup string
		want  Role
	}{
		{"a=setup:passive\r\n", RoleActive}, {"a=setup:active\r\n", RolePassive}, {"", RoleActive},
		{"a=setup:holdconn\r\n", RoleActive}, {"a=setup:maybe\r\n", RoleActive},
		{"a=setup:active\r\na=setup:passive\r\n", RoleActive}, {"a=connection:new\r\na=setup:active\r\n", RolePassive},
	} {
		n := New(config())
		offer, err := n.Offer(own(t, false))
		if err != nil {
			t.Fatal(err)
		}
		r, err := n.ParseAnswer([]byte(answerTo(offer, c.setup)))
		if err != nil {
			t.Fatalf("%q: %v", c.setup, err)
		}
		if got := r.Streams[0].Role; got != c.want {
			t.Errorf("%q: role %q, want %q", c.setup, got, c.want)
		}
	}
}

// SET-05: the media level beats the session level.
func TestSetupMediaLevelWins(t *testing.T) {
	text := strings.Replace(answerTo(nil, "a=setup:passive\r\n"), "t=0 0\r\n", "t=0 0\r\na=setup:active\r\n", 1)
	if got := parse(t, text).Sections[0].Media.Setup; got != SetupPassive {
		t.Errorf("setup %q, want passive", got)
	}
	text = strings.Replace(answerTo(nil, ""), "t=0 0\r\n", "t=0 0\r\na=setup:active\r\n", 1)
	if got := parse(t, text).Sections[0].Media.Setup; got != SetupActive {
		t.Errorf("setup %q, want the session's active", got)
	}
}

// SET-01, SET-02: what is written, in both roles and three situations.
func TestSetupIsAlwaysWritten(t *testing.T) {
	for _, s := range []Situation{reachable, unreachable, behindRelay} {
		p := own(t, false)
		p.Situation = s
		offer, err := New(config()).Offer(p)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("a=setup:%s\r\n", offerSetup(s))
		if !strings.Contains(string(offer), want) || strings.Contains(string(offer), "passive") ||
			strings.Contains(string(offer), "a=connection") {
			t.Errorf("%+v: offer lacks %q or has more:\n%s", s, want, offer)
		}
	}
}
