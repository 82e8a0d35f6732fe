// Can it be used by everybody: contrast as computed by the browser, names and roles, focus, target
// size, four times the zoom, forced colours, less motion.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { Engine } from '../lib/server.js';
import { Taker, launch } from '../lib/page.js';

const engine = new Engine();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser;
const texters = [];

before(async () => {
  await engine.start();
  browser = await launch();
  texters.push(engine.texter('--story', 'hiding', '--pace', '0'), engine.texter('--story', 'deaf', '--pace', '0'), engine.texter('--story', 'spanish', '--pace', '0'));
});

after(async () => {
  await Promise.all(texters.map((t) => t.stop()));
  await browser?.close();
  await engine.stop();
});

// faults has axe look at the page as it stands.
async function faults(t) {
  await t.page.evaluate(axe);
  const found = await t.page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
}

// pale lists every text on screen that has less than 4.5:1 against what is painted behind it.
const pale = (t) => t.page.evaluate(() => {
  const rgb = (s) => (s.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const f = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const behind = (el) => {
    for (let e = el; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  let seen = 0;
  for (const el of document.querySelectorAll('body *')) {
    const own = [...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !el.checkVisibility() || el.closest('.heard')) continue;
    seen += 1;
    const [a, b] = [light(rgb(getComputedStyle(el).color)), light(behind(el))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${el.tagName}.${el.className} ${ratio.toFixed(2)} "${el.textContent.trim().slice(0, 20)}"`);
  }
  if (seen < 10) bad.push(`only ${seen} texts looked at`);
  return bad;
});

async function inEveryState(t, look) {
  await t.page.waitForFunction(() => document.querySelectorAll('.group.waiting .call').length >= 1);
  await look('waiting');
  await t.press('F2');
  await t.page.waitForSelector('#reply:focus');
  await t.keys('911, where is your emergency?');
  await look('typing');
  await t.press('Enter');
  await t.sees('delivered to phone');
  await look('delivered');
  for (const [key, name] of [['Alt+q', 'ready-made'], ['Alt+m', 'note'], ['Alt+b', 'give back'], ['Alt+c', 'close'], ['F1', 'help']]) {
    await t.press(key);
    await t.page.waitForSelector('dialog[open]');
    await look(name);
    await t.press('Escape');
    await t.page.waitForSelector('dialog', { state: 'detached' });
  }
}

for (const scheme of ['dark', 'light']) {
  test(`${scheme}: every text has 4.5:1 and axe finds nothing, in every state`, async () => {
    const t = await Taker.sit(browser, engine.port, { name: scheme, position: '1', scheme });
    const want = scheme === 'dark' ? ['rgb(15, 20, 25)', 'rgb(230, 237, 243)'] : ['rgb(255, 255, 255)', 'rgb(27, 31, 36)'];
    assert.deepEqual(await t.page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]), want);
    await inEveryState(t, async (state) => {
      assert.deepEqual(await pale(t), [], state);
      assert.deepEqual(await faults(t), [], state);
    });
    await t.quiet();
    await t.leave();
  });
}

test('the sign-in has names, labels and a first focus', async () => {
  const context = await browser.newContext({ colorScheme: 'light' });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${engine.port}/`);
  await page.waitForSelector('#agent:focus');
  assert.deepEqual(await faults({ page }), []);
  assert.deepEqual(await page.$$eval('input', (all) => all.map((i) => i.labels[0]?.textContent.trim())), ['Your name or number', 'Position (may be empty)']);
  await context.close();
});

test('focus goes the way one reads, always shows, and nothing covers it', async () => {
  const t = await Taker.sit(browser, engine.port, { name: 'tab' });
  await t.page.waitForSelector('.group.waiting .call');
  await t.press('F2');
  await t.page.waitForSelector('#reply:focus');
  await t.page.evaluate(() => { document.activeElement.blur(); document.querySelector('.top').prepend(Object.assign(document.createElement('a'), { id: 'begin', tabIndex: -1 })); document.getElementById('begin').focus(); });
  const order = [];
  for (let i = 0; i < 40; i += 1) {
    await t.press('Tab');
    const at = await t.page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const r = e.getBoundingClientRect();
      const top = document.elementFromPoint(r.left + Math.min(r.width, 40) / 2, r.top + Math.min(r.height, 40) / 2);
      const s = getComputedStyle(e);
      return { name: e.id || e.dataset.call || e.textContent.slice(0, 20), shown: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2, clear: !!top && (e.contains(top) || top.contains(e)), part: e.closest('header, .banners, .notice') ? 'top' : e.closest('.list') ? 'list' : e.closest('.conversation') ? 'conversation' : e.closest('.details') ? 'details' : '?' };
    });
    if (!at) break;
    order.push(at);
  }
  assert.ok(order.length >= 10, JSON.stringify(order));
  for (const o of order) assert.ok(o.shown && o.clear, JSON.stringify(o));
  const parts = order.map((o) => o.part).filter((p, i, all) => p !== all[i - 1]);
  assert.deepEqual(parts.slice(0, 3), ['top', 'list', 'conversation'], parts.join());
  for (const id of ['pause', 'silence', 'help', 'note', 'close', 'reply', 'ready']) assert.ok(order.some((o) => o.name === id), `${id} is reached`);
  await t.quiet();
  await t.leave();
});

test('every control is at least 24 px, shows its shortcut and has a name', async () => {
  const t = await Taker.sit(browser, engine.port, { name: 'size' });
  const mine = engine.texter('--calls', '1', '--messages', '1', '--replies', '9');
  texters.push(mine);
  await t.page.waitForSelector('.group.waiting .call');
  await t.press('F2');
  await t.page.waitForSelector('#reply:focus');
  const controls = await t.page.$$eval('button, input, textarea, select, summary, a[href]', (all) => all.filter((e) => e.checkVisibility()).map((e) => {
    const r = e.getBoundingClientRect();
    return { name: e.textContent.trim() || e.labels?.[0]?.textContent, w: r.width, h: r.height, keys: e.getAttribute('aria-keyshortcuts'), kbd: e.querySelector('kbd')?.textContent };
  }));
  for (const c of controls) {
    assert.ok(c.w >= 24 && c.h >= 24, JSON.stringify(c));
    assert.ok(c.name, JSON.stringify(c));
    if (c.keys && !/reply/i.test(c.name)) assert.ok(c.kbd, `shortcut not shown: ${JSON.stringify(c)}`);
  }
  await t.quiet();
  await t.leave();
});

test('four times the zoom: one column, nothing wider than the screen, the link’s word always in sight', async () => {
  const t = await Taker.sit(browser, engine.port, { name: 'zoom', size: { width: 320, height: 256 } });
  texters.push(engine.texter('--calls', '1', '--messages', '4', '--think', '100ms', '--replies', '9'));
  await t.page.waitForSelector('.group.waiting .call');
  const wide = () => t.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(await wide() <= 320, 'list');
  await t.press('F2');
  await t.page.waitForSelector('#reply:focus');
  assert.ok(await wide() <= 320, 'conversation');
  const sight = () => t.page.evaluate(() => {
    const [l, f] = [document.getElementById('link').getBoundingClientRect(), document.activeElement.getBoundingClientRect()];
    return { link: l.top >= -1 && l.bottom <= innerHeight, focus: f.bottom > l.bottom && f.top < innerHeight };
  });
  assert.deepEqual(await sight(), { link: true, focus: true }, 'reply box');
  for (let i = 0; i < 14; i += 1) {
    await t.press('Shift+Tab');
    if (await t.page.evaluate(() => document.activeElement === document.body)) break;
    const s = await sight();
    assert.ok(s.link && s.focus, `${await t.focus()} ${JSON.stringify(s)}`);
  }
  await t.quiet();
  await t.leave();
});

test('forced colours and less motion', async () => {
  const t = await Taker.sit(browser, engine.port, { name: 'forced', more: { forcedColors: 'active', reducedMotion: 'reduce' } });
  texters.push(engine.texter('--calls', '1', '--messages', '1', '--replies', '9'));
  await t.page.waitForSelector('.group.waiting .call');
  assert.equal(await t.page.evaluate(() => matchMedia('(forced-colors: active)').matches), true);
  assert.equal(await t.page.evaluate(() => document.getAnimations().length), 0);
  const edges = await t.page.$$eval('.button', (all) => all.filter((e) => e.checkVisibility()).map((e) => getComputedStyle(e).borderTopStyle));
  assert.ok(edges.length > 3 && edges.every((e) => e === 'solid'));
  assert.match(await t.text('#link'), /LIVE/);
  await t.quiet();
  await t.leave();
});
