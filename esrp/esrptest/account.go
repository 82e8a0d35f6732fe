package esrptest

import (
	"time"

	"text911/callmodel"
)

// Account is all that happened to one texter.
type Account struct {
	Number uint64 // of the texter in its Network
	CallID string // SIP Call-ID
	// EmergencyCallID is the identifier in the INVITE, by which the other side knows the call.
	EmergencyCallID callmodel.EmergencyCallID
	Story           string
	Invited         time.Time
	Rang            time.Time // first 180, zero for none
	// Answered is when the 200 came; Bound when texts could pass.
	Answered, Bound, Ended time.Time
	Refused                int    // final code that was not a success; 0: answered or cancelled
	EndedBy                string // texter, engine, network; empty while it goes on
	Sent                   []SentText
	Received               []ReceivedText
	Breaks                 int // connections lost or cut
	TypingSeen             int
	Err                    error // why the script did not go to its end, nil if it did
}

// SentText is one text of the texter.
type SentText struct {
	MessageID string
	Text      callmodel.Private
	At        time.Time
	Acked     time.Time // 200: the engine has it
	Reported  time.Time // success REPORT
	Code      int       // refusal, 0 for none
	Tries     int
}

// ReceivedText is one text that reached the texter.
type ReceivedText struct {
	MessageID string
	Text      callmodel.Private
	At        time.Time
}

// Difference is what Compare found. Acknowledged texts that are not there are lost; texts that were
// never acknowledged may be there or not.
type Difference struct {
	Lost, Duplicated, Misordered int
	Unacknowledged               int
}

// Add sums two differences.
func (d *Difference) Add(o Difference) {
	d.Lost += o.Lost
	d.Duplicated += o.Duplicated
	d.Misordered += o.Misordered
	d.Unacknowledged += o.Unacknowledged
}

// Compare holds what a texter sent against the texts that the other side has, in its order. Texts
// must differ from each other within the conversation.
func (a *Account) Compare(got []string) Difference {
	sent := make([]string, 0, len(a.Sent))
	var d Difference
	must := make([]bool, 0, len(a.Sent))
	for _, s := range a.Sent {
		sent = append(sent, s.Text.Reveal())
		must = append(must, !s.Acked.IsZero())
		if s.Acked.IsZero() {
			d.Unacknowledged++
		}
	}
	d.Lost, d.Duplicated, d.Misordered = compare(sent, must, got)
	return d
}

// CompareReplies holds the texts that reached the texter against those the other side sent and saw
// delivered, in its order.
func (a *Account) CompareReplies(sent []string) Difference {
	must := make([]bool, len(sent))
	for i := range must {
		must[i] = true
	}
	var got []string
	for _, r := range a.Received {
		got = append(got, r.Text.Reveal())
	}
	var d Difference
	d.Lost, d.Duplicated, d.Misordered = compare(sent, must, got)
	return d
}

// compare counts texts that had to arrive and did not, that arrived again, and that arrived after a
// later one.
func compare(sent []string, must []bool, got []string) (lost, duplicated, misordered int) {
	place := make(map[string]int, len(sent))
	for i, s := range sent {
		place[s] = i
	}
	seen := make(map[string]bool, len(got))
	last := -1
	for _, g := range got {
		i, known := place[g]
		if !known {
			continue
		}
		if seen[g] {
			duplicated++
			continue
		}
		seen[g] = true
		if i < last {
			misordered++
		} else {
			last = i
		}
	}
	for i, s := range sent {
		if must[i] && !seen[s] {
			lost++
		}
	}
	return lost, duplicated, misordered
}
