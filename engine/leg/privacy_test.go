package leg_test

import (
	"strings"
	"testing"

	"text911/callmodel"
	"text911/esrp/esrptest"
)

// A whole call at debug level: text, number, name and coordinates of either side are not in the log
// lines; the one line of the leg's end is.
func TestNothingPersonalInTheLog(t *testing.T) {
	r := newRig(t, options{})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{Number: "+12025550187", Name: "Quillfeather",
		Place:     &esrptest.Place{Latitude: 38.123456, Longitude: -77.654321, Radius: 10},
		Reference: "https://lis.example.net/held/xyzzy"}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "marmalade under the floorboards"))
	r.reply(call, fence, "reply0001", "periwinkle is on the way")
	_, err := x.Replies(r.ctx(), 1)
	r.ok(err)
	r.ok(x.Move(r.ctx(), esrptest.Place{Latitude: 38.222222, Longitude: -77.333333, Radius: 5}))
	r.ok(x.Typing(true))
	r.ok(x.Hold(r.ctx(), true))
	r.ok(x.Hold(r.ctx(), false))
	r.ok(x.Cut(r.ctx()))
	r.awaitCount(callmodel.KindLegEstablished, 2)
	r.ok(x.HangUp(r.ctx()))
	r.wantEnd(call, callmodel.ByTexter, false)
	r.wantForgotten()
	lines := r.out.String()
	for _, secret := range []string{"marmalade", "periwinkle", "2025550187", "Quillfeather", "38.12", "77.65", "38.22", "77.33",
		"xyzzy", "circle", "Circle"} {
		if strings.Contains(lines, secret) {
			t.Errorf("secret %d characters long is in the log", len(secret))
		}
	}
	if n := strings.Count(lines, `msg="leg ended"`); n != 1 {
		t.Errorf("%d timelines of one leg", n)
	}
}
