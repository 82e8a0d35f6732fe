package msrp_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"text911/engine/msrp"
)

const (
	own  = "msrp://psap.example.org:2855/Lq9Tn2Xw7Vb4Rk8Zp3Hd;tcp"
	peer = "msrp://caller.example.net:49152/Rm5Jc8Yt1Gs6Nf0Ue4Qa;tcp"
	to   = "To-Path: " + own + "\r\n"
	from = "From-Path: " + peer + "\r\n"
)

// bodiless is a SEND with extra header lines.
func bodiless(id, headers string) string {
	return "MSRP " + id + " SEND\r\n" + to + from + "Message-ID: m0Kq7Zt2Wn\r\n" + headers + "-------" + id + "$\r\n"
}

func withBody(id, headers, body string) string {
	return "MSRP " + id + " SEND\r\n" + to + from + "Message-ID: m0Kq7Zt2Wn\r\n" + headers + body + "\r\n-------" + id + "$\r\n"
}

// expect scans wire whole and in small cuts in both profiles.
func expect(t *testing.T, wire, strict, lenient string) {
	t.Helper()
	for _, p := range profiles {
		want := strict
		if p == msrp.Lenient {
			want = lenient
		}
		size := 1 + len(wire)/3000 // octet by octet unless that takes long
		small := randomCuts([]byte(wire), func() int { return size })
		for how, cuts := range map[string][][]byte{"whole": {[]byte(wire)}, "small cuts": small} {
			if got, _ := scan(p, cuts, false); got != want {
				t.Errorf("%s %s:\n got %s\nwant %s", p, how, got, want)
			}
		}
	}
}

const next = "MSRP nextFrame1 SEND\r\n" + to + from + "Message-ID: mNext\r\n-------nextFrame1$\r\n"

// FRM-08 FRM-10: how much a header may differ in each profile.
func TestHeaderForm(t *testing.T) {
	good := "SEND aaaa1 bodiless $"
	bad := "fault aaaa1 400"
	for _, tt := range []struct{ name, headers, strict, lenient string }{
		{"one space", "X-A: b\r\n", good, good},
		{"no space", "X-A:b\r\n", bad, good},
		{"two spaces", "X-A:  b\r\n", bad, good},
		{"tab", "X-A:\tb\r\n", bad, good},
		{"space and tab", "X-A: \tb\r\n", bad, good},
		{"empty value", "X-A: \r\n", good, good},
		{"tab inside", "X-A: b\tc\r\n", good, good},
	} {
		t.Run(tt.name, func(t *testing.T) { expect(t, bodiless("aaaa1", tt.headers), tt.strict, tt.lenient) })
	}
	t.Run("path order", func(t *testing.T) {
		expect(t, "MSRP aaaa1 SEND\r\nX-A: b\r\n"+to+from+"Message-ID: m0Kq\r\n-------aaaa1$\r\n", bad, good)
		expect(t, "MSRP aaaa1 SEND\r\n"+to+"X-A: b\r\n"+from+"Message-ID: m0Kq\r\n-------aaaa1$\r\n", bad, good)
	})
}

// FRM-11 FRM-12 FRM-22 FRM-28 FRM-32: a malformed header is answered 400 and the next frame
// is read.
func TestMalformedHeader(t *testing.T) {
	for name, line := range map[string]string{
		"folded":          " continued\r\n",
		"folded by tab":   "\tcontinued: x\r\n",
		"no colon":        "nothing\r\n",
		"no name":         ": x\r\n",
		"digit first":     "1A: x\r\n",
		"space in name":   "A B: x\r\n",
		"control":         "X-A: a\x01b\r\n",
		"delete":          "X-A: ab\x7f\r\n",
		"long and delete": "X-A: abcdefg\x7fabcdefgh\r\n",
		"long and NUL":    "X-A: " + strings.Repeat("abcdefgh", 9) + "\x00\r\n",
		"lone CR":         "X-A: a\rb\r\n",
		"lone LF":         "X-A: a\nX-B: b\r\n",
		"broken UTF-8":    "X-A: \xc3\x28\r\n",
		"eighth hyphen":   "--------aaaa1$\r\n",
		"other id":        "-------other1$\r\n",
		"bad flag":        "-------aaaa1?\r\n",
		"success report":  "Success-Report: maybe\r\n",
		"failure report":  "Failure-Report: maybe\r\n",
		"byte range":      "Byte-Range: 1-2\r\n",
		"status":          "Status: 0 200\r\n",
		"content type":    "Content-Type: \r\n",
		"nickname value":  "Use-Nickname: \"a\x02\"\r\n",
		"message id":      "X-A: b\r\nMessage-ID: again\r\n",
		"message id long": "Message-ID: " + strings.Repeat("a", 65) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, bodiless("aaaa1", line)+next, "fault aaaa1 400; SEND nextFrame1 bodiless $", "fault aaaa1 400; SEND nextFrame1 bodiless $")
		})
	}
}

