import test from 'node:test';
import assert from 'node:assert/strict';
import { aria, label, match, shortcuts } from '../../static/js/keys.js';
import { closings, find, replies } from '../../static/js/replies.js';

const key = (k, more = {}) => ({ key: k, code: /^[a-z]$/i.test(k) ? `Key${k.toUpperCase()}` : /^\d$/.test(k) ? `Digit${k}` : k, ...more });

test('no printable key acts without Alt (WCAG 2.1.4)', () => {
  for (let c = 32; c < 127; c += 1) {
    const k = String.fromCharCode(c);
    assert.equal(match(key(k)), null, k);
    assert.equal(match(key(k, { shiftKey: true })), null, `Shift ${k}`);
  }
});

test('Ctrl, Meta and AltGr combinations stay the browser’s', () => {
  assert.equal(match(key('n', { ctrlKey: true })), null);
  assert.equal(match(key('q', { ctrlKey: true, altKey: true })), null);
});

test('every shortcut is found by its keys, whatever letter the layout makes of it', () => {
  assert.deepEqual(match(key('F2')), { id: 'answer' });
  assert.deepEqual(match({ key: 'å', code: 'KeyA', altKey: true }), { id: 'answer' });
  assert.deepEqual(match(key('ArrowDown', { altKey: true })), { id: 'next' });
  assert.deepEqual(match(key('3', { altKey: true })), { id: 'quick', number: 3 });
  for (const s of shortcuts) {
    if (s.local) continue;
    for (const k of s.keys) {
      const [name, alt] = k.startsWith('Alt+') ? [k.slice(4), true] : [k, false];
      assert.deepEqual(match(key(name, { altKey: alt })), { id: s.id }, k);
    }
    assert.ok(label(s.id) && aria(s.id));
  }
});

test('no two shortcuts share a key', () => {
  const all = shortcuts.flatMap((s) => s.keys);
  assert.equal(new Set(all).size, all.length);
});

test('ready-made: the usual order, by number, by words, without accents', () => {
  assert.equal(replies[0].text, '911, where is your emergency?');
  assert.equal(replies[1].text, 'Can you safely make a voice call?');
  assert.equal(find('2')[0].number, 2);
  assert.equal(find('12')[0].number, 12);
  assert.deepEqual(find('donde')[0].lang, 'es');
  assert.ok(find('safe').every((r) => /safe/i.test(r.text)));
  assert.equal(find('zzz').length, 0);
  for (const r of replies) assert.ok((r.text.match(/\?/g) || []).length <= 1, 'one question at a time');
});

test('reasons are words the log takes', () => {
  for (const c of closings) assert.match(c.word, /^[a-z0-9_-]{1,48}$/);
  assert.ok(closings.length <= 9, 'each has a digit');
});
