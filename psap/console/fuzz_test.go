package console

import (
	"strings"
	"testing"
)

// Whatever a client sends is a frame or a fault with a close code, and the fault quotes nothing.
func FuzzClientFrame(f *testing.F) {
	for _, s := range []string{
		`{"op":"start","psap":"p","agent":"a","filter":{"kinds":["message.*"],"calls":["c"]}}`,
		`{"op":"resume","psap":"p","epoch":"e","seq":1}`, `{"op":"ack","seq":18446744073709551615}`,
		`{"op":"command","id":"1","type":"call.claim","data":{"call":"c"}}`, `{"op":"ping","t":[1]}`,
		`{"op":7}`, `[]`, `null`, "\xff", `{"op":"ack","seq":-1}`, `{"op":"start","psap":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		frame, fault := decode(raw)
		if fault == nil {
			switch frame.Op {
			case opStart, opResume, opAck, opCommand, opPing, opPong:
			default:
				t.Fatalf("accepted op %q", frame.Op)
			}
			return
		}
		if fault.close < 4000 || fault.close > 4012 || fault.problem.Code == "" {
			t.Fatalf("fault %+v", fault)
		}
		if len(raw) > 24 && strings.Contains(fault.problem.Detail, string(raw[:24])) {
			t.Fatal("the fault quotes the frame")
		}
	})
}

// The window never has more in it than it may, and gives everything back.
func FuzzWindow(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0, 9, 255})
	f.Fuzz(func(t *testing.T, steps []byte) {
		w := window{most: 8, mostOctets: 100}
		seq := uint64(0)
		for _, s := range steps {
			if s%3 == 0 {
				w.ack(uint64(s) % (seq + 1))
				continue
			}
			if w.room() == 0 {
				continue
			}
			seq++
			w.add(seq, int(s%50))
			if n := len(w.sent) - w.head; n > 8 || w.octets > 100+50 {
				t.Fatalf("%d events, %d octets", n, w.octets)
			}
		}
		w.ack(seq)
		if w.octets != 0 || len(w.sent) != w.head || w.room() != 8 {
			t.Fatalf("after the last ack: %+v", w)
		}
	})
}
