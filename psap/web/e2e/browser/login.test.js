// Where a login is demanded: the page asks for the token, never puts it into an address, and gets a
// new ticket for each connection.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Engine } from '../lib/server.js';
import { Wire } from '../lib/proxy.js';
import { launch } from '../lib/page.js';

test('a token is asked for, exchanged for a ticket each time, and kept out of every address', async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'text911-login-'));
  const tokens = path.join(dir, 'tokens');
  await writeFile(tokens, 'ann correct-horse-battery-staple\n', { mode: 0o600 });
  const engine = new Engine({ 'auth.mode': 'token', 'auth.tokens_file': tokens });
  await engine.start();
  const wire = new Wire(engine.port);
  const port = await wire.listen();
  const browser = await launch();
  t.after(async () => {
    await browser.close();
    await wire.close();
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const page = await (await browser.newContext()).newPage();
  const addresses = [];
  page.on('request', (r) => addresses.push(r.url()));
  page.on('websocket', (ws) => addresses.push(ws.url()));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForSelector('#agent:focus');
  await page.keyboard.type('ann');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#token:focus');
  await page.keyboard.type('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('This token was not accepted.').waitFor();
  await page.fill('#token', 'correct-horse-battery-staple');
  await page.keyboard.press('Enter');
  await page.waitForSelector('html[data-link="live"]', { state: 'attached' });

  wire.cut();
  await page.waitForSelector('html[data-link="blind"]', { state: 'attached' });
  wire.mend();
  await page.waitForSelector('html[data-link="live"]', { state: 'attached' });
  const tickets = addresses.filter((a) => a.includes('ticket=')).map((a) => new URL(a).searchParams.get('ticket'));
  assert.ok(tickets.length >= 2);
  assert.equal(new Set(tickets).size, tickets.length, 'a ticket is used once');
  assert.ok(!addresses.some((a) => a.includes('horse')), 'the token is in no address');
  assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage).includes('horse')), false, 'nor kept in the browser');
});