// FRM-14: each of the headers that decide something may stand once.
func TestRepeatedHeader(t *testing.T) {
	for _, line := range []string{
		"To-Path: " + own, "From-Path: " + peer, "Message-ID: m0Kq7Zt2Wn", "Byte-Range: 1-0/0", "Success-Report: no",
		"Failure-Report: yes", "Status: 000 200 OK", "Use-Nickname: \"a\"", "Authorization: Digest x=1", "Expires: 60",
	} {
		expect(t, bodiless("aaaa1", line+"\r\n"+line+"\r\n"), "fault aaaa1 400", "fault aaaa1 400")
	}
	expect(t, withBody("aaaa1", "Content-Type: text/plain\r\nContent-Type: text/plain\r\n\r\n", "x"), "fault aaaa1 400", "fault aaaa1 400")
	response := "MSRP aaaa1 200 OK\r\n" + to + to + from + "-------aaaa1$\r\n"
	expect(t, response, "dropped", "dropped")
}

// FRM-13: unknown headers are no fault, on requests and on responses.
func TestUnknownHeaders(t *testing.T) {
	expect(t, bodiless("aaaa1", "X-A: 1\r\nX-A: 2\r\nContent-X: 3\r\n"), "SEND aaaa1 bodiless $", "SEND aaaa1 bodiless $")
	expect(t, "MSRP aaaa1 200 OK\r\n"+to+from+"X-A: 1\r\nX-A: 2\r\n-------aaaa1$\r\n", "response aaaa1 200", "response aaaa1 200")
}

// FRM-19: four ways in which peers end an empty frame.
func TestEmptyFrames(t *testing.T) {
	const ct = "Content-Type: text/plain\r\n"
	expect(t, bodiless("aaaa1", "\r\n"), "fault aaaa1 400", "SEND aaaa1 bodiless $")
	expect(t, bodiless("aaaa1", ct), "fault aaaa1 400", "SEND aaaa1 bodiless $")
	expect(t, bodiless("aaaa1", ct+"\r\n"), "SEND aaaa1 body=0 $", "SEND aaaa1 body=0 $")
	expect(t, withBody("aaaa1", ct+"X-A: 1\r\n\r\n", "x"), "fault aaaa1 400", "SEND aaaa1 body=1 $")
	expect(t, withBody("aaaa1", "\r\n", ""), "fault aaaa1 400", "SEND aaaa1 bodiless $")
}

// FRM-02 FRM-03: the third token alone tells what a frame is.
func TestStartLine(t *testing.T) {
	line := func(s string) string { return s + "\r\n" + to + from + "Message-ID: m0Kq\r\n-------aaaa1$\r\n" }
	for _, tt := range []struct{ line, strict, lenient string }{
		{"MSRP aaaa1 200", "response aaaa1 200", "response aaaa1 200"},
		{"MSRP aaaa1 200 ", "response aaaa1 200", "response aaaa1 200"},
		{"MSRP aaaa1 200 a long comment", "response aaaa1 200", "response aaaa1 200"},
		{"MSRP aaaa1 2000", "fault aaaa1 400", "2000 aaaa1 bodiless $"},
		{"MSRP aaaa1 SEND extra", "fault aaaa1 400", "fault aaaa1 400"},
		{"MSRP aaaa1 SEND ", "fault aaaa1 400", "fault aaaa1 400"},
		{"MSRP aaaa1 FILE_OFFSET", "fault aaaa1 400", "FILE_OFFSET aaaa1 bodiless $"},
		{"MSRP aaaa1", "close", "close"},
		{"MSRP  aaaa1 SEND", "close", "close"},
		{"msrp aaaa1 SEND", "close", "close"},
		{"MSRP .aaaa1 SEND", "close", "close"},
		{"MSRP " + strings.Repeat("a", 65) + " SEND", "close", "close"},
	} {
		t.Run(tt.line, func(t *testing.T) { expect(t, line(tt.line), tt.strict, tt.lenient) })
	}
}

// FRM-30: stray line ends between frames, up to eight.
func TestStrayLineEnds(t *testing.T) {
	one, two := "SEND nextFrame1 bodiless $", "SEND nextFrame1 bodiless $; SEND nextFrame1 bodiless $"
	expect(t, next+"\r\n\r\n"+next, one+"; close", two)
	expect(t, next+strings.Repeat("\r\n", 8)+next, one+"; close", two)
	expect(t, next+strings.Repeat("\r\n", 9)+next, one+"; close", one+"; close")
	expect(t, next+"\n"+next, one+"; close", one+"; close")
	expect(t, next+"x"+next, one+"; close", one+"; close")
}

