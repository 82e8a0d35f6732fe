package chaos

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/cmd/text911/config"
	"text911/esrp/esrptest"
	"text911/psap/api"
	"text911/psap/psaptest"
)

// What a person is and says, in words that occur nowhere else.
const (
	secretNumber  = "+15557261534"
	secretName    = "Zephyrine Quillfeather"
	secretText    = "the wardrobe smells of bergamot"
	secretReply   = "stay behind the vermilion curtain"
	secretNote    = "speaks like a lighthouse keeper"
	secretRefused = "xylophone under the porch"
)

// secrets are looked for in everything an operator reads. Coordinates are looked for in pieces that
// rounding would leave.
func secrets() map[string]string {
	return map[string]string{
		"the number": secretNumber, "the number without its plus": secretNumber[1:], "the name": secretName, "the family name": "Quillfeather",
		"the text": secretText, "a word of the text": "bergamot", "the reply": secretReply, "a word of the reply": "vermilion",
		"the note": secretNote, "a word of the note": "lighthouse", "a text that was refused": "xylophone",
		"the latitude": "38.12345", "the longitude": "-77.98765", "the longitude without its sign": "77.98765",
	}
}

// everything collects what was written.
type everything struct {
	mu sync.Mutex
	b  strings.Builder
}

func (e *everything) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.b.Write(p)
}

func (e *everything) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.b.String()
}

// A whole conversation with number, name, place, texts, replies, notes, refused commands and broken
// frames that hold all of these: nothing of it reaches the log at its most talkative, the metrics,
// or what commands are refused with.
func TestNothingPrivateInTheLog(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			var log, told everything
			r := run(t, &log, func(cfg *config.Config) { cfg.Logging = config.Logging{Level: "debug", Format: format} })
			privateConversation(t, r, &told)
			privateNonsense(t, r)
			pages := r.page(t, "/metrics") + r.page(t, "/readyz") + r.page(t, "/healthz")
			r.stop()
			if log.String() == "" {
				t.Fatal("the log is empty: it cannot have been looked through")
			}
			for where, what := range map[string]string{"the log": log.String(), "the operator's pages": pages, "an error": told.String()} {
				for name, secret := range secrets() {
					if strings.Contains(what, secret) {
						t.Errorf("%s holds %s", where, name)
					}
				}
			}
		})
	}
}

// privateConversation is an ordinary conversation, with a break and a new position.
func privateConversation(t *testing.T, r *running, told *everything) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	n, err := esrptest.New(esrptest.Config{Target: sip(r.Addresses, "tcp")})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	serving, end := context.WithCancel(ctx)
	go func() { defer close(served); _ = n.Run(serving) }()
	defer func() { end(); <-served }()
	newTakerWho(t, r.Console, "calm", func(callmodel.CallID, callmodel.MessageReceived) string { return secretReply })
	x := n.Texter(esrptest.Caller{Number: secretNumber, Name: secretName, Languages: []string{"en"},
		Place: &esrptest.Place{Latitude: 38.12345, Longitude: -77.98765, Radius: 50, Method: "GPS"}}, esrptest.Mode{})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(x.Invite(ctx))
	must(x.Typing(true))
	must(x.Send(ctx, secretText))
	_, err = x.Replies(ctx, 1)
	must(err)
	must(x.Move(ctx, esrptest.Place{Latitude: 38.123451, Longitude: -77.987651, Radius: 5, Method: "GPS"}))
	must(x.Cut(ctx))
	must(x.Reconnect(ctx))
	must(x.Send(ctx, secretText+" again"))
	_, err = x.Replies(ctx, 2)
	must(err)
	must(x.Reinvite(ctx))
	must(x.Send(ctx, secretText+" and again"))
	privateCommands(ctx, t, r, told)
	must(x.HangUp(ctx))
}

