import test from 'node:test';
import assert from 'node:assert/strict';
import { addViews, emptyBoard, fromSnapshot, groups, live, transcript } from '../../static/js/board.js';
import { applyToView } from '../../static/js/view.js';
import { addEvent, emptyLines } from '../../static/js/lines.js';
import { at, event, offered, ours, queued, said, story } from './help.js';

const feed = (board, events) => events.reduce(live, board);

test('an event that was here before changes nothing', () => {
  const events = story('C1', 10, offered, queued, said('M1', 'help'));
  const board = feed(emptyBoard, [...events, events[2], ...events]);
  assert.equal(board.calls.get('C1').view.messages_in, 1);
  assert.equal(board.calls.get('C1').lines.list.filter((l) => l.kind === 'message.received').length, 1);
  assert.equal(board.repeats, 4);
  assert.equal(board.seq, 12);
});

test('a snapshot and the events after it end where all events end', () => {
  const events = story('C1', 10, offered, ['leg.opening', { leg: 'l', bearer: 'msrp' }], queued, ['call.answered', { leg: 'l' }],
    ['leg.established', { leg: 'l', capability: { accept_types: ['text/plain'] } }], said('M1', 'help'),
    ['call.claimed', { agent: 'ann', position: '3', fence: 7 }], ours('M2', 'where?'), ['message.receipt', { message: 'M1', state: 'displayed', agent: 'ann' }],
    ['call.idle_warning', { deadline: at(900) }], said('M3', 'here'), ['call.closed', { by: 'taker', cause: { class: 'normal', reason: 'help_sent' } }]);
  const whole = feed(emptyBoard, events).calls.get('C1').view;
  for (let cut = 1; cut < events.length; cut += 1) {
    const view = events.slice(0, cut).reduce(applyToView, {});
    let board = fromSnapshot(emptyBoard, 'e', 9 + cut, { calls: [view], agents: [], alerts: [] });
    board = feed(board, events.slice(cut));
    assert.deepEqual(board.calls.get('C1').view, whole, `cut after ${cut}`);
    board = transcript(board, 'C1', events, true);
    assert.deepEqual(board.calls.get('C1').lines.list, feed(emptyBoard, events).calls.get('C1').lines.list, `lines, cut after ${cut}`);
    assert.equal(board.calls.get('C1').whole, true);
  }
});

test('lines stand in the order of arrival, whichever way they came', () => {
  const events = story('C1', 1, offered, said('M1', 'a'), said('M2', 'b'), ours('M3', 'c'), said('M4', 'd'));
  const shuffled = [events[4], events[1], events[3], events[0], events[2], events[1]];
  const lines = shuffled.reduce(addEvent, emptyLines);
  assert.deepEqual(lines.list.filter((l) => l.message).map((l) => l.message), ['M1', 'M2', 'M3', 'M4']);
  lines.list.forEach((l, i) => l.message && assert.equal(lines.index.get(l.message), i));
});

test('a receipt before its message, and receipts out of order, end in the best knowledge', () => {
  const e = story('C1', 1, offered, ours('M1', 'x'), ['message.receipt', { message: 'M1', state: 'submitted' }],
    ['message.receipt', { message: 'M1', state: 'accepted' }], ['message.receipt', { message: 'M1', state: 'delivered' }]);
  for (const order of [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 1, 4, 3, 0]]) {
    const lines = order.map((i) => e[i]).reduce(addEvent, emptyLines);
    assert.equal(lines.list.find((l) => l.message === 'M1').state, 'delivered', order.join());
  }
  const doubt = story('C2', 20, ours('M9', 'x'), ['message.receipt', { message: 'M9', state: 'unknown' }], ['message.receipt', { message: 'M9', state: 'delivered' }]);
  assert.equal(doubt.slice(0, 2).reduce(addEvent, emptyLines).list[0].state, 'unknown');
  assert.equal(doubt.reduce(addEvent, emptyLines).list[0].state, 'delivered', 'proof ends the doubt');
});

test('late, repeated and unreadable content is marked, never hidden', () => {
  const lines = story('C1', 1, said('M1', 'a', { late: true, claimed_time: at(-60) }), said('M2', 'a', { duplicate: true }),
    ['message.quarantined', { message: 'M3', leg: 'l', cause: { class: 'theirs', reason: 'bad_charset' }, content: { content_type: 'text/plain' } }]).reduce(addEvent, emptyLines);
  assert.deepEqual(lines.list.map((l) => [l.late, l.duplicate, l.quarantined]), [[true, false, undefined], [false, true, undefined], [undefined, undefined, true]]);
});

