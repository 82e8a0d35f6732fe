package leg_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"text911/esrp"
	"text911/esrp/esrptest"
)

// Peers that send nonsense to SIP and MSRP while a conversation goes on: nothing of theirs is taken,
// and nothing of the conversation is lost, late or doubled.
func TestHostilePeersBesideAConversation(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce})
	x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Invite(r.ctx()))
	call := r.awaitKind("call.offered").Call
	msrp := r.place.Addr().String()
	stop := make(chan struct{})
	var hostile sync.WaitGroup
	for _, nonsense := range []string{
		strings.Repeat("A", 1<<20),
		"MSRP abcd SEND\r\nTo-Path: msrp://127.0.0.1:1/wrongwrongwrong;tcp\r\nFrom-Path: msrp://127.0.0.1:2/x;tcp\r\nMessage-ID: 12345678\r\nByte-Range: 1-3/3\r\nContent-Type: text/plain\r\n\r\nabc\r\n-------abcd$\r\n",
		"MSRP abcd SEND\r\nTo-Path: " + r.place.URI().Wire() + "\r\nByte-Range: 1-*/99999999999\r\n\r\n" + strings.Repeat("x", 1<<16),
		"MSRP \x00\x01\x02 \r\n\r\n-------", "INVITE sip:x SIP/2.0\r\n\r\n", "\r\n\r\n\r\n",
	} {
		hostile.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				c, err := net.Dial("tcp", msrp)
				if err != nil {
					continue
				}
				_ = c.SetDeadline(time.Now().Add(200 * time.Millisecond))
				_, _ = io.WriteString(c, nonsense)
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		})
	}
	hostile.Go(func() {
		for _, to := range []struct{ network, address string }{{"udp", r.sip("UDP")}, {"tcp", r.sip("TCP")}} {
			c, err := net.Dial(to.network, to.address)
			if err != nil {
				t.Error(err)
				return
			}
			for range 50 {
				_, _ = io.WriteString(c, "INVITE sip:x SIP/2.0\r\nVia: \x00\r\nContent-Length: 99999999\r\n\r\n"+strings.Repeat("z", 4096))
			}
			_ = c.Close()
		}
	})
	var want []string
	for i := range 100 {
		text := fmt.Sprintf("text %d beside the noise", i)
		want = append(want, text)
		started := time.Now()
		r.ok(x.Send(r.ctx(), text))
		if took := time.Since(started); took > 2*time.Second {
			t.Errorf("a text waited %v", took)
		}
	}
	close(stop)
	hostile.Wait()
	r.wantTexts(call, want...)
	r.ok(x.HangUp(r.ctx()))
}
