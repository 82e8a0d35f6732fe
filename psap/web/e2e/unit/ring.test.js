import test from 'node:test';
import assert from 'node:assert/strict';
import { Heed, ringing, title } from '../../static/js/ring.js';

const calm = { link: 'live', waiting: 0, ready: true, unheeded: 0, alarms: 0, failures: 0, silenced: false };
const sound = (more) => ringing({ ...calm, ...more }).sound;

test('which sound', () => {
  assert.equal(sound({}), '');
  assert.equal(sound({ waiting: 1 }), 'new');
  assert.equal(sound({ unheeded: 1 }), 'line');
  assert.equal(sound({ alarms: 1 }), 'trouble');
  assert.equal(sound({ failures: 1 }), 'trouble');
  assert.equal(sound({ waiting: 1, unheeded: 1, alarms: 1 }), 'new');
  assert.equal(sound({ waiting: 1, link: 'blind' }), 'trouble', 'blind goes first');
  assert.equal(sound({ waiting: 1, ready: false }), '', 'a paused taker is not rung');
  assert.equal(sound({ unheeded: 1, ready: false }), 'line', 'but hears the texts in hand');
  assert.equal(sound({ waiting: 1, silenced: true }), '');
});

test('a line stays unheeded until somebody acts with its text in front', () => {
  const h = new Heed();
  h.arrived('C1');
  h.arrived('C1');
  assert.equal(h.of('C1'), 2);
  assert.equal(h.acted('C2'), false);
  assert.equal(h.acted(null), false);
  assert.equal(h.size, 1);
  assert.equal(h.acted('C1'), true);
  assert.equal(h.size, 0);
});

test('the title tells a hidden tab', () => {
  assert.equal(title(calm, 'text911'), 'text911');
  assert.equal(title({ ...calm, waiting: 2 }, 'text911'), '● 2 NEW – text911');
  assert.match(title({ ...calm, link: 'blind' }, 'text911'), /BLIND/);
});