// privateCommands sends commands that are refused, with private things in them.
func privateCommands(ctx context.Context, t *testing.T, r *running, told *everything) {
	t.Helper()
	c, err := psaptest.Dial(ctx, psaptest.Config{URL: "ws://" + r.Console + "/v1/ws", PSAP: psapID, Agent: "other"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ready, err := c.Start(ctx)
	if err != nil || len(ready.Snapshot.Calls) != 1 {
		t.Fatalf("the console does not see the call: %v", err)
	}
	call := ready.Snapshot.Calls[0].Call
	for typ, data := range map[string]any{
		api.CallNote:    api.NoteData{Call: call, Text: secretNote},
		api.MessageSend: api.SendData{Call: call, Fence: 1, Text: secretReply},
		api.CallGet:     map[string]any{"call": secretText},
		"call.sing":     map[string]any{"song": secretText, "number": secretNumber},
		api.CallClose:   map[string]any{"call": call, "fence": secretText},
		api.CallExtend:  map[string]any{"call": call, "fence": 1, secretName: secretText},
	} {
		reply, err := c.Do(ctx, typ, data)
		if err != nil {
			t.Fatal(err)
		}
		if !reply.OK {
			fmt.Fprintf(told, "%+v\n", *reply.Error)
		}
	}
	if err := c.WriteRaw(1, []byte(`{"op":"command","type":"`+secretText+`","`+secretName)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := c.Next(ctx); err != nil {
			if cut, ok := psaptest.CutOf(err); ok && cut.Error != nil {
				fmt.Fprintf(told, "%s\n", cut.Error.Raw)
			}
			return
		}
	}
}

// privateNonsense sends what no part can read, full of private things.
func privateNonsense(t *testing.T, r *running) {
	t.Helper()
	junk := "To-Path: " + secretText + "\r\n" + secretName + ": " + secretNumber + "\r\n\r\n" + secretRefused + " 38.12345 -77.98765\r\n"
	target, _, _ := strings.Cut(strings.TrimPrefix(sip(r.Addresses, "tcp"), "sip:"), ";")
	for _, frame := range []struct{ address, octets string }{
		{r.MSRP, "MSRP abcd1234 SEND\r\n" + junk},
		{r.MSRP, "MSRP abcd1234 SEND\r\nTo-Path: msrp://" + r.MSRP + "/0123456789abcdef;tcp\r\nFrom-Path: msrp://127.0.0.1:9/" + strings.ReplaceAll(secretName, " ", "") +
			";tcp\r\nMessage-ID: bergamot1\r\nByte-Range: 1-24/24\r\nContent-Type: text/plain\r\n\r\n" + secretRefused + "\r\n-------abcd1234$\r\n"},
		{target, "INVITE sip:" + secretNumber + "@psap.example SIP/2.0\r\n" + junk},
		{target, "INVITE urn:service:sos SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKq\r\nFrom: \"" + secretName + "\" <sip:" + secretNumber +
			"@carrier.example>;tag=1\r\nTo: <urn:service:sos>\r\nCall-ID: " + strings.ReplaceAll(secretName, " ", "") + "\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n" +
			"Content-Type: application/sdp\r\nContent-Length: 24\r\n\r\n" + secretRefused[:24]},
		{r.Console, "GET /v1/ws?" + strings.ReplaceAll(secretText, " ", "+") + " HTTP/1.1\r\nHost: " + strings.ReplaceAll(secretName, " ", "") + "\r\n\r\n"},
		{r.Admin, "GET /" + secretNumber + " HTTP/1.1\r\nHost: a\r\n\r\n"},
	} {
		c := dial(t, "127.0.0.1", frame.address)
		_ = c.SetDeadline(time.Now().Add(300 * time.Millisecond))
		if _, err := c.Write([]byte(frame.octets)); err != nil {
			t.Fatal(err)
		}
		_, _ = c.Read(make([]byte, 4096)) // an answer, the end, or nothing
		_ = c.Close()
	}
}
