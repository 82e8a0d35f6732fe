import test from 'node:test';
import assert from 'node:assert/strict';
import { age, clock, closedWords, deliveryOf, hint, number, stateOf } from '../../static/js/words.js';
import { at, T0 } from './help.js';

const base = { call: 'C1', phase: 'queued', offered: at(0), leg_state: 'established' };
const word = (v, s, me = 'ann', closing) => stateOf({ ...base, ...v }, T0 + s * 1000, me, closing).word;

test('every state has a word', () => {
  assert.equal(word({}, 2), 'NEW');
  assert.equal(word({ leg_state: 'opening' }, 2), 'RINGING');
  assert.equal(word({}, 15), 'LATE · NEW');
  assert.equal(word({ queue_reason: 'lease_expired', queued_at: at(100) }, 101), 'BACK IN QUEUE');
  assert.equal(word({ phase: 'claimed', holder: 'ann' }, 2), 'CLAIMED');
  assert.equal(word({ phase: 'active', holder: 'ann' }, 2), 'ACTIVE');
  assert.equal(word({ phase: 'active', holder: 'ann', last_in: at(1) }, 2), 'WAITING FOR YOU');
  assert.equal(word({ phase: 'active', holder: 'bea', last_in: at(1) }, 2), 'WAITING FOR bea');
  assert.equal(word({ phase: 'active', holder: 'ann', last_in: at(1), last_out: at(3) }, 4), 'WAITING FOR TEXTER');
  assert.equal(word({ phase: 'active', holder: 'ann', idle_deadline: at(300) }, 4), 'STALE');
  assert.equal(word({ phase: 'active', holder: 'ann', leg_state: 'broken' }, 4), 'LINE BROKEN');
  assert.equal(word({ phase: 'active', holder: 'ann' }, 4, 'ann', true), 'CLOSING');
  assert.equal(word({ phase: 'closed' }, 4), 'CLOSED');
});

test('late has a tone and an icon of its own, not the colour alone', () => {
  const s = stateOf(base, T0 + 20000, 'ann');
  assert.deepEqual([s.tone, s.icon, s.late], ['late', 'late', true]);
});

test('closed says who and why', () => {
  assert.equal(closedWords({ closed_by: 'texter', cause: { reason: 'hung_up' }, abandoned: true }), 'by the texter (ended on the phone) — before anybody answered');
  assert.equal(closedWords({ closed_by: 'taker', cause: { reason: 'some_new_word' } }), 'by a taker (some new word)');
});

test('deliveries are said as far as they are known and no further', () => {
  assert.equal(deliveryOf({ state: 'delivered' }).word, 'delivered to phone');
  assert.equal(deliveryOf({ state: 'unknown' }).word, 'UNKNOWN if delivered');
  assert.match(deliveryOf({ state: 'failed', cause: { reason: 'response_timeout' } }).word, /^FAILED — /);
  for (const s of ['pending', 'queued', 'submitted', 'accepted', 'delivered', 'displayed', 'failed', 'unknown']) {
    const d = deliveryOf({ state: s });
    assert.ok(d.word && d.icon && d.tone, s);
    assert.doesNotMatch(d.word, /\bread\b/, 'nothing proves that a person read it');
  }
});

test('numbers, ages, places', () => {
  assert.equal(number({ address: 'tel:+15125550101' }), '512 555 0101');
  assert.equal(number({ address: 'sip:+15125550101@carrier.example;user=phone' }), '512 555 0101');
  assert.equal(number({ address: 'sip:911@x' }), '911');
  assert.equal(number({ address: 'sip:joe@x.example' }), 'joe@x.example');
  assert.equal(number({}), 'number unknown');
  assert.deepEqual([age(7400), age(99000), age(125000), age(7500000)], ['7 s', '99 s', '2 min', '2 h 05']);
  assert.equal(clock(247000), '4:07');
  assert.equal(hint({ locations: [{ latitude: '1', longitude: '2', radius_m: '1250', method: 'Cell' }] }), 'cell tower area ± 1.3 km');
  assert.equal(hint({ locations: [{ latitude: '1', longitude: '2', default: true }] }), 'DEFAULT position, not the caller’s');
  assert.equal(hint({ locations: [{ reference: 'https://lis.example/x' }] }), 'location by reference, not fetched');
  assert.equal(hint({}), 'no location');
});
