import test from 'node:test';
import assert from 'node:assert/strict';
import { Commands } from '../../static/js/commands.js';

function rig() {
  const r = { now: 0, up: true, sent: [], settled: [], n: 0 };
  r.c = new Commands({
    newID: () => `id${(r.n += 1)}`, now: () => r.now,
    send: (f) => { if (r.up) r.sent.push(f); return r.up; },
    onSettled: (entry, reply) => r.settled.push([entry.id, reply.ok, reply.error && reply.error.code]),
  });
  return r;
}

test('a reply settles once; a second reply is a repeat', () => {
  const r = rig();
  r.c.issue('call.note', { call: 'C1', text: 'x' });
  r.c.reply({ id: 'id1', ok: true });
  r.c.reply({ id: 'id1', ok: true });
  assert.deepEqual(r.settled, [['id1', true, undefined]]);
});

test('after a break a fresh command goes again with the same id, an old one is given back', () => {
  const r = rig();
  r.c.issue('message.send', { call: 'C1', text: 'old' });
  r.now = 25000;
  r.c.issue('message.send', { call: 'C1', text: 'fresh' });
  r.now = 31000;
  r.c.resumed();
  assert.deepEqual(r.sent.map((f) => f.id), ['id1', 'id2', 'id2']);
  assert.deepEqual(r.sent[1], r.sent[2]);
  assert.deepEqual(r.settled, [['id1', false, 'not_confirmed']]);
});

test('a claim is not repeated ten seconds later', () => {
  const r = rig();
  r.c.issue('call.claim', { call: 'C1' });
  r.now = 10001;
  r.c.resumed();
  assert.equal(r.sent.length, 1);
  assert.deepEqual(r.settled, [['id1', false, 'not_confirmed']]);
});

test('the event a command caused settles it, so that catching up sends nothing twice', () => {
  const r = rig();
  r.c.issue('message.send', { call: 'C1', text: 'x' });
  r.c.seen({ seq: 5, type: 'text911.message.queued.v1', command: { id: 'id1' }, data: { message: 'M1' } });
  r.c.resumed();
  assert.equal(r.sent.length, 1);
  assert.deepEqual(r.settled, [['id1', true, undefined]]);
});

test('a claim is settled by the claim, not by the release of the older one before it', () => {
  const r = rig();
  r.c.issue('call.claim', { call: 'C1' });
  r.c.seen({ seq: 5, type: 'text911.call.released.v1', command: { id: 'id1' } });
  assert.equal(r.settled.length, 0);
  r.c.seen({ seq: 6, type: 'text911.call.claimed.v1', command: { id: 'id1' } });
  assert.equal(r.settled.length, 1);
});

test('no answer on a live link within 15 s is told; while blind nothing runs out', () => {
  const r = rig();
  r.c.issue('call.note', { call: 'C1', text: 'x' });
  r.now = 20000;
  r.c.tick(false);
  assert.equal(r.settled.length, 0);
  r.c.tick(true);
  assert.deepEqual(r.settled, [['id1', false, 'no_answer']]);
});
