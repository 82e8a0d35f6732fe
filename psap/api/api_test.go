package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"text911/callmodel"
	"text911/psap/api"
)

// desk answers as it is told and counts what it was asked.
type desk struct {
	mu     sync.Mutex
	inputs []callmodel.Input
	err    error
	block  chan struct{}
	panics bool
	views  []callmodel.View
	events []callmodel.Logged
}

func (d *desk) Deliver(ctx context.Context, call callmodel.CallID, in callmodel.Input) (callmodel.Outcome, error) {
	d.mu.Lock()
	d.inputs = append(d.inputs, in)
	err, block, n := d.err, d.block, len(d.inputs)
	d.mu.Unlock()
	if block != nil {
		<-block
	}
	if d.panics {
		panic("a bug")
	}
	if err != nil {
		return callmodel.Outcome{}, err
	}
	return callmodel.Outcome{Call: call, Events: []callmodel.Event{{Seq: uint64(n), Data: callmodel.MessageQueued{Message: callmodel.MessageID(fmt.Sprint("m", n))}}}}, nil
}

func (d *desk) Claim(ctx context.Context, call callmodel.CallID, by callmodel.CommandRef, position string) (callmodel.CallClaimed, uint64, error) {
	out, err := d.Deliver(ctx, call, callmodel.ClaimRequested{By: by, Position: position})
	if err != nil {
		return callmodel.CallClaimed{}, 0, err
	}
	return callmodel.CallClaimed{Fence: 7}, out.Events[0].Seq, nil
}

func (d *desk) SetAgent(context.Context, callmodel.CommandRef, callmodel.AgentState, string, *bool) (uint64, error) {
	return 3, d.err
}

func (d *desk) View(_ context.Context, call callmodel.CallID) (callmodel.View, error) {
	return callmodel.View{Call: call, Seq: 42}, d.err
}
func (d *desk) Views() []callmodel.View { return d.views }
func (d *desk) Read(_ context.Context, after uint64, limit int) ([]callmodel.Logged, uint64, error) {
	page, err := d.ReadCall(context.Background(), "", after, limit)
	return page, uint64(len(d.events)), err
}
func (d *desk) ReadCall(_ context.Context, _ callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error) {
	var page []callmodel.Logged
	for _, l := range d.events {
		if l.Event.Seq > after && len(page) < limit {
			page = append(page, l)
		}
	}
	return page, d.err
}

func (d *desk) asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.inputs)
}

func send(id, text string) api.Command {
	data, _ := json.Marshal(api.SendData{Call: "c", Fence: 1, Text: callmodel.Private(text)})
	return api.Command{ID: callmodel.CommandID(id), Type: api.MessageSend, Data: data}
}

var ann = api.Caller{Agent: "ann"}

// Same id and body: same answer and no second effect; other body: id_reused; after 24 hours it is a
// new command.
func TestRepeats(t *testing.T) {
	now := time.Now()
	d := &desk{}
	s := api.NewService(d, func() time.Time { return now })
	ctx := t.Context()
	one := s.Do(ctx, ann, send("1", "x"))
	spaced := send("1", "x")
	spaced.Data = json.RawMessage(strings.ReplaceAll(string(spaced.Data), `,`, ` , `))
	two := s.Do(ctx, ann, spaced)
	if !one.OK || string(one.Data) != string(two.Data) || one.Seq != two.Seq || d.asked() != 1 {
		t.Errorf("%+v then %+v; the desk was asked %d times", one, two, d.asked())
	}
	if r := s.Do(ctx, ann, send("1", "y")); r.OK || r.Error.Code != callmodel.CodeIDReused {
		t.Errorf("other body: %+v", r)
	}
	if r := s.Do(ctx, api.Caller{Agent: "bob"}, send("1", "x")); !r.OK || d.asked() != 2 {
		t.Errorf("another agent's id is another's: %+v", r)
	}
	now = now.Add(24*time.Hour + time.Second)
	if r := s.Do(ctx, ann, send("1", "y")); !r.OK || d.asked() != 3 {
		t.Errorf("a day later: %+v", r)
	}
}

