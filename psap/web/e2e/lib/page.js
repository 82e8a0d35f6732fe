// A call taker's browser: opens the page, works it with keys, keeps an eye on its console.
import { chromium } from 'playwright-core';

export const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: flags });
}

// Taker is one person at one screen.
export class Taker {
  static async sit(browser, port, { name = 'ann', position = '', scheme = 'dark', size = { width: 1440, height: 860 }, more = {} } = {}) {
    const t = new Taker();
    t.name = name;
    t.context = await browser.newContext({ viewport: size, colorScheme: scheme, ...more });
    t.page = await t.context.newPage();
    t.complaints = [];
    t.page.on('console', (m) => {
      if (m.type() === 'error' || m.type() === 'warning') t.complaints.push(m.text());
    });
    t.page.on('pageerror', (e) => t.complaints.push(String(e)));
    await t.page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
    });
    await t.page.goto(`http://127.0.0.1:${port}/`);
    await t.page.waitForSelector('#agent');
    await t.keys(name);
    await t.press('Tab');
    await t.keys(position);
    await t.press('Enter');
    await t.link('live');
    return t;
  }

  press(key) { return this.page.keyboard.press(key); }

  keys(text) { return this.page.keyboard.type(text); }

  link(word, timeout = 30000) { return this.page.waitForSelector(`html[data-link="${word}"]`, { timeout, state: 'attached' }); }

  sound(name, timeout = 10000) { return this.page.waitForSelector(`html[data-sound="${name}"]`, { timeout, state: 'attached' }); }

  text(selector) { return this.page.locator(selector).innerText(); }

  // waits for a text on screen, anywhere or within selector.
  sees(text, { within = 'body', timeout = 10000 } = {}) {
    return this.page.locator(within).getByText(text).first().waitFor({ timeout });
  }

  focus() { return this.page.evaluate(() => document.activeElement && document.activeElement.id); }

  // calls are the texts of a group of the list, as [number, state].
  calls(group) {
    return this.page.$$eval(`.group.${group} .call`, (all) => all.map((c) => [c.querySelector('.number').childNodes[0].textContent.trim(), c.dataset.state]));
  }

  // lines of the conversation, as {who, text, number, state}.
  lines() {
    return this.page.$$eval('#log .line', (all) => all.filter((l) => l.querySelector('.text')).map((l) => ({
      who: ['texter', 'you', 'other', 'machine', 'note'].find((c) => l.classList.contains(c)),
      text: l.querySelector('.text').textContent,
      number: Number((/#(\d+)/.exec(l.querySelector('.by').textContent) || [])[1] || 0),
      state: l.dataset.state || '',
    })));
  }

  // quiet fails with what the browser complained of; refused connections while the wire is cut are
  // part of the test.
  async quiet(allow = /(?!)/) {
    const broken = this.complaints.filter((c) => !allow.test(c));
    const violations = await this.page.evaluate(() => globalThis.violations);
    if (broken.length || violations.length) throw new Error(`the page complained: ${[...broken, ...violations].join('; ')}`);
  }

  leave() { return this.context.close(); }
}

export const cutWords = /ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE|ERR_NETWORK|WebSocket connection to|Failed to load resource/;
