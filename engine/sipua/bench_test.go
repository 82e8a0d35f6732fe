package sipua

import (
	"context"
	"sync"
	"testing"
)

// BenchmarkCall is a whole call (INVITE, 200, ACK, BYE, 200) between two UAs over loopback, both
// ends in this process.
func BenchmarkCall(b *testing.B) {
	for _, tr := range []Transport{UDP, TCP} {
		b.Run(string(tr), func(b *testing.B) {
			callee := newApp()
			callee.onInvite = func(in *Invitation) { _ = in.Answer(context.Background(), []byte(answerSDP)) }
			var drained sync.WaitGroup
			done := make(chan struct{})
			drained.Go(func() {
				for {
					select {
					case <-callee.invites:
					case <-callee.events:
					case <-done:
						return
					}
				}
			})
			listen := []Listener{{Transport: tr, Address: "127.0.0.1:0"}}
			uas, uac := startUA(b, Config{Listeners: listen}, callee), startUA(b, Config{Listeners: listen}, nil)
			target := "sip:q@" + at(b, uas, tr) + ";transport=" + string(tr)
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					d, _, err := uac.Invite(context.Background(), Outgoing{Target: target, Offer: []byte(offerSDP)}, nil)
					if err != nil {
						b.Error(err)
						return
					}
					if err := d.Bye(context.Background()); err != nil {
						b.Error(err)
						return
					}
				}
			})
			close(done)
			drained.Wait()
		})
	}
}

func BenchmarkReadInvite(b *testing.B) {
	c := newCodec(maxMessageBytes)
	data := []byte("INVITE urn:service:sos SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKq\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=q\r\nTo: <urn:service:sos>\r\nCall-ID: q\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.50>\r\nGeolocation: <https://lis.example/1>\r\nContent-Type: application/sdp\r\n\r\n" + offerSDP)
	b.ReportAllocs()
	for b.Loop() {
		m, err := c.parse(data)
		if err != nil {
			b.Fatal(err)
		}
		readFacts(m)
	}
}
