package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync/atomic"
	"time"

	"text911/callmodel"
)

// Service answers the commands of one PSAP, whatever binding they come over, and remembers the
// answers. It is safe for concurrent use.
type Service struct {
	desk   Desk
	memory *memory
	now    func() time.Time

	commands, repeats, refused, faults atomic.Uint64
}

// NewService returns the service of a PSAP. now is the clock; nil: time.Now.
func NewService(desk Desk, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{desk: desk, memory: newMemory(), now: now}
}

// Stats are counters since NewService.
type Stats struct {
	Commands   uint64 // commands answered
	Repeats    uint64 // answered from memory
	Refused    uint64 // answered with a problem
	Faults     uint64 // commands that met a bug
	Remembered int
}

// Stats returns the counters.
func (s *Service) Stats() Stats {
	return Stats{
		Commands: s.commands.Load(), Repeats: s.repeats.Load(), Refused: s.refused.Load(), Faults: s.faults.Load(),
		Remembered: s.memory.size(),
	}
}

// Do does a command once and answers it, from memory if it was done before. A repeat that comes
// while the first is still being done waits for its answer.
func (s *Service) Do(ctx context.Context, who Caller, cmd Command) Reply {
	r := s.do(ctx, who, cmd)
	s.commands.Add(1)
	if !r.OK {
		s.refused.Add(1)
	}
	return r
}

func (s *Service) do(ctx context.Context, who Caller, cmd Command) Reply {
	req, problem := understand(who, cmd)
	if problem != nil {
		return refuse(cmd, problem)
	}
	if !req.durable {
		return s.perform(ctx, who, cmd, req)
	}
	key := memoryKey{agent: who.Agent, id: cmd.ID}
	sum := digest(who, cmd)
	for {
		known, mine := s.memory.enter(key, sum, s.now())
		if mine {
			r := s.perform(ctx, who, cmd, req)
			s.memory.leave(key, known, r)
			return r
		}
		if known.digest != sum {
			return refuse(cmd, NewProblem(callmodel.CodeIDReused, "use a new id for another command"))
		}
		select {
		case <-known.done:
		case <-ctx.Done():
			return refuse(cmd, NewProblem(CodeBusy, "the command is still being done"))
		}
		if known.kept {
			s.repeats.Add(1)
			return known.reply
		}
	}
}

// perform answers a command that meets a bug of ours like any other that failed.
func (s *Service) perform(ctx context.Context, who Caller, cmd Command, req request) (r Reply) {
	defer func() {
		if recover() != nil {
			s.faults.Add(1)
			r = refuse(cmd, NewProblem(CodeInternal, "it is not known whether this was done; the same id may be repeated"))
		}
	}()
	return perform(ctx, s.desk, who, cmd, req)
}

// CallOf tells which call a command is about, "" if none or if it cannot be told. Bindings use it to
// keep commands of one call in order.
func CallOf(cmd Command) callmodel.CallID {
	var d struct {
		Call callmodel.CallID `json:"call"`
	}
	_ = json.Unmarshal(cmd.Data, &d)
	return d.Call
}

// digest is over everything that makes a command what it is.
func digest(who Caller, cmd Command) string {
	var b bytes.Buffer
	b.WriteString(cmd.Type)
	b.WriteByte('\n')
	b.WriteString(string(who.Agent))
	b.WriteByte('\n')
	if json.Compact(&b, cmd.Data) != nil {
		b.Write(cmd.Data)
	}
	sum := sha256.Sum256(b.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
