package sdpmsrp

import (
	"encoding/hex"
	"strings"
	"testing"
)

func hexPairs(b []byte) string {
	var out []string
	for _, o := range b {
		out = append(out, strings.ToUpper(hex.EncodeToString([]byte{o})))
	}
	return strings.Join(out, ":")
}

func tlsOffer(fingerprints ...string) string {
	s := strings.Replace(strings.Replace(goodOffer, "TCP/MSRP", "TCP/TLS/MSRP", 1), "msrp://", "msrps://", 1)
	for _, f := range fingerprints {
		s += "a=fingerprint:" + f + "\r\n"
	}
	return s
}

// TLS-02: six fingerprints and what becomes of them.
func TestFingerprintHashes(t *testing.T) {
	der := []byte("certificate of the peer")
	for _, c := range []struct {
		hash  string
		sha1  bool
		ok    bool
		lower bool
	}{
		{"sha-256", false, true, false}, {"SHA-384", false, true, false}, {"sha-512", false, true, true},
		{"sha-1", false, false, false}, {"sha-1", true, true, false}, {"md5", true, false, false},
	} {
		value := hexPairs(digest(strings.ToLower(c.hash), der))
		if c.hash == "md5" {
			value = hexPairs(der[:16])
		}
		if c.lower {
			value = strings.ToLower(value)
		}
		d, err := Parse([]byte(tlsOffer(c.hash+" "+value)), Options{AllowSHA1: c.sha1})
		if err != nil {
			t.Fatal(err)
		}
		s := d.Sections[0]
		if got := s.Fault == nil; got != c.ok {
			t.Errorf("%s: accepted %t, want %t", c.hash, got, c.ok)
			continue
		}
		if c.ok && s.Media.Fingerprints.Check(der) != nil {
			t.Errorf("%s: the certificate does not match its own fingerprint", c.hash)
		}
		if c.lower != d.Quirks.Has(QuirkFingerprint) {
			t.Errorf("%s: quirks %v", c.hash, d.Quirks)
		}
	}
}

// TLS-03: of several, those of the strongest hash count, and any of them may
// match. SEC-12: a certificate that matches none fails.
func TestSeveralFingerprints(t *testing.T) {
	a, b, other := []byte("first certificate"), []byte("second certificate"), []byte("third")
	d := parse(t, tlsOffer("sha-256 "+hexPairs(digest("sha-256", other)),
		"sha-512 "+hexPairs(digest("sha-512", a)), "sha-512 "+hexPairs(digest("sha-512", b))))
	fs := d.Sections[0].Media.Fingerprints
	if fs.Check(a) != nil || fs.Check(b) != nil {
		t.Error("one of two certificates does not match")
	}
	if fs.Check(other) == nil {
		t.Error("a certificate matched by a weaker hash than the strongest")
	}
	if fs.Check(nil) == nil || Fingerprints(nil).Check(a) == nil {
		t.Error("nothing matched something")
	}
}

// TLS-01: the media level beats the session level.
func TestFingerprintMediaLevelWins(t *testing.T) {
	media, session := []byte("media"), []byte("session")
	text := strings.Replace(tlsOffer("sha-256 "+hexPairs(digest("sha-256", media))), "t=0 0\r\n",
		"t=0 0\r\na=fingerprint:sha-256 "+hexPairs(digest("sha-256", session))+"\r\n", 1)
	fs := parse(t, text).Sections[0].Media.Fingerprints
	if fs.Check(media) != nil || fs.Check(session) == nil {
		t.Error("the session's fingerprint was used")
	}
}

func TestMalformedFingerprint(t *testing.T) {
	for _, v := range []string{"sha-256", "sha-256 AA:BB", "sha-256 " + strings.Repeat("GG:", 31) + "GG", "sha-256 A:B x"} {
		if d := parse(t, tlsOffer(v)); d.Sections[0].Fault == nil {
			t.Errorf("%q accepted", v)
		}
	}
}

// TLS-07: fingerprints are end to end, so they say nothing about a relay.
func TestFingerprintNotForRelay(t *testing.T) {
	offer := strings.Replace(tlsOffer("sha-256 "+hexPairs(digest("sha-256", []byte("peer")))),
		"a=path:", "a=path:msrps://relay.example.com:2855/jui787s2fQq0Zz1Xx2Cc;tcp ", 1)
	r := answer(t, New(config()), offer, own(t, true))
	if r.Streams[0].PeerFingerprints() != nil {
		t.Error("the peer's fingerprint is applied to its relay")
	}
	r = answer(t, New(config()), tlsOffer("sha-256 "+hexPairs(digest("sha-256", []byte("peer")))), own(t, true))
	if len(r.Streams[0].PeerFingerprints()) != 1 {
		t.Error("the peer's fingerprint is not applied to the peer")
	}
}
