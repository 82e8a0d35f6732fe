package sdpmsrp

import (
	"fmt"
	"strings"
	"testing"

	"text911/engine/msrp"
	"text911/fixtures"
)

const ownID = "Lq9Tn2Xw7Vb4Rk8Zp3Hd"

func ownPath(t testing.TB, uri string) msrp.Path {
	t.Helper()
	p, err := msrp.ParsePath(uri, msrp.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// own is the own side of the vectors: reachable, no relay.
func own(t testing.TB, secure bool) Params {
	t.Helper()
	p := Params{AcceptWrappedTypes: TypeList{"*"}}
	if secure {
		p.Path = ownPath(t, "msrps://203.0.113.20:2855/"+ownID+";tcp")
		p.Fingerprints = Fingerprints{FingerprintOf([]byte("own certificate"))}
	} else {
		p.Path = ownPath(t, "msrp://203.0.113.20:2855/"+ownID+";tcp")
	}
	return p
}

func config() Config { return Config{SessionID: 81000417, Host: "203.0.113.20", Username: "text911"} }

func parse(t testing.TB, text string) *Description {
	t.Helper()
	d, err := Parse([]byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// outcome is what an exchange came to, in the words of the vectors.
func outcome(r *Result, err error) string {
	if err != nil {
		if e, ok := err.(*Error); ok {
			return fmt.Sprintf("refuse %d", e.Code)
		}
		return err.Error()
	}
	if len(r.Streams) == 0 {
		return "ended"
	}
	s := r.Streams[0]
	out := fmt.Sprintf("accept setup=%s role=%s path=%d direction=%s lines=%d connect=%s:%d cema=%t wraps=%t",
		s.Local.Setup, s.Role, len(s.Remote.Path), s.Local.Direction,
		strings.Count(string(r.SDP), "\r\nm="), s.Host, s.Port, s.CEMA, s.WrapsCPIM())
	var names []string
	for _, q := range r.Quirks {
		names = append(names, string(q))
	}
	return strings.NewReplacer("=true", "=yes", "=false", "=no").Replace(out) + " quirks=" + strings.Join(names, ",")
}

// TestVectors answers each offer of fixtures/sdp in every situation it speaks
// of. SDP-01, SDP-02, SDP-03, SDP-05, SDP-06, SDP-17, SDP-24, SDP-30, SET-03,
// SET-04, SET-06, CEMA-01, CEMA-04, CEMA-06, FT-07.
func TestVectors(t *testing.T) {
	vectors, err := fixtures.Vectors("sdp")
	if err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 10 {
		t.Fatalf("got %d vectors, want 10", len(vectors))
	}
	for _, v := range vectors {
		for _, situation := range []string{"", "unreachable", "cema", "cema-lenient", "file", "again"} {
			suffix := strings.TrimSuffix("-"+situation, "-")
			want, ok := v.Fields["expect"+suffix]
			if !ok {
				continue
			}
			t.Run(v.Name+suffix, func(t *testing.T) { runVector(t, v, situation, suffix, want) })
		}
	}
}

func runVector(t *testing.T, v fixtures.Vector, situation, suffix, want string) {
	offer := parse(t, string(v.Wire))
	if string(offer.Original) != string(v.Wire) {
		t.Error("original octets were not kept")
	}
	cfg := config()
	cfg.CEMA = strings.HasPrefix(situation, "cema")
	cfg.CEMALenient = situation == "cema-lenient"
	p := own(t, strings.Contains(string(v.Wire), "TCP/TLS"))
	p.Unreachable = situation == "unreachable"
	if situation == "file" {
		p.File = &File{}
	}
	n := New(cfg)
	if situation == "again" {
		before := strings.Replace(string(v.Wire), "m=message 0 TCP/MSRP *\r\n",
			"m=message 7394 TCP/MSRP *\r\na=accept-types:*\r\na=path:msrp://192.0.2.20:7394/Zp3HdLq9Tn2Xw7Vb4Rk8;tcp\r\n", 1)
		if _, err := n.Answer(parse(t, before), p); err != nil {
			t.Fatal(err)
		}
	}
	r, err := n.Answer(offer, p)
	got := outcome(r, err)
	for _, word := range strings.Fields(want) {
		if !strings.Contains(" "+got+" ", " "+word) {
			t.Errorf("got %q, want %q in it", got, word)
		}
	}
	if fault, ok := v.Fields["fault"]; ok && (err == nil || !strings.Contains(err.Error(), fault)) {
		t.Errorf("got error %v, want %q", err, fault)
	}
	if err != nil {
		return
	}
	has, ok := v.Fields["answer-has"+suffix]
	if !ok && situation == "" {
		has = v.Fields["answer-has"]
	}
	for _, line := range strings.Split(has, " | ") {
		if !strings.Contains(string(r.SDP), line+"\r\n") {
			t.Errorf("answer lacks %q:\n%s", line, r.SDP)
		}
	}
	if lacks, ok := v.Fields["answer-lacks"+suffix]; ok {
		for _, text := range strings.Split(lacks, " | ") {
			if strings.Contains(string(r.SDP), text) {
				t.Errorf("answer has %q:\n%s", text, r.SDP)
			}
		}
	}
}
