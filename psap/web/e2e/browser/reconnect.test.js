// The wire is cut, frozen, and the engine killed, while texts arrive: nothing is lost, nothing comes
// twice, nothing is sent that nobody ordered.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { Engine } from '../lib/server.js';
import { Wire } from '../lib/proxy.js';
import { Taker, cutWords, launch } from '../lib/page.js';

const engine = new Engine();
let browser;
let wire;
let port;

before(async () => {
  await engine.start();
  browser = await launch();
  wire = new Wire(engine.port);
  port = await wire.listen();
});

after(async () => {
  await browser?.close();
  await wire?.close();
  await engine.stop();
});

const heard = (lines) => lines.filter((l) => l.who === 'texter').map((l) => Number(/text (\d+)/.exec(l.text)[1]));
const upTo = (n) => Array.from({ length: n }, (_, i) => i);
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const lineCount = (t, n, timeout = 60000) => t.page.waitForFunction((k) => document.querySelectorAll('#log .line.texter').length >= k, n, { timeout });

test('cut while typing: blind, unsent, live again with the count, sent only on a key', async () => {
  const ann = await Taker.sit(browser, port);
  const texter = engine.texter('--calls', '1', '--messages', '40', '--think', '200ms', '--replies', '2');
  await ann.page.waitForSelector('.group.waiting .call');
  await ann.press('F2');
  await ann.page.waitForSelector('#reply:focus');
  await lineCount(ann, 5);
  await ann.keys('Are you');
  wire.cut();
  await ann.link('blind');
  assert.match(await ann.text('#link'), /BLIND since \d\d:\d\d:\d\d/);
  await ann.sees('Nothing on this screen is new.');
  await ann.sound('trouble');
  assert.match(await ann.page.title(), /BLIND/);
  await ann.keys(' hurt?');
  await ann.press('Enter');
  await ann.sees('UNSENT.');
  assert.equal(await ann.page.inputValue('#reply'), 'Are you hurt?');
  await ann.press('Alt+c');
  await ann.press('Enter');
  await ann.sees('there is no connection now. Nothing was done.');
  assert.equal(await ann.page.locator('dialog').count(), 0, 'no dialog waits for the next Enter');
  await pause(2000);
  wire.mend();
  await ann.link('live');
  const notice = await ann.text('#notice');
  assert.match(notice, /Live again\. (\d+ lines|1 line) recovered/);
  assert.ok(Number(/(\d+) lines?/.exec(notice)[1]) >= 2, notice);
  await ann.sees('There was no connection. Press Enter to send it now.');
  await pause(500);
  assert.equal((await ann.lines()).filter((l) => l.who === 'you').length, 0, 'nothing went by itself');
  assert.equal(await ann.page.inputValue('#reply'), 'Are you hurt?');
  await ann.press('Enter');
  await ann.sees('delivered to phone');
  await ann.keys('Tell me more.');
  await ann.press('Enter');
  const { code, out } = await texter.ended;
  assert.equal(code, 0, out);
  await lineCount(ann, 40);
  const lines = await ann.lines();
  assert.deepEqual(heard(lines), upTo(40));
  assert.deepEqual(lines.filter((l) => l.who === 'you').map((l) => l.text), ['Are you hurt?', 'Tell me more.']);
  assert.deepEqual(lines.map((l) => l.number), upTo(42).map((n) => n + 1));
  await ann.quiet(cutWords);
  await ann.leave();
});

test('a wire that swallows everything is noticed; what was sent into it goes once', async () => {
  const ann = await Taker.sit(browser, port, { name: 'bob' });
  const texter = engine.texter('--calls', '1', '--messages', '60', '--think', '500ms', '--replies', '1');
  await ann.page.waitForSelector('.group.waiting .call');
  await ann.press('F2');
  await lineCount(ann, 3);
  wire.freeze();
  await ann.keys('Sent into the void');
  await ann.press('Enter');
  await ann.sees('sending…');
  await ann.link('blind', 25000);
  wire.mend();
  await ann.link('live');
  await ann.page.waitForFunction(() => document.querySelector('.line.you[data-state="delivered"]') || document.querySelector('#unsent'), null, { timeout: 20000 });
  if (await ann.page.locator('#unsent').count()) await ann.press('Enter');
  const { code, out } = await texter.ended;
  assert.equal(code, 0, out);
  await lineCount(ann, 60);
  const lines = await ann.lines();
  assert.deepEqual(heard(lines), upTo(60));
  assert.deepEqual(lines.filter((l) => l.who === 'you').map((l) => l.text), ['Sent into the void']);
  await ann.quiet(cutWords);
  await ann.leave();
});

test('kill -9 of the engine: blind, then everything acknowledged is back, once', async () => {
  const ann = await Taker.sit(browser, port, { name: 'eve' });
  const texter = engine.texter('--calls', '1', '--messages', '200', '--think', '100ms');
  await ann.page.waitForSelector('.group.waiting .call');
  await ann.press('F2');
  await ann.page.waitForSelector('#reply:focus');
  await ann.keys('Where are you?');
  await ann.press('Enter');
  await ann.sees('delivered to phone');
  await lineCount(ann, 8);
  await engine.kill();
  await ann.link('blind');
  const before = await ann.lines();
  await engine.start();
  await ann.link('live');
  await pause(500);
  const now = await ann.lines();
  assert.deepEqual(now.slice(0, before.length).map((l) => [l.number, l.text]), before.map((l) => [l.number, l.text]), 'no line moved or vanished');
  assert.deepEqual(heard(now), upTo(heard(now).length));
  assert.deepEqual(now.map((l) => l.number), upTo(now.length).map((n) => n + 1));
  assert.equal(now.filter((l) => l.who === 'you').length, 1);
  await texter.stop();
  await ann.quiet(cutWords);
  await ann.leave();
});