// A refusal is the same the second time; an answer that says "try again" is not remembered.
func TestRepeatsOfFailures(t *testing.T) {
	d := &desk{err: callmodel.Refuse(callmodel.CodeNotYours, "another taker has the call")}
	s := api.NewService(d, nil)
	s.Do(t.Context(), ann, send("1", "x"))
	if r := s.Do(t.Context(), ann, send("1", "x")); r.OK || r.Error.Code != callmodel.CodeNotYours || d.asked() != 1 {
		t.Errorf("%+v after %d", r, d.asked())
	}
	d.err = away{}
	if r := s.Do(t.Context(), ann, send("2", "x")); r.OK || r.Error.Code != callmodel.CodeUnavailable || !r.Error.Retryable || r.Error.Status != 503 {
		t.Errorf("%+v", r)
	}
	d.err = nil
	if r := s.Do(t.Context(), ann, send("2", "x")); !r.OK {
		t.Errorf("tried again: %+v", r)
	}
}

type away struct{}

func (away) Error() string     { return "disk full" }
func (away) Unavailable() bool { return true }

// A repeat that comes while the first is being done waits for its answer.
func TestRepeatWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{block: make(chan struct{})}
		s := api.NewService(d, nil)
		replies := make(chan api.Reply, 3)
		for range 3 {
			go func() { replies <- s.Do(t.Context(), ann, send("1", "x")) }()
		}
		synctest.Wait()
		close(d.block)
		first := <-replies
		for range 2 {
			if r := <-replies; !r.OK || string(r.Data) != string(first.Data) {
				t.Errorf("%+v, first %+v", r, first)
			}
		}
		if d.asked() != 1 {
			t.Errorf("done %d times", d.asked())
		}
	})
}

// A bug is an answer, not a crash, and does not hold up who asks again.
func TestBugIsAnAnswer(t *testing.T) {
	d := &desk{panics: true}
	s := api.NewService(d, nil)
	if r := s.Do(t.Context(), ann, send("1", "x")); r.OK || r.Error.Code != api.CodeInternal || !r.Error.Retryable {
		t.Errorf("%+v", r)
	}
	d.panics = false
	if r := s.Do(t.Context(), ann, send("1", "x")); !r.OK || s.Stats().Faults != 1 {
		t.Errorf("%+v, %+v", r, s.Stats())
	}
}

// What is wrong with the data is told by the member's name and never by its value.
func TestErrorsNameNoContent(t *testing.T) {
	d := &desk{}
	const secret = "secretword"
	for typ, data := range map[string]string{
		api.MessageSend:    `{"call":"c","fence":"` + secret + `","text":"` + secret + `"}`,
		api.CallNote:       `{"call":7,"text":"` + secret + `"}`,
		api.CallList:       `{"phase":"` + secret + `"}`,
		api.AgentState:     `{"state":"` + secret + `"}`,
		api.MessageShown:   `{"call":"c","message":["` + secret + `"]}`,
		api.CallClose:      `"` + secret + `"`,
		api.CallTyping:     secret,
		api.CallTranscript: `{"call":"c","limit":"` + secret + `"}`,
	} {
		r := api.Dispatch(t.Context(), d, ann, api.Command{ID: "1", Type: typ, Data: json.RawMessage(data)})
		if r.OK || r.Error.Code != callmodel.CodeInvalid {
			t.Errorf("%s: %+v", typ, r)
			continue
		}
		raw, _ := json.Marshal(r)
		if strings.Contains(string(raw), secret) {
			t.Errorf("%s: the answer quotes what was sent", typ)
		}
	}
	if d.asked() != 0 {
		t.Errorf("the desk was asked %d times", d.asked())
	}
}

