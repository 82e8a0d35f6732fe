package console_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/api"
	"text911/psap/console"
)

// What people write, and who they are, is on consoles and in the event log, and never in the
// operator's log, not even at debug level.
func TestNothingPrivateIsLogged(t *testing.T) {
	const text, note, number = "hiding in the cupboard", "calls from a neighbour", "5555550100"
	var b lockedBuffer
	log := slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := newWorldWith(t, func(c *console.Config) { c.Logger = log }, func(c *psap.Config) { c.Logger = log })
	call := w.Call(t)
	w.Line(t, call, text)
	c, _ := w.started(t, "ann")
	claim, _ := do[api.ClaimResult](t, c, api.CallClaim, api.ClaimData{Call: call})
	do[api.SendResult](t, c, api.MessageSend, api.SendData{Call: call, Fence: claim.Fence, Text: text})
	do[struct{}](t, c, api.CallNote, api.NoteData{Call: call, Text: note})
	refused(t, c, callmodel.CodeStaleFence, api.MessageSend, api.SendData{Call: call, Fence: 999, Text: text})
	refused(t, c, callmodel.CodeInvalid, api.CallNote, map[string]any{"call": call, "text": []string{text}})
	if err := c.WriteRaw(1, []byte(`{"op":"`+text+`"}`)); err != nil {
		t.Fatal(err)
	}
	how := cut(t, c)
	logged := b.String()
	if !strings.Contains(logged, "console started") {
		t.Error("the log says nothing at all")
	}
	for _, private := range []string{text, note, number} {
		if strings.Contains(logged, private) {
			t.Errorf("the log holds private content")
		}
		if strings.Contains(string(how.Error.Raw), private) {
			t.Errorf("the error frame holds private content")
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
