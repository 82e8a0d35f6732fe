import test from 'node:test';
import assert from 'node:assert/strict';
import { Link } from '../../static/js/link.js';

// rig is a link on a clock of its own and sockets that only note what is done to them.
function rig({ random = () => 1 } = {}) {
  const r = { now: 1000000, sockets: [], told: [] };
  r.link = new Link({
    now: () => r.now, random, hello: () => ({ psap: 'p', agent: 'ann', can_ring: true }),
    emit: (what, detail) => r.told.push([what, detail]),
    connect: (handlers) => {
      const s = { message: handlers.message, shut: handlers.close, sent: [], closed: false, send: (t) => s.sent.push(JSON.parse(t)), close: () => { s.closed = true; } };
      s.say = (f) => s.message(JSON.stringify(f));
      r.sockets.push(s);
      return s;
    },
  });
  Object.defineProperty(r, 's', { get: () => r.sockets[r.sockets.length - 1] });
  r.pass = (ms, step = 1000) => {
    for (let left = ms; left > 0; left -= step) {
      r.now += Math.min(step, left);
      r.link.tick();
    }
  };
  r.words = () => r.told.filter(([w]) => w === 'word').map(([, d]) => d.word);
  r.of = (what) => r.told.filter(([w]) => w === what).map(([, d]) => d);
  r.event = (seq, type = 'text911.message.received.v1') => r.s.say({ op: 'event', event: { seq, type, subject: 'C1' } });
  r.goLive = (seq = 10) => {
    r.link.open();
    r.s.say({ op: 'hello', epoch: 'e1', heartbeat_ms: 10000 });
    r.s.say({ op: 'ready', seq, epoch: 'e1', snapshot: {} });
  };
  return r;
}

test('hello, start, ready: live', () => {
  const r = rig();
  r.goLive();
  assert.deepEqual(r.s.sent, [{ op: 'start', psap: 'p', agent: 'ann', can_ring: true }]);
  assert.equal(r.link.word, 'live');
});

test('a cut: blind since the last word heard, resume by seq, catching up, live with the count', () => {
  const r = rig();
  r.goLive(10);
  r.event(11);
  const last = r.now;
  r.pass(3000);
  r.s.shut({ code: 1006 });
  assert.equal(r.link.word, 'blind');
  assert.equal(r.link.since, last);
  assert.equal(r.link.send({ op: 'command' }), false, 'nothing is sent while blind');
  r.pass(1000);
  assert.equal(r.sockets.length, 2);
  r.s.say({ op: 'hello', epoch: 'e1' });
  assert.deepEqual(r.s.sent[0], { op: 'resume', psap: 'p', agent: 'ann', can_ring: true, epoch: 'e1', seq: 11 });
  r.s.say({ op: 'resumed', from: 12, to: 14 });
  assert.equal(r.link.word, 'catching');
  r.event(12);
  r.event(13, 'text911.message.receipt.v1');
  assert.equal(r.link.word, 'catching');
  r.event(14);
  assert.equal(r.link.word, 'live');
  assert.deepEqual(r.of('recovered'), [{ from: 12, to: 14, events: 3, lines: 2 }]);
  assert.deepEqual(r.words(), ['live', 'blind', 'catching', 'live']);
});

test('nothing missed: live at once', () => {
  const r = rig();
  r.goLive(10);
  r.s.shut({ code: 1001 });
  r.pass(1000);
  r.s.say({ op: 'hello', epoch: 'e1' });
  r.s.say({ op: 'resumed', from: 11, to: 10 });
  assert.equal(r.link.word, 'live');
  assert.equal(r.of('recovered')[0].events, 0);
});

test('another epoch: start, not resume', () => {
  const r = rig();
  r.goLive(10);
  r.s.shut({ code: 1006 });
  r.pass(1000);
  r.s.say({ op: 'hello', epoch: 'e2' });
  assert.equal(r.s.sent[0].op, 'start');
  r.s.say({ op: 'ready', seq: 3, epoch: 'e2', snapshot: {} });
  assert.equal(r.link.seq, 3);
  assert.equal(r.of('ready')[1].again, true);
});