// Every refusal has a problem with an HTTP status, a title, a URI and a code (RFC 9457 §3.1).
func TestProblems(t *testing.T) {
	for _, code := range []callmodel.Code{
		callmodel.CodeUnknownCall, callmodel.CodeUnknownLeg, callmodel.CodeUnknownItem, callmodel.CodeCallClosed,
		callmodel.CodeAlreadyTaken, callmodel.CodeNotClaimed, callmodel.CodeStaleFence, callmodel.CodeNotYours,
		callmodel.CodeLegNotReady, callmodel.CodeTooLarge, callmodel.CodeTypeRefused, callmodel.CodeInvalid,
		callmodel.CodeIDReused, callmodel.CodeUnexpected, callmodel.CodeUnavailable, callmodel.CodeTooMany, callmodel.CodeAlreadyExists,
	} {
		p := api.ProblemOf(fmt.Errorf("wrapped: %w", callmodel.Refuse(code, "why")))
		if p.Code != code || p.Status < 400 || p.Status > 599 || p.Status == 500 || p.Title == "" || p.Detail != "why" || p.Type != "urn:text911:problem:"+string(code) {
			t.Errorf("%s: %+v", code, p)
		}
	}
	if p := api.ProblemOf(errors.New("sip:+15555550100@example.com")); p.Status != 500 || strings.Contains(p.Detail, "5550100") {
		t.Errorf("%+v", p)
	}
}

func TestRoles(t *testing.T) {
	d := &desk{}
	reader := api.Caller{Agent: "rob", Roles: []api.Role{api.RoleReader}}
	if r := api.Dispatch(t.Context(), d, reader, send("1", "x")); r.OK || r.Error.Code != api.CodeNotAllowed {
		t.Errorf("%+v", r)
	}
	if r := api.Dispatch(t.Context(), d, reader, api.Command{ID: "1", Type: api.CallList}); !r.OK {
		t.Errorf("%+v", r)
	}
}

// Pages: limits hold, cursors go on where the page ended, big envelopes end a page early.
func TestPages(t *testing.T) {
	d := &desk{}
	for i := range 25 {
		d.views = append(d.views, callmodel.View{Call: callmodel.CallID(fmt.Sprintf("c%02d", i)), Phase: callmodel.PhaseActive})
	}
	var seen []callmodel.CallID
	cursor := ""
	for range 10 {
		r := api.Dispatch(t.Context(), d, ann, command(api.CallList, api.ListData{Limit: 10, Cursor: cursor}))
		var page api.ListResult
		if err := json.Unmarshal(r.Data, &page); err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Calls {
			seen = append(seen, v.Call)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 25 || seen[24] != "c24" {
		t.Errorf("%d calls over the pages", len(seen))
	}
	raw := []byte(`{"x":"` + strings.Repeat("y", 300<<10) + `"}`)
	for i := range 5 {
		d.events = append(d.events, callmodel.Logged{Event: callmodel.Event{Seq: uint64(i + 1)}, Raw: raw})
	}
	r := api.Dispatch(t.Context(), d, ann, command(api.CallTranscript, api.TranscriptData{Call: "c"}))
	var page api.TranscriptResult
	if err := json.Unmarshal(r.Data, &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Events) != 2 || !page.More || len(r.Data) > 1<<20 || !strings.HasPrefix(string(page.Events[0]), `{"seq":1,`) {
		t.Errorf("%d events, more %v, %d octets", len(page.Events), page.More, len(r.Data))
	}
}

func command(typ string, data any) api.Command {
	raw, _ := json.Marshal(data)
	return api.Command{ID: "1", Type: typ, Data: raw}
}

// Lanes: one call in order, calls side by side, bounded, waited for.
func TestLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := api.NewLanes(10)
		block := make(chan struct{})
		var mu sync.Mutex
		var order []int
		for i := range 5 {
			if !l.Go("a", func() {
				if i == 0 {
					<-block
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
			}) {
				t.Fatal("no room")
			}
		}
		beside := false
		l.Go("b", func() { beside = true })
		synctest.Wait()
		if !beside || len(order) != 0 {
			t.Errorf("another call waited: %v, %v", beside, order)
		}
		taken := 5
		for l.Go("a", func() {}) {
			taken++
		}
		if taken != 10 {
			t.Errorf("%d were taken", taken)
		}
		close(block)
		l.Close()
		if fmt.Sprint(order) != "[0 1 2 3 4]" {
			t.Errorf("order %v", order)
		}
		if l.Go("a", func() {}) {
			t.Error("taken after Close")
		}
	})
}