// FRM-31: a missing line end after the flag.
func TestMissingLineEnd(t *testing.T) {
	cut := strings.TrimSuffix(next, "\r\n")
	body := strings.TrimSuffix(withBody("aaaa1", "Content-Type: text/plain\r\n\r\n", "help"), "\r\n")
	for _, tt := range []struct{ name, wire, strict, lenient string }{
		{"bodiless", cut, "close", "SEND nextFrame1 bodiless $"},
		{"half a line end", cut + "\r", "close", "SEND nextFrame1 bodiless $"},
		{"body", body, "close", "SEND aaaa1 body=4 $"},
		{"body, half a line end", body + "\r", "close", "SEND aaaa1 body=4 $"},
		{"no flag", strings.TrimSuffix(cut, "$"), "close", "close"},
		{"nothing missing", next, "SEND nextFrame1 bodiless $", "SEND nextFrame1 bodiless $"},
		{"start line", "MSRP ab", "close", "close"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range profiles {
				want := map[msrp.Profile]string{msrp.Strict: tt.strict, msrp.Lenient: tt.lenient}[p]
				if got, _ := scan(p, bytewise([]byte(tt.wire)), true); got != want {
					t.Errorf("%s: got %s, want %s", p, got, want)
				}
			}
		})
	}
	got, _ := scan(msrp.Lenient, [][]byte{[]byte(cut + next)}, false)
	if want := "SEND nextFrame1 bodiless $; SEND nextFrame1 bodiless $"; got != want {
		t.Errorf("next frame directly after the flag: got %s", got)
	}
	if got, _ = scan(msrp.Strict, [][]byte{[]byte(cut + next)}, false); strings.Count(got, "SEND") > 0 {
		t.Errorf("strict: got %s", got)
	}
}

// FRM-33 LIM-05 LIM-06 LIM-07: each limit crossed by one, and what stays in memory.
func TestHeadLimits(t *testing.T) {
	start := func(n int) string { // a start line of n octets
		s := "MSRP aaaa1 200 "
		return s + strings.Repeat("c", n-len(s)) + "\r\n" + to + from + "-------aaaa1$\r\n"
	}
	expect(t, start(msrp.MaxStartLine), "response aaaa1 200", "response aaaa1 200")
	expect(t, start(msrp.MaxStartLine+1), "close", "close")

	header := func(n int) string { return bodiless("aaaa1", "X-A: "+strings.Repeat("b", n-5)+"\r\n") }
	ok, over := "SEND aaaa1 bodiless $", "fault aaaa1 400; close"
	expect(t, header(msrp.MaxHeaderLine), ok, ok)
	expect(t, header(msrp.MaxHeaderLine+1), over, over)

	count := func(n int) string { return bodiless("aaaa1", strings.Repeat("X: 1\r\n", n-3)) }
	expect(t, count(msrp.MaxHeaders), ok, ok)
	expect(t, count(msrp.MaxHeaders+1), over, over)

	fixed := len(to) + len(from) + len("Message-ID: m0Kq7Zt2Wn\r\n") + len("X: \r\n")*5
	section := func(n int) string { // all header lines together, the last without its line end
		lines := ""
		for i := range 5 {
			size := (n + 2 - fixed + i) / 5 // five sizes that add up
			lines += "X: " + strings.Repeat("b", size) + "\r\n"
		}
		return bodiless("aaaa1", lines)
	}
	expect(t, section(msrp.MaxHeaderSection), ok, ok)
	expect(t, section(msrp.MaxHeaderSection+1), over, over)

	path := func(n int) string {
		return "MSRP aaaa1 SEND\r\nTo-Path: " + own + strings.Repeat(" "+own, n-1) + "\r\n" + from + "Message-ID: m0Kq\r\n-------aaaa1$\r\n"
	}
	expect(t, path(msrp.MaxPathURIs), ok, ok)
	expect(t, path(msrp.MaxPathURIs+1), "fault aaaa1 400", "fault aaaa1 400")
}

// FRM-33: a header line without end is refused before it is held.
func TestEndlessHeaderIsNotHeld(t *testing.T) {
	s := msrp.NewScanner(msrp.Lenient, msrp.Limits{})
	s.Write([]byte("MSRP aaaa1 SEND\r\n" + to + from + "X-A: "))
	piece := bytes.Repeat([]byte{'b'}, 4096)
	most := 0
	for range 256 {
		for {
			if _, ok, _ := s.Next(); !ok {
				break
			}
		}
		most = max(most, s.Buffered())
		s.Write(piece)
	}
	if _, _, err := s.Next(); err == nil {
		t.Error("1 MiB header line was not refused")
	}
	if most > 2*msrp.MaxHeaderLine {
		t.Errorf("held %d octets", most)
	}
}

