package transport

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"

	"text911/engine/msrp/msrptest"
)

// A gateway that no trunk names has a whole carrier's texters behind one address: what binds a
// session counts no more against its source, and what binds nothing still does. SEC-09.
func TestGatewayWithManyTexters(t *testing.T) {
	cfg := testConfig()
	cfg.Trusted, cfg.PerSource, cfg.PerSourceRate = nil, 3, 3
	o := msrptest.PipeOptions{Remote: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 1}}
	bubble(t, cfg, o, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		for i := range 60 {
			s := newSession(t, e, l, listen(Accepted).handler())
			id := fmt.Sprintf("bind%04d", i)
			answered(t, pipePeer(t, m), id, msrptest.Bind(id, s.URI().Wire(), peerURI, "m"+id), 200)
		}
		for range 10 {
			pipePeer(t, m)
		}
		synctest.Wait()
		st := e.Stats()
		if st.Bound != 60 || st.Connections != 63 || st.RefusedSource+st.RefusedRate != 7 {
			t.Errorf("%d bound, %d connections, %d refused; want 60, 63 and 7", st.Bound, st.Connections, st.RefusedSource+st.RefusedRate)
		}
	})
}
