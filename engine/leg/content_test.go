package leg

import (
	"strings"
	"testing"
	"time"
)

const cpimHead = "From: <tel:+12025550143>\r\nTo: <urn:service:sos>\r\nDateTime: 2026-03-10T11:00:01-05:00\r\n\r\n"

func TestRead(t *testing.T) {
	g := &Gateway{cfg: Config{KeepBody: 64}}
	at := time.Date(2026, 3, 10, 16, 0, 1, 0, time.UTC)
	for _, c := range []struct {
		name, typ, body string
		wantType, text  string
		claimed         bool
	}{
		{"bare", "text/plain", "hello", "text/plain", "hello", false},
		{"charset", "Text/Plain; charset=UTF-8", "señal", "text/plain", "señal", false},
		{"no type", "", "hello", "text/plain", "hello", false},
		// ASM-15: other charsets are decoded
		{"latin", "text/plain;charset=iso-8859-1", "se\xf1al", "text/plain", "señal", false},
		// ASM-14: broken UTF-8 is shown with replacement characters, never dropped
		{"broken", "text/plain", "a\xffb", "text/plain", "a\uFFFDb", false},
		// ASM-16: containers are opened
		{"cpim", "message/cpim", cpimHead + "Content-Type: text/plain;charset=utf-8\r\n\r\ninside", "text/plain", "inside", true},
		{"cpim, upper case", "message/CPIM", cpimHead + "Content-Type: text/plain\r\n\r\ninside", "text/plain", "inside", true},
		{"cpim with latin", "message/cpim", cpimHead + "Content-Type: text/plain;charset=iso-8859-1\r\n\r\nse\xf1al", "text/plain", "señal", true},
		{"cpim nobody can open", "message/cpim", "help me", "text/plain", "help me", false},
		{"alternative", "multipart/alternative;boundary=b",
			"--b\r\nContent-Type: text/plain\r\n\r\none\r\n--b\r\nContent-Type: application/x-odd\r\n\r\ntwo\r\n--b--\r\n", "text/plain", "one", false},
		{"mixed texts", "multipart/mixed;boundary=b", "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n", "text/plain", "one\ntwo", false},
		{"picture", "image/png", "\x89PNG", "image/png", "", false},
	} {
		r := g.read(c.typ, []byte(c.body))
		if r.fault != "" || r.typing || r.content.ContentType != c.wantType || r.content.Text.Reveal() != c.text || r.content.Placeholder {
			t.Errorf("%s: fault %q, typing %v, type %q, text of %d octets", c.name, r.fault, r.typing, r.content.ContentType, len(r.content.Text))
		}
		if r.claimed.Equal(at) != c.claimed {
			t.Errorf("%s: claimed %v", c.name, r.claimed)
		}
	}
	if r := g.read("image/png", []byte(strings.Repeat("x", 65))); !r.content.Placeholder || r.content.Size != 65 || len(r.content.Body) != 0 {
		t.Error("a body above the limit was kept")
	}
	for state, want := range map[string]bool{"active": true, "idle": false, "odd": false} {
		doc := `<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>` + state + `</state></isComposing>`
		r := g.read("message/cpim", []byte(cpimHead+"Content-Type: application/im-iscomposing+xml\r\n\r\n"+doc))
		if !r.typing || r.active != want {
			t.Errorf("state %s: %v %v", state, r.typing, r.active)
		}
	}
}

// No body makes the reader panic or lose its type.
func FuzzRead(f *testing.F) {
	f.Add("message/cpim", []byte(cpimHead+"Content-Type: text/plain\r\n\r\ninside"))
	f.Add("multipart/mixed;boundary=b", []byte("--b\r\n\r\none\r\n--b--\r\n"))
	g := &Gateway{cfg: Config{KeepBody: 64}}
	f.Fuzz(func(t *testing.T, typ string, body []byte) {
		if r := g.read(typ, body); !r.typing && r.content.ContentType == "" {
			t.Error("content without a type")
		}
	})
}