test('a frozen connection is noticed: doubt after 5 s without an answer, then cut', () => {
  const r = rig();
  r.goLive();
  r.pass(5000);
  assert.deepEqual(r.s.sent.at(-1).op, 'ping');
  r.pass(5000);
  assert.equal(r.link.word, 'blind');
  assert.equal(r.sockets.length, 1, 'it may still come back');
  r.s.say({ op: 'pong' });
  assert.equal(r.link.word, 'live');
  r.pass(20000);
  assert.ok(r.sockets.length >= 2, 'and if not, another connection is made');
  assert.equal(r.sockets[0].closed, true);
});

test('pings are answered and an answered ping is no doubt', () => {
  const r = rig();
  r.goLive();
  r.s.say({ op: 'ping', t: 7 });
  assert.deepEqual(r.s.sent.at(-1), { op: 'pong', t: 7 });
  for (let i = 0; i < 20; i += 1) {
    r.pass(2000);
    r.s.say({ op: 'pong' });
  }
  assert.deepEqual(r.words(), ['live']);
});

test('full jitter from 250 ms to 10 s; at once after goaway', () => {
  const r = rig();
  r.goLive();
  for (let i = 0; i < 8; i += 1) {
    r.s.shut({ code: 1006 });
    r.pass(r.of('wait').at(-1).ms, 250);
  }
  assert.deepEqual(r.of('wait').map((w) => w.ms), [250, 500, 1000, 2000, 4000, 8000, 10000, 10000]);
  const half = rig({ random: () => 0.5 });
  half.goLive();
  half.s.shut({ code: 1006 });
  assert.equal(half.of('wait')[0].ms, 125);
  const bye = rig();
  bye.goLive();
  bye.s.say({ op: 'goaway', reason: 'draining' });
  bye.s.shut({ code: 4011 });
  assert.equal(bye.of('wait')[0].ms, 0);
});

test('close codes: resumable ones resume, 4007 starts again, all others stop', () => {
  for (const code of [1001, 1006, 1012, 4000, 4005, 4006, 4008, 4009, 4011]) {
    const r = rig();
    r.goLive();
    r.s.shut({ code });
    r.pass(1000);
    r.s.say({ op: 'hello', epoch: 'e1' });
    assert.equal(r.s.sent[0].op, 'resume', `${code}`);
  }
  const again = rig();
  again.goLive();
  again.s.shut({ code: 4007 });
  again.pass(1000);
  again.s.say({ op: 'hello', epoch: 'e1' });
  assert.equal(again.s.sent[0].op, 'start');
  for (const code of [4001, 4003, 4004, 4010, 4012, 4999]) {
    const r = rig();
    r.goLive();
    r.s.shut({ code });
    r.pass(60000);
    assert.equal(r.link.word, 'stopped', `${code}`);
    assert.equal(r.sockets.length, 1, `${code}`);
  }
});

test('retry_after_ms of an error frame is waited for', () => {
  const r = rig({ random: () => 0 });
  r.goLive();
  r.s.say({ op: 'error', code: 'rate_limited', retryable: true, retry_after_ms: 4000 });
  r.s.shut({ code: 4008 });
  assert.equal(r.of('wait')[0].ms, 4000);
});

test('what was handled is acknowledged: each second, and each hundred events', () => {
  const r = rig();
  r.goLive(10);
  r.event(11);
  r.pass(1000);
  assert.deepEqual(r.s.sent.filter((f) => f.op === 'ack'), [{ op: 'ack', seq: 11 }]);
  for (let i = 12; i <= 250; i += 1) r.event(i);
  assert.deepEqual(r.s.sent.filter((f) => f.op === 'ack').map((f) => f.seq), [11, 111, 211]);
});

test('a closed socket has no say any more', () => {
  const r = rig();
  r.goLive(10);
  const old = r.s;
  r.s.shut({ code: 1006 });
  r.pass(1000);
  old.say({ op: 'event', event: { seq: 99, type: 'x' } });
  old.shut({ code: 4003 });
  assert.equal(r.link.seq, 10);
  assert.notEqual(r.link.word, 'stopped');
});

test('a handshake that never got through is told', () => {
  const r = rig();
  r.link.open();
  r.s.shut({ code: 1006 });
  assert.equal(r.of('refused').length, 1);
  assert.equal(r.link.word, 'connecting');
});
