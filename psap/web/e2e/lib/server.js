// The engine under test and the texters in front of it, as processes of the real binary.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const bin = process.env.E2E_BIN;

// Engine is `text911 serve --dev` on ports of its own; a restart keeps data and ports.
export class Engine {
  // more: settings beside the ports.
  constructor(more = {}) {
    this.more = more;
    this.addresses = null;
    this.child = null;
    this.errors = '';
    this.texters = new Set();
  }

  async start() {
    this.dir ||= await mkdtemp(path.join(os.tmpdir(), 'text911-e2e-'));
    this.ports ||= { http: await freePort(), sip: await freePort(), msrp: await freePort() };
    const p = this.ports;
    this.child = spawn(bin, ['serve', '--dev', '--data-dir', this.dir,
      ...sets({ 'http.listen': p.http, 'admin.listen': 0, 'sip.udp': 0, 'sip.tcp': p.sip, 'msrp.tcp': p.msrp, 'nats.listen': 0 }),
      ...Object.entries(this.more).flatMap(([k, v]) => ['--set', `${k}=${v}`])],
    { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr.on('data', (d) => { this.errors += d; });
    this.ended = new Promise((done) => { this.child.once('exit', done); });
    this.addresses = JSON.parse(await firstLine(this.child, () => this.errors));
    this.port = p.http;
  }

  // kill is a loss of power: no goodbye.
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  pause() {
    this.child.kill('SIGSTOP');
  }

  resume() {
    this.child.kill('SIGCONT');
  }

  async stop() {
    for (const t of this.texters) t.kill('SIGKILL');
    if (this.child && this.child.exitCode === null) {
      this.child.kill('SIGCONT');
      await this.kill();
    }
    await rm(this.dir, { recursive: true, force: true });
  }

  // texter runs simulated texters; ended resolves with what they report.
  texter(...args) {
    const child = spawn(bin, ['sim', 'esrp', '--target', `sip:127.0.0.1:${this.ports.sip};transport=tcp`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.texters.add(child);
    child.once('exit', () => this.texters.delete(child));
    let out = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { out += d; });
    const ended = new Promise((done) => { child.once('exit', (code) => done({ code, out })); });
    return { ended, stop: async () => { child.kill('SIGKILL'); return ended; } };
  }
}

function sets(keys) {
  return Object.entries(keys).flatMap(([k, port]) => ['--set', `${k}=127.0.0.1:${port}`]);
}

function firstLine(child, errors) {
  return new Promise((done, fail) => {
    let text = '';
    const late = setTimeout(() => fail(new Error(`the engine did not start: ${errors()}`)), 30000);
    child.stdout.on('data', (d) => {
      text += d;
      if (text.includes('\n')) {
        clearTimeout(late);
        done(text.slice(0, text.indexOf('\n')));
      }
    });
    child.once('exit', (code) => {
      clearTimeout(late);
      fail(new Error(`the engine ended with ${code}: ${errors()}`));
    });
  });
}

function freePort() {
  return new Promise((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}
