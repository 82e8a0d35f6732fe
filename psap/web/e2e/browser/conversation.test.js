// A whole conversation by keyboard, from the texter's first word to the close, with a colleague
// looking on.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { Engine } from '../lib/server.js';
import { Taker, launch } from '../lib/page.js';

const engine = new Engine();
let browser;

before(async () => {
  await engine.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await engine.stop();
});

const numbersAreWhole = (lines) => {
  const numbers = lines.filter((l) => l.who !== 'note').map((l) => l.number);
  assert.deepEqual(numbers, numbers.map((_, i) => i + 1), 'every line once, in order');
};

test('a text arrives, rings, is answered by keyboard alone, and is closed with a reason', async () => {
  const ann = await Taker.sit(browser, engine.port, { name: 'ann', position: '3' });
  const bea = await Taker.sit(browser, engine.port, { name: 'bea' });
  await ann.sees('No text is waiting.');

  const texter = engine.texter('--story', 'hiding', '--pace', '0.2');
  const began = Date.now();
  await ann.sees('someone broke into my house', { timeout: 5000 });
  assert.ok(Date.now() - began < 5000, 'on screen within 5 s');
  await ann.sound('new');
  await bea.sound('new');
  assert.match(await ann.page.title(), /1 NEW/);
  assert.match((await ann.calls('waiting'))[0].join(' '), /202 555 0143 (NEW|RINGING)/);

  await ann.press('F2');
  await ann.page.waitForSelector('.group.mine .call');
  await ann.page.waitForSelector('#reply:focus');
  await ann.sound('');
  await bea.sound('');
  await bea.page.waitForSelector('.group.others .call');
  assert.equal((await bea.calls('others'))[0][1], 'WAITING FOR ann');
  await bea.press('Alt+ArrowDown');
  await bea.sees('With ann. You are reading only.');
  assert.equal(await bea.page.locator('#reply, #claim').count(), 0, 'two may not answer one texter');

  await ann.press('Alt+1');
  assert.equal(await ann.page.inputValue('#reply'), '911, where is your emergency?');
  await ann.press('Enter');
  await ann.sees('delivered to phone');
  await bea.sees('Taker ann');

  await ann.sound('line');
  await ann.sees('14 Alder Street', { within: '#log' });
  await ann.sees('14 Alder Street', { within: '#polite' });
  await ann.press('Shift');
  await ann.sound('');

  await ann.press('Alt+q');
  await ann.keys('weapons');
  await ann.press('Enter');
  assert.equal(await ann.page.inputValue('#reply'), 'Are there any weapons?');
  assert.equal(await ann.page.locator('.line.you').count(), 1, 'choosing does not send');
  await ann.press('Enter');
  await ann.sees('he is on the stairs', { within: '#log' });

  await ann.press('Alt+m');
  await ann.keys('Unit 12 sent');
  await ann.press('Enter');
  await ann.keys('stay quiet'); // at once: what is typed next must land in the reply box
  assert.equal(await ann.page.inputValue('#reply'), 'stay quiet');
  await ann.press('Enter');
  await bea.sees('Note by ann');
  await ann.sees('he is running out the back', { within: '#log' });
  await ann.keys('Officers are with you now.');
  await ann.press('Enter');
  await ann.sees('we are ok. thank you', { within: '#log' });
  await ann.page.waitForFunction(() => document.querySelectorAll('.line.you[data-state="delivered"]').length === 4);

  const lines = await ann.lines();
  numbersAreWhole(lines);
  assert.deepEqual(lines.filter((l) => l.who === 'you').map((l) => l.text),
    ['911, where is your emergency?', 'Are there any weapons?', 'stay quiet', 'Officers are with you now.']);
  assert.deepEqual(lines.filter((l) => l.who === 'note').map((l) => l.text), ['Unit 12 sent']);
  assert.equal(lines.filter((l) => l.who === 'texter').length, 8);
  const hers = (await bea.lines()).map((l) => l.text);
  assert.deepEqual(hers, lines.map((l) => l.text), 'the colleague sees the same');

  await ann.press('Alt+c');
  await ann.press('1');
  await ann.press('Enter');
  await ann.page.waitForFunction(() => document.querySelector('#state b')?.textContent === 'CLOSED');
  assert.match(await ann.text('#state'), /by a taker \(help sent\)/);
  await bea.sees('This text is closed.');
  const { code, out } = await texter.ended;
  assert.equal(code, 0, out);
  assert.match(out, /replies 4, ended by/);
  await ann.quiet();
  await bea.quiet();
  await ann.leave();
  await bea.leave();
});

test('letters never act; silence; pause; give back; the queue shows who was first', async () => {
  const ann = await Taker.sit(browser, engine.port);
  const first = engine.texter('--calls', '1', '--messages', '1', '--replies', '9');
  await ann.page.waitForSelector('.group.waiting .call');
  const second = engine.texter('--story', 'spanish', '--pace', '0');
  await ann.page.waitForFunction(() => document.querySelectorAll('.group.waiting .call').length === 2);
  assert.deepEqual((await ann.calls('waiting')).map((c) => c[0]), ['202 555 0000', '202 555 0162'], 'oldest on top');

  await ann.sound('new');
  await ann.press('F8');
  await ann.sound('');
  assert.match(await ann.text('#silence'), /Silent for \d+ s/);
  await ann.press('F8');
  await ann.sound('new');
  await ann.press('Alt+p');
  await ann.sound('');
  assert.match(await ann.text('#pause'), /Paused/);
  await ann.press('Alt+p');
  await ann.sound('new');

  await ann.press('Alt+a');
  await ann.page.waitForSelector('#reply:focus');
  assert.equal(await ann.text('#title'), '202 555 0000');
  const letters = 'answer next close release queue silence x';
  await ann.keys(letters);
  assert.equal(await ann.page.inputValue('#reply'), letters);
  assert.equal(await ann.page.locator('dialog').count(), 0);

  await ann.press('Alt+o');
  assert.equal(await ann.text('#title'), '202 555 0162');
  await ann.press('Alt+j');
  assert.equal(await ann.text('#title'), '202 555 0000');
  assert.equal(await ann.page.inputValue('#reply'), letters, 'what was typed waits with its text');

  await ann.press('Alt+b');
  await ann.press('Enter');
  await ann.page.waitForFunction(() => /BACK IN QUEUE/.test(document.querySelector('.group.waiting')?.textContent));
  await ann.sees('Unsent:');
  await first.stop();
  await second.stop();
  await ann.quiet();
  await ann.leave();
});

test('sound is off until a key was pressed, and the server is told', async () => {
  const ann = await Taker.sit(browser, engine.port, { name: 'cal' });
  const frames = [];
  ann.page.on('websocket', (ws) => ws.on('framesent', (f) => frames.push(JSON.parse(f.payload))));
  await ann.page.reload();
  await ann.link('live');
  await ann.sees('This screen cannot ring yet.');
  assert.equal(frames.find((f) => f.op === 'start').can_ring, false);
  await ann.press('Shift');
  await ann.page.waitForSelector('#silence');
  await ann.page.waitForFunction(() => !/cannot ring/.test(document.getElementById('banners').textContent));
  await assert.doesNotReject(async () => {
    for (let i = 0; i < 50 && !frames.some((f) => f.type === 'agent.state' && f.data.can_ring); i += 1) await new Promise((r) => { setTimeout(r, 100); });
    assert.ok(frames.some((f) => f.type === 'agent.state' && f.data.can_ring === true));
  });
  await ann.quiet();
  await ann.leave();
});