// FRM-34 LIM-08: the body of anything but SEND is short and stays whole.
func TestControlBody(t *testing.T) {
	report := func(n int) string {
		return "MSRP aaaa1 REPORT\r\n" + to + from + "Message-ID: m0Kq\r\nStatus: 000 200 OK\r\nContent-Type: text/plain\r\n\r\n" +
			strings.Repeat("b", n) + "\r\n-------aaaa1$\r\n" + next
	}
	after := "; SEND nextFrame1 bodiless $"
	expect(t, report(msrp.MaxControlBody), "REPORT aaaa1 body=10240 $"+after, "REPORT aaaa1 body=10240 $"+after)
	expect(t, report(msrp.MaxControlBody+1), "fault aaaa1 400"+after, "fault aaaa1 400"+after)
	expect(t, report(3*msrp.MaxControlBody), "fault aaaa1 400"+after, "fault aaaa1 400"+after)

	r := msrp.Request{ID: "aaaa1", Method: msrp.REPORT, To: msrp.RawPath(own), From: msrp.RawPath(peer), ContentType: "text/plain"}
	if _, err := msrp.AppendRequest(nil, &r, make([]byte, msrp.MaxControlBody+1), msrp.Complete); err == nil {
		t.Error("a REPORT with a body of 10241 octets was encoded")
	}
}

// FRM-35: a response has no body and no other flag than $.
func TestResponseForm(t *testing.T) {
	head := "MSRP aaaa1 200 OK\r\n" + to + from
	expect(t, head+"-------aaaa1+\r\n"+next, "SEND nextFrame1 bodiless $; dropped", "SEND nextFrame1 bodiless $; dropped")
	expect(t, head+"-------aaaa1#\r\n", "dropped", "dropped")
	for _, n := range []int{3, 5000} {
		expect(t, head+"Content-Type: text/plain\r\n\r\n"+strings.Repeat("b", n)+"\r\n-------aaaa1$\r\n"+next,
			"response aaaa1 200; SEND nextFrame1 bodiless $", "response aaaa1 200; SEND nextFrame1 bodiless $")
	}
}

// FRM-21 FRM-24: a large body arrives in pieces and joined is what was sent, wherever it is
// cut; what is held stays small.
func TestLargeBody(t *testing.T) {
	body := strings.Repeat("line\r\n-------aaaa1 -------\r\n------aaaa1$\r\n", 700)
	wire := []byte(withBody("aaaa1", "Content-Type: text/plain\r\n\r\n", body) + next)
	for _, size := range []int{1, 7, 1000, 4096, 64 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			got, frames := scan(msrp.Strict, randomCuts(wire, func() int { return size }), false)
			if want := fmt.Sprintf("SEND aaaa1 body=%d $; SEND nextFrame1 bodiless $", len(body)); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			if string(frames[0].body) != body {
				t.Error("body differs")
			}
		})
	}
	s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
	for _, cut := range randomCuts(wire, func() int { return 1000 }) {
		s.Write(cut)
		for {
			if _, ok, err := s.Next(); !ok || err != nil {
				break
			}
		}
		if s.Buffered() > 4096 {
			t.Fatalf("holds %d octets of a body", s.Buffered())
		}
	}
}

// FRM-24: a frame stays valid and unread octets survive when the caller's buffer is reused.
func TestKeep(t *testing.T) {
	wire := []byte(next + next)
	s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
	s.Write(wire)
	if _, ok, err := s.Next(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.Keep()
	clear(wire)
	if f, ok, err := s.Next(); !ok || err != nil || string(f.ID()) != "nextFrame1" {
		t.Fatal("second frame lost", ok, err)
	}
}

// SEC-05: many small headers cost no more than their size.
func TestHeaderBombIsLinear(t *testing.T) {
	wire := []byte(bodiless("aaaa1", strings.Repeat("a:\r\n", 16<<10)))
	allocs := testing.AllocsPerRun(10, func() {
		s := msrp.NewScanner(msrp.Lenient, msrp.Limits{})
		s.Write(wire)
		s.Next()
	})
	if allocs > 20 {
		t.Errorf("%v allocations", allocs)
	}
}

// FRM-26: scanning a frame allocates nothing.
func TestScanAllocatesNothing(t *testing.T) {
	wire := benchSend(160, "$")
	s := msrp.NewScanner(msrp.Lenient, msrp.Limits{})
	out := make([]byte, 0, 512)
	allocs := testing.AllocsPerRun(100, func() {
		s.Write(wire)
		f, ok, err := s.Next()
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		out = msrp.AppendReply(out[:0], f, msrp.RawPath(benchOwn), 200)
		s.Next()
	})
	if allocs != 0 {
		t.Errorf("%v allocations per frame", allocs)
	}
	runtime.KeepAlive(out)
}
