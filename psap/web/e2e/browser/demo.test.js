// What a newcomer sees: `text911 demo`, a name, and texts that arrive and ask to be answered.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Taker, launch } from '../lib/page.js';

test('the demo’s texts arrive within 5 s and can be answered', async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'text911-demo-'));
  const demo = spawn(process.env.E2E_BIN, ['demo', '--no-browser', '--http', '127.0.0.1:0', '--data-dir', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const browser = await launch();
  t.after(async () => {
    await browser.close();
    demo.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  let out = '';
  const port = await new Promise((done, fail) => {
    demo.stdout.on('data', (d) => {
      out += d;
      const m = /^console: http:\/\/127\.0\.0\.1:(\d+)\//m.exec(out);
      if (m) done(Number(m[1]));
    });
    demo.once('exit', (code) => fail(new Error(`the demo ended with ${code}: ${out}`)));
  });
  const ann = await Taker.sit(browser, port);
  await ann.page.waitForSelector('.group.waiting .call', { timeout: 5000 });
  await ann.sound('new');
  await ann.press('F2');
  await ann.page.waitForSelector('#reply:focus');
  await ann.press('Alt+1');
  await ann.press('Enter');
  await ann.sees('delivered to phone');
  assert.match(await ann.text('#details'), /cell tower area|GPS/);
  await ann.quiet();
  await ann.leave();
});
