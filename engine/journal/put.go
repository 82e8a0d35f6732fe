package journal

import (
	"strconv"
	"time"
)

// Names of the headers of a stored record.
const (
	hdrMsgID       = "Nats-Msg-Id"
	hdrLastSeq     = "Nats-Expected-Last-Subject-Sequence"
	hdrLastSubject = "Nats-Expected-Last-Subject-Sequence-Subject"
	hdrLastID      = "Nats-Expected-Last-Msg-Id"
	hdrBatchID     = "Nats-Batch-Id"
	hdrBatchSeq    = "Nats-Batch-Sequence"
	hdrBatchCommit = "Nats-Batch-Commit"
	hdrSequence    = "Nats-Sequence"
	hdrTime        = "ce-time"
	hdrCEVersion   = "ce-specversion"
	hdrCEID        = "ce-id"
	hdrCESource    = "ce-source"
	hdrCEType      = "ce-type"
	hdrCESubject   = "ce-subject"
)

const timeLayout = "2006-01-02T15:04:05.000Z"

// put is one record on its way into a stream.
type put struct {
	rec *Record
	// fence: refuse unless last is the newest sequence of the call.
	fence bool
	last  uint64
	// batch is the atomic batch the record is part of, as number nth.
	batch  string
	nth    int
	commit bool
	// probe asks whether the id is known and stores nothing.
	probe bool
}

// impossibleID is no message's id.
const impossibleID = "-"

// names are the parts of subjects and headers that are the same for all
// records of a PSAP.
type names struct {
	psap   string
	put    string // "t911.<psap>.put."
	evt    string // "t911.<psap>.evt."
	source string // CloudEvents source
}

func newNames(psap string) names {
	root := subjectRoot + PSAPToken(psap)
	return names{psap: psap, put: root + putToken, evt: root + evtToken, source: "text911/" + psap}
}

func ceType(kind string) string { return "text911." + kind + ".v1" }

// frame appends p as a HPUB frame. scratch is used for the header and returned
// for the next call.
func (n *names) frame(buf, scratch []byte, p *put, replyInbox, replyToken string) (out, outScratch []byte) {
	call := EscapeToken(p.rec.Call)
	h := n.header(scratch[:0], p, call)
	buf = append(buf, "HPUB "...)
	buf = append(buf, n.put...)
	buf = append(buf, call...)
	buf = append(buf, '.')
	buf = append(buf, p.rec.Kind...)
	buf = append(buf, ' ')
	if replyToken != "" {
		buf = append(buf, replyInbox...)
		buf = append(buf, replyToken...)
		buf = append(buf, ' ')
	}
	buf = strconv.AppendInt(buf, int64(len(h)), 10)
	buf = append(buf, ' ')
	buf = strconv.AppendInt(buf, int64(len(h)+len(p.rec.Data)), 10)
	buf = append(buf, '\r', '\n')
	buf = append(buf, h...)
	buf = append(buf, p.rec.Data...)
	buf = append(buf, '\r', '\n')
	return buf, h
}

func (n *names) header(h []byte, p *put, call string) []byte {
	h = append(h, "NATS/1.0\r\n"+hdrMsgID+":"...)
	h = append(h, p.rec.ID...)
	h = append(h, "\r\n"+hdrTime+":"...)
	h = p.rec.Time.UTC().AppendFormat(h, timeLayout)
	h = append(h, '\r', '\n')
	if p.fence {
		h = append(h, hdrLastSeq+":"...)
		h = strconv.AppendUint(h, p.last, 10)
		h = append(h, "\r\n"+hdrLastSubject+":"...)
		h = append(h, n.evt...)
		h = append(h, call...)
		h = append(h, ".>\r\n"...)
	}
	if p.batch != "" {
		h = append(h, hdrBatchID+":"...)
		h = append(h, p.batch...)
		h = append(h, "\r\n"+hdrBatchSeq+":"...)
		h = strconv.AppendInt(h, int64(p.nth), 10)
		h = append(h, '\r', '\n')
	}
	if p.commit {
		h = append(h, hdrBatchCommit+":1\r\n"...)
	}
	if p.probe {
		h = append(h, hdrLastID+":"+impossibleID+"\r\n"...)
	}
	return append(h, '\r', '\n')
}

// parseTime reads a ce-time header.
func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err == nil
}
