package msrp_test

import (
	"bytes"
	"strings"
	"testing"

	"text911/engine/msrp"
	"text911/fixtures"
)

func request() msrp.Request {
	return msrp.Request{
		ID: "8hQ2mX5vR1cL", Method: msrp.SEND, To: msrp.RawPath(own), From: msrp.RawPath(peer), MessageID: "m1Hd8sKe03",
		Range: &msrp.ByteRange{Start: 1, End: 4, Total: 4}, ContentType: "text/plain",
	}
}

// FRM-37: nothing that an application gives can smuggle a line end, or anything else that
// is not a value, into a frame; and nothing at all is written then.
func TestHeaderInjection(t *testing.T) {
	for _, evil := range []string{"a\r\nX: y", "a\nX: y", "a\rX: y", "a\x00b", "a\r\n-------8hQ2mX5vR1cL$\r\n"} {
		for name, change := range map[string]func(*msrp.Request){
			"id":           func(r *msrp.Request) { r.ID = msrp.TransactionID(evil) },
			"method":       func(r *msrp.Request) { r.Method = msrp.Method(evil) },
			"to":           func(r *msrp.Request) { r.To = msrp.RawPath(evil) },
			"from":         func(r *msrp.Request) { r.From = msrp.RawPath(evil) },
			"message id":   func(r *msrp.Request) { r.MessageID = msrp.MessageID(evil) },
			"content type": func(r *msrp.Request) { r.ContentType = evil },
			"header name":  func(r *msrp.Request) { r.Headers = []msrp.Header{{Name: evil, Value: "x"}} },
			"header value": func(r *msrp.Request) { r.Headers = []msrp.Header{{Name: "X", Value: evil}} },
		} {
			r := request()
			change(&r)
			out, err := msrp.AppendRequest([]byte("before"), &r, []byte("help"), msrp.Complete)
			if err == nil || string(out) != "before" {
				t.Errorf("%s %q: err %v, wrote %q", name, evil, err, out)
			}
		}
		for name, r := range map[string]msrp.Response{
			"id":      {ID: msrp.TransactionID(evil), Code: 200, To: msrp.RawPath(own), From: msrp.RawPath(peer)},
			"to":      {ID: "aaaa1", Code: 200, To: msrp.RawPath(evil), From: msrp.RawPath(peer)},
			"from":    {ID: "aaaa1", Code: 200, To: msrp.RawPath(own), From: msrp.RawPath(evil)},
			"comment": {ID: "aaaa1", Code: 200, To: msrp.RawPath(own), From: msrp.RawPath(peer), Comment: evil},
		} {
			if out, err := msrp.AppendResponse(nil, &r); err == nil || len(out) > 0 {
				t.Errorf("response %s %q: wrote %q", name, evil, out)
			}
			if name != "comment" {
				if out := msrp.AppendAnswer(nil, r.ID, r.To, r.From, 200); len(out) > 0 {
					t.Errorf("answer %s %q: wrote %q", name, evil, out)
				}
			}
		}
	}
}

// SND-08 FRM-15 FRM-16 CHK-12 RPT-04: requests that are never written.
func TestRequestsThatAreRefused(t *testing.T) {
	for name, change := range map[string]func(*msrp.Request){
		"transfer encoding":    func(r *msrp.Request) { r.Headers = []msrp.Header{{Name: "content-transfer-encoding", Value: "base64"}} },
		"second content type":  func(r *msrp.Request) { r.Headers = []msrp.Header{{Name: "Content-Type", Value: "a/b"}} },
		"second to-path":       func(r *msrp.Request) { r.Headers = []msrp.Header{{Name: "to-path", Value: own}} },
		"body without type":    func(r *msrp.Request) { r.ContentType = "" },
		"no path":              func(r *msrp.Request) { r.To = nil },
		"lower-case method":    func(r *msrp.Request) { r.Method = "send" },
		"range before start":   func(r *msrp.Request) { r.Range = &msrp.ByteRange{Start: 0, End: 4, Total: 4} },
		"range ends before it": func(r *msrp.Request) { r.Range = &msrp.ByteRange{Start: 5, End: 3, Total: 4} },
		"wish on a report":     func(r *msrp.Request) { r.Method, r.SuccessReport = msrp.REPORT, true },
		"status":               func(r *msrp.Request) { r.Status = &msrp.Status{Code: 20} },
		"space before value":   func(r *msrp.Request) { r.Headers = []msrp.Header{{Name: "X", Value: " a"}} },
		"own id in body":       func(r *msrp.Request) { r.ID = "help" },
	} {
		r := request()
		change(&r)
		if out, err := msrp.AppendRequest(nil, &r, []byte("-------help"), msrp.Complete); err == nil {
			t.Errorf("%s: wrote %q", name, out)
		}
	}
	r := request()
	if _, err := msrp.AppendRequest(nil, &r, []byte("help"), '?'); err == nil {
		t.Error("wrote a bad flag")
	}
}

