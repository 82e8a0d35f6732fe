package msrp_test

import (
	"bytes"
	"strings"
	"testing"

	"text911/engine/msrp"
)

const (
	benchOwn  = "msrp://psap.example.org:2855/Lq9Tn2Xw7Vb4Rk8Zp3HdWm5K;tcp"
	benchPeer = "msrp://caller.example.net:49152/Rm5Jc8Yt1Gs6Nf0Ue4QaTz7B;tcp"
)

func benchSend(body int, flag string) []byte {
	return []byte("MSRP Kq7Zt2Wn9Bx4Lp3V SEND\r\nTo-Path: " + benchOwn + "\r\nFrom-Path: " + benchPeer +
		"\r\nMessage-ID: m1Hd8sKe03Kq7Zt2Wn9Bx4\r\nSuccess-Report: yes\r\nByte-Range: 1-160/160\r\nContent-Type: text/plain\r\n\r\n" +
		strings.Repeat("x", body) + "\r\n-------Kq7Zt2Wn9Bx4Lp3V" + flag + "\r\n")
}

func BenchmarkScanSend160(b *testing.B) {
	wire := benchSend(160, "$")
	s := msrp.NewScanner(msrp.Lenient, msrp.Limits{})
	b.ReportAllocs()
	for b.Loop() {
		s.Write(wire)
		for {
			_, ok, err := s.Next()
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
		}
	}
}

// FRM-26: at least 1 GiB/s on one core for a 10 MiB body.
func BenchmarkScanBody10MiB(b *testing.B) {
	for _, bm := range []struct{ name, body string }{
		{"text", "The quick brown fox jumps over the lazy dog, again and again and again.\n"},
		{"crlf", "a short line\r\n"},
		{"hostile", "\r\n------"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			body := strings.Repeat(bm.body, (10<<20)/len(bm.body)+1)[:10<<20]
			wire := []byte(strings.Replace(string(benchSend(1, "$")), "\r\n\r\nx\r\n", "\r\n\r\n"+body+"\r\n", 1))
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			for b.Loop() {
				s := msrp.NewScanner(msrp.Lenient, msrp.Limits{})
				for rest := wire; len(rest) > 0; {
					n := min(len(rest), 64<<10)
					s.Write(rest[:n])
					rest = rest[n:]
					for {
						_, ok, err := s.Next()
						if err != nil {
							b.Fatal(err)
						}
						if !ok {
							break
						}
					}
				}
			}
		})
	}
}

func BenchmarkAppendReply(b *testing.B) {
	s := msrp.NewScanner(msrp.Lenient, msrp.Limits{})
	s.Write(benchSend(160, "$"))
	f, _, _ := s.Next()
	out := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		out = msrp.AppendReply(out[:0], f, msrp.RawPath(benchOwn), 200)
	}
}

func BenchmarkAppendSend160(b *testing.B) {
	body := bytes.Repeat([]byte{'x'}, 160)
	rng := msrp.ByteRange{Start: 1, End: 160, Total: 160}
	r := &msrp.Request{ID: "Kq7Zt2Wn9Bx4Lp3V", Method: msrp.SEND, To: msrp.RawPath(benchOwn), From: msrp.RawPath(benchPeer),
		MessageID: "m1Hd8sKe03Kq7Zt2Wn9Bx4", SuccessReport: true, Range: &rng, ContentType: "text/plain"}
	out := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, err = msrp.AppendRequest(out[:0], r, body, msrp.Complete); err != nil {
			b.Fatal(err)
		}
	}
}
