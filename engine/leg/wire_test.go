package leg_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"testing"

	"text911/callmodel"
	"text911/engine/msrp/msrptest"
	"text911/engine/sipua"
	"text911/esrp"
	"text911/esrp/esrptest"
)

// A caller that is only a user agent and a socket, so that a test sees the frames themselves.
type (
	anybody struct{}
	nobody  struct{}
	quiet   struct{}
)

func (anybody) Identify(sipua.Evidence) (string, bool) { return "engine", true }
func (anybody) Admit(string) sipua.Admission           { return sipua.Take() }

func (nobody) OnInvite(_ context.Context, in *sipua.Invitation) sipua.DialogHandler {
	_ = in.Refuse(486, "", 0)
	return nil
}

func (quiet) OnOffer(context.Context, *sipua.Dialog, sipua.Offer) ([]byte, error) {
	return nil, &sipua.Refusal{Code: 488}
}
func (quiet) OnRequest(context.Context, *sipua.Dialog, sipua.Request) error { return nil }
func (quiet) OnEvent(context.Context, *sipua.Dialog, sipua.Event)           {}

const (
	barePath  = "msrp://127.0.0.1:28550/Rm5Jc8Yt1Gs6Nf0Ue4Qa;tcp"
	bareOffer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
		"m=message 28550 TCP/MSRP *\r\na=setup:active\r\na=path:" + barePath + "\r\na=accept-types:text/plain\r\n"
)

var answeredPath = regexp.MustCompile(`(?m)^a=path:(\S+)\r?$`)

// bareCall places a call and binds its session.
func (r *rig) bareCall() *msrptest.Peer {
	r.t.Helper()
	ua := r.must(sipua.New(sipua.Config{Policy: anybody{}, Host: "127.0.0.1",
		Listeners: []sipua.Listener{{Transport: sipua.TCP, Address: "127.0.0.1:0"}}}, nobody{})).(*sipua.UA)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = ua.Run(ctx) })
	r.t.Cleanup(func() { cancel(); work.Wait() })
	_, answer, err := ua.Invite(r.ctx(), sipua.Outgoing{Target: "urn:service:sos", From: "<sip:texter@texter.example>",
		Route: []string{"<sip:" + r.sip(sipua.TCP) + ";transport=tcp;lr>"}, Offer: []byte(bareOffer)}, quiet{})
	r.ok(err)
	path := answeredPath.FindStringSubmatch(string(answer))
	if path == nil {
		r.t.Fatal("answer without a path")
	}
	p, err := msrptest.DialPeer(strings.TrimPrefix(path[1][:strings.LastIndexByte(path[1], '/')], "msrp://"))
	r.ok(err)
	r.t.Cleanup(func() { _ = p.Close() })
	r.ok(p.Write(msrptest.Bind("bind0001", path[1], barePath, "mBind001")))
	_, err = p.Response("bind0001")
	r.ok(err)
	return p
}

// SND-05: the first text of a session, as every other, asks for both kinds of report.
func TestRepliesAskForReports(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce})
	p := r.bareCall()
	call := r.awaitKind(callmodel.KindCallOffered).Call
	fence := r.claim(call)
	for _, id := range []callmodel.MessageID{"reply0001", "reply0002"} {
		r.reply(call, fence, id, "stay where you are")
		f, err := p.Next()
		r.ok(err)
		if f.Method != "SEND" || f.Header("Success-Report") != "yes" {
			t.Errorf("%s %q with Success-Report %q", f.Method, id, f.Header("Success-Report"))
		}
		if failure := f.Header("Failure-Report"); failure != "" && failure != "yes" {
			t.Errorf("Failure-Report %q", failure)
		}
		r.ok(p.Write(msrptest.Respond(f, "200 OK")))
	}
}

// SEC-17: who a message/cpim says it is from changes nothing: it is the caller's.
func TestAuthorInsideCPIMIsNotBelieved(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce})
	x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Invite(r.ctx()))
	r.ok(x.Send(r.ctx(), "as myself"))
	forged := "From: \"Dispatcher\" <sip:somebody-else@psap.example>\r\nTo: <urn:service:sos>\r\n" +
		"DateTime: 2026-02-03T04:05:06Z\r\n\r\nContent-Type: text/plain\r\n\r\nas another"
	r.ok(x.SendContent(r.ctx(), "message/cpim", []byte(forged)))
	r.wantTexts("", "as myself", "as another")
	authors := map[callmodel.ParticipantID]int{}
	for _, e := range r.events() {
		if m, ok := e.Data.(callmodel.MessageReceived); ok {
			authors[m.From]++
		}
		b, err := json.Marshal(e.Data)
		r.ok(err)
		if strings.Contains(string(b), "somebody-else") {
			t.Errorf("%s names the author that was only claimed", e.Data.Kind())
		}
	}
	if len(authors) != 1 {
		t.Errorf("%d authors", len(authors))
	}
}