test('who wrote what: texter, taker, machine', () => {
  const lines = story('C1', 1, ['participant.joined', { participant: 'caller', role: 'caller' }], said('M1', 'a'), ours('M2', 'b'),
    ['message.queued', { message: 'M3', number: 3, from: 'system', content: { content_type: 'text/plain', text: 'auto' } }]).reduce(addEvent, emptyLines);
  assert.deepEqual(lines.list.map((l) => l.who), ['caller', 'taker', 'machine']);
});

test('groups: waiting by priority and then oldest first; mine; others; closed newest first', () => {
  const call = (id, offeredAt, more) => ({ call: id, phase: 'queued', offered: at(offeredAt), ...more });
  const board = fromSnapshot(emptyBoard, 'e', 1, { calls: [
    call('C3', 30), call('C1', 10), call('C2', 20), call('P', 40, { priority: 'esnet.3' }),
    call('M', 5, { phase: 'active', holder: 'ann' }), call('O', 5, { phase: 'claimed', holder: 'bea' }),
    call('X', 1, { phase: 'closed', closed_at: at(50) }), call('Y', 2, { phase: 'closed', closed_at: at(60) }),
  ] });
  const g = groups(board, 'ann');
  const ids = (l) => l.map((c) => c.view.call).join();
  assert.deepEqual([ids(g.waiting), ids(g.mine), ids(g.others), ids(g.closed)], ['P,C1,C2,C3', 'M', 'O', 'Y,X']);
});

test('a superseding claim never looks like a waiting call', () => {
  const events = story('C1', 1, offered, queued, ['call.claimed', { agent: 'ann', fence: 3 }], ['call.released', { agent: 'ann', fence: 3, reason: 'superseded' }]);
  const g = groups(feed(emptyBoard, events), 'ann');
  assert.equal(g.waiting.length, 0);
});

test('late words of a call closed long ago are shown', () => {
  const board = live(emptyBoard, event('OLD', 'message.received', said('M1', 'still here')[1], { seq: 5, call_seq: 40 }));
  assert.equal(board.calls.get('OLD').lines.list.length, 1);
  assert.equal(groups(board, 'ann').closed.length, 1);
});

test('a hole in a call’s own numbers asks for the transcript again', () => {
  let board = feed(emptyBoard, story('C1', 1, offered, queued));
  assert.equal(board.calls.get('C1').whole, true);
  board = live(board, event('C1', 'message.received', said('M1', 'x')[1], { seq: 9, call_seq: 5 }));
  assert.equal(board.calls.get('C1').whole, false);
});

test('alerts: raised, cleared, and those that cannot be in the log', () => {
  let board = live(emptyBoard, event('_', 'alert.raised', { alert: 'waiting', severity: 'alarm', sentence: 'A text waits.' }, { seq: 1 }));
  board = live(board, { ...event('_', 'alert.raised', { alert: 'journal', severity: 'alarm', sentence: 'x' }), class: 'ephemeral' });
  assert.equal(board.alerts.size, 2);
  board = live(board, event('_', 'alert.cleared', { alert: 'waiting' }, { seq: 2 }));
  assert.deepEqual([...board.alerts.values()].map((a) => a.alert), ['journal']);
});

test('closed calls are bounded, open ones are not', () => {
  let board = emptyBoard;
  let seq = 0;
  for (let i = 0; i < 80; i += 1) {
    for (const e of story(`C${i}`, seq + 1, offered, queued, ['call.closed', { by: 'texter', cause: { class: 'normal', reason: 'hung_up' } }])) {
      board = live(board, { ...e, time: at(i * 10 + e.call_seq) });
      seq = e.seq;
    }
  }
  const g = groups(board, 'ann');
  assert.equal(g.closed.length, 50);
  assert.equal(g.closed[0].view.call, 'C79');
});

test('another epoch keeps nothing of the old log', () => {
  let board = feed({ ...emptyBoard, epoch: 'e1' }, story('C1', 10, offered, queued, said('M1', 'x')));
  board = fromSnapshot(board, 'e2', 3, { calls: [] });
  assert.equal(board.calls.size, 0);
  assert.equal(board.seq, 3);
});

test('a view asked for separately may be ahead of the stream: nothing counts twice', () => {
  const events = story('C1', 10, offered, queued, said('M1', 'a'), said('M2', 'b'));
  let board = addViews({ ...emptyBoard, seq: 11 }, [events.reduce(applyToView, {})]);
  board = feed(board, events.slice(2));
  assert.equal(board.calls.get('C1').view.messages_in, 2);
  board = addViews(board, [events.slice(0, 3).reduce(applyToView, {})]);
  assert.equal(board.calls.get('C1').view.messages_in, 2, 'an older view changes nothing');
  assert.equal(board.calls.get('C1').lines.list.length, 2);
});
