package sipua

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// serverTx is a server transaction (RFC 3261 §17.2, RFC 6026 §7.1):
//
//	INVITE      proceeding ─2xx→ accepted ─L→ gone
//	            proceeding ─3xx..6xx→ completed ─ACK→ confirmed ─I→ gone
//	                                  completed ─H→ gone
//	others      trying/proceeding ─final→ completed ─J→ gone
//
// The state is told by final and acked. The request is let go with the final response.
type serverTx struct {
	c       *call
	key     string
	method  string
	seq     uint32
	fromTag string
	req     *message // nil after the final response
	src     source
	back    hop
	tag     string // our To tag

	last     []byte // last response, for repeats
	final    int    // code of the final response
	acked    bool
	interval time.Duration
	timer    *time.Timer // repeats of a refusal (G)
	life     *time.Timer // H, I, J or L
	onCancel func(*message)
}

// serverKey matches requests to transactions (RFC 3261 §17.2.3). Senders without an RFC 3261
// branch are matched by the fields of RFC 2543.
func serverKey(m *message, method string) string {
	if strings.HasPrefix(m.via.branch, "z9hG4bK") && len(m.via.branch) > 7 {
		return m.via.branch + "|" + m.via.host + "|" + strconv.Itoa(m.via.port) + "|" + method
	}
	return fmt.Sprintf("%s|%s|%d|%s|%s", m.fromTag, m.via.branch, m.seq, m.via.host, method)
}

func (c *call) newServer(key string, m *message, src source, tag string) *serverTx {
	tx := &serverTx{c: c, key: key, method: m.method, seq: m.seq, fromTag: m.fromTag, req: m, src: src, back: src.back(m.via), tag: tag}
	if c.servers == nil {
		c.servers = map[string]*serverTx{}
	}
	c.servers[key] = tx
	return tx
}

// respond sends a response without a body. extra adds header fields.
func (tx *serverTx) respond(code int, reason string, extra func(*writer)) {
	tx.respondBody(code, reason, extra, "", nil)
}

// respondBody sends a response; after a final one it does nothing. It returns what was sent.
func (tx *serverTx) respondBody(code int, reason string, extra func(*writer), contentType string, body []byte) []byte {
	if tx.final != 0 || tx.req == nil {
		return nil
	}
	w := response(tx.req, tx.src, code, reason, tx.tag, tx.c.ua.cfg.Agent)
	if extra != nil {
		extra(w)
	}
	data := w.end(contentType, body)
	tx.last = data
	tx.send(data)
	if code >= 200 {
		tx.finish(code)
	}
	return data
}

func (tx *serverTx) send(data []byte) { tx.c.ua.send(tx.back, data, func(error) {}) }

func (tx *serverTx) reliable() bool { return tx.src.transport != UDP }

func (tx *serverTx) finish(code int) {
	u := tx.c.ua
	tx.final, tx.req, tx.onCancel = code, nil, nil
	u.count.response(code)
	switch {
	case tx.method == "INVITE" && code < 300:
		tx.last = nil // the dialog repeats the 2xx, repeats of the INVITE are absorbed
		tx.expire(64 * u.cfg.T1)
	case tx.method == "INVITE":
		if !tx.reliable() {
			tx.interval = u.cfg.T1
			tx.timer = tx.c.after(tx.interval, tx.again)
		}
		tx.expire(64 * u.cfg.T1)
	case tx.reliable():
		tx.drop()
	default:
		tx.expire(64 * u.cfg.T1)
	}
}

// again repeats a refusal over UDP until the ACK (timer G).
func (tx *serverTx) again() {
	if tx.acked || tx.timer == nil {
		return
	}
	tx.c.ua.count.bump(&tx.c.ua.count.resent)
	tx.send(tx.last)
	tx.interval = min(2*tx.interval, tx.c.ua.cfg.T2)
	tx.timer = tx.c.after(tx.interval, tx.again)
}

// repeat handles a repeat of the request.
func (tx *serverTx) repeat() {
	if tx.last == nil || tx.acked {
		return
	}
	tx.c.ua.count.bump(&tx.c.ua.count.resent)
	tx.send(tx.last)
}

// acknowledged takes the ACK to a refusal.
func (tx *serverTx) acknowledged() {
	if tx.acked {
		return
	}
	tx.acked = true
	tx.stop()
	if tx.reliable() {
		tx.drop()
		return
	}
	tx.last = nil
	tx.expire(tx.c.ua.cfg.T4)
}

func (tx *serverTx) expire(d time.Duration) {
	if tx.life != nil {
		tx.life.Stop()
	}
	tx.life = tx.c.after(d, tx.drop)
}

func (tx *serverTx) stop() {
	if tx.timer != nil {
		tx.timer.Stop()
		tx.timer = nil
	}
	if tx.life != nil {
		tx.life.Stop()
		tx.life = nil
	}
}

func (tx *serverTx) drop() {
	tx.stop()
	tx.last = nil
	if tx.c.servers[tx.key] == tx {
		delete(tx.c.servers, tx.key)
	}
	if len(tx.c.servers) == 0 {
		tx.c.servers = nil
	}
}