// FRM-01 FRM-07 FRM-10 FRM-15 SND-04 SND-09: the one form in which a request is sent.
func TestRequestForm(t *testing.T) {
	r := request()
	r.SuccessReport, r.FailureReport = true, msrp.FailurePartial
	r.Headers = []msrp.Header{{Name: "Content-Disposition", Value: "attachment"}, {Name: "X-A", Value: "b"}}
	got, err := msrp.AppendRequest(nil, &r, []byte("help"), msrp.More)
	want := "MSRP 8hQ2mX5vR1cL SEND\r\nTo-Path: " + own + "\r\nFrom-Path: " + peer + "\r\nMessage-ID: m1Hd8sKe03\r\n" +
		"Success-Report: yes\r\nFailure-Report: partial\r\nByte-Range: 1-4/4\r\nX-A: b\r\nContent-Disposition: attachment\r\n" +
		"Content-Type: text/plain\r\n\r\nhelp\r\n-------8hQ2mX5vR1cL+\r\n"
	if err != nil || string(got) != want {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
	}
	r = request()
	if got, _ = msrp.AppendRequest(nil, &r, []byte("help"), msrp.Complete); bytes.Contains(got, []byte("-Report")) {
		t.Error("SND-04: default report headers are written")
	}
	r.ContentType = ""
	if got, _ = msrp.AppendRequest(nil, &r, nil, msrp.Complete); bytes.Contains(got, []byte("\r\n\r\n")) {
		t.Error("FRM-16: an empty line in a bodiless frame")
	}
	if s := (msrp.ByteRange{Start: 5, End: msrp.Unknown, Total: msrp.Unknown}).String(); s != "5-*/*" {
		t.Errorf("range %s", s)
	}
}

// RSP-06 RSP-07 RSP-09: responses as the R vectors show them.
func TestReplies(t *testing.T) {
	vs, err := fixtures.Vectors("msrp")
	if err != nil {
		t.Fatal(err)
	}
	wire := make(map[string][]byte)
	for _, v := range vs {
		wire[v.Name] = v.Wire
	}
	for _, tt := range []struct {
		request, response string
		code              int
	}{{"V01", "R01", 200}, {"V18", "R02", 200}, {"V40", "R03", 501}, {"V17", "R08", 425}} {
		s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
		s.Write(wire[tt.request])
		f, ok, err := s.Next()
		if !ok || err != nil {
			t.Fatal(tt.request, err)
		}
		if got := msrp.AppendReply(nil, f, msrp.RawPath(own), tt.code); !bytes.Equal(got, wire[tt.response]) {
			t.Errorf("%s:\n got %q\nwant %q", tt.response, got, wire[tt.response])
		}
	}
	for code := 100; code < 1000; code++ {
		if strings.TrimSpace(msrp.CodeText(code)) == "" {
			t.Errorf("code %d has no comment", code)
		}
	}
}

// RSP-06: a request other than SEND is answered along its whole From-Path.
func TestReplyToOtherMethods(t *testing.T) {
	s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
	path := "msrp://r1.example.org:1/a;tcp msrp://r2.example.org:1/b;tcp"
	s.Write([]byte("MSRP aaaa1 AUTH\r\nTo-Path: " + own + "\r\nFrom-Path: " + path + "\r\n-------aaaa1$\r\n"))
	f, ok, err := s.Next()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if got := string(msrp.AppendReply(nil, f, f.To(), 501)); !strings.Contains(got, "To-Path: "+path+"\r\n") {
		t.Errorf("got %q", got)
	}
}

// FRM-38: what the codec does not know is kept in order for whoever passes a frame on.
func TestHeadersAreKept(t *testing.T) {
	s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
	s.Write([]byte(bodiless("aaaa1", "X-B: 1\r\nx-a: 2\r\nX-B: 3\r\n")))
	f, ok, err := s.Next()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	r := f.Request()
	want := []msrp.Header{{Name: "X-B", Value: "1"}, {Name: "x-a", Value: "2"}, {Name: "X-B", Value: "3"}}
	if len(r.Headers) != 3 || r.Headers[0] != want[0] || r.Headers[1] != want[1] || r.Headers[2] != want[2] {
		t.Errorf("got %v", r.Headers)
	}
	if v, ok := f.Header("X-A"); !ok || string(v) != "2" {
		t.Errorf("Header gives %q, %v", v, ok)
	}
	if _, ok := f.Header("X-C"); ok {
		t.Error("Header finds what is not there")
	}
}

// ASM-10 SEC-07: Byte-Range values at the edges of what is possible.
func TestByteRange(t *testing.T) {
	for s, ok := range map[string]bool{
		"1-0/0": true, "1-*/*": true, "1-4/4": true, "5-4/4": true, "6-5/4": false, "1-4/2147483648": true,
		"4294967296-*/*": true, "9223372036854775807-*/*": true, "9223372036854775808-*/*": false, "1-*/9223372036854775808": false,
		"0-4/5": false, "-1-4/5": false, "5-3/8": false, "1-x/4": false, "9-12/4": false, "": false, "1": false, "1-": false,
		"1-4": false, "1-4/": false, "1-4/4 ": false, " 1-4/4": false, "*-4/4": false, "1--4/4": false, "+1-4/4": false, "1-4/4/4": false,
		"1-99999999999999999999999/4": false,
	} {
		r, err := msrp.ParseByteRange(s)
		if (err == nil) != ok {
			t.Errorf("%q: %v, %v", s, r, err)
		}
		if err == nil && r.String() != s {
			t.Errorf("%q becomes %q", s, r)
		}
	}
}
