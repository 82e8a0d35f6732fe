// Sounds, made here, nothing fetched. Each is a loop that the browser's audio clock repeats by
// itself until it is stopped, so it goes on in a hidden tab whose timers sleep.

const patterns = {
  // Rising pair, like a telephone: a new text waits.
  new: { every: 2.4, notes: [[0, 0.16, 784], [0.18, 0.16, 1047], [0.5, 0.16, 784], [0.68, 0.16, 1047]] },
  // Two soft high ticks: a new line in my text.
  line: { every: 4, notes: [[0, 0.09, 1319], [0.14, 0.12, 1568]] },
  // Low falling triple: trouble.
  trouble: { every: 3, notes: [[0, 0.22, 440], [0.28, 0.22, 349], [0.56, 0.36, 262]] },
};

export class Sounds {
  constructor(onChange) {
    this.onChange = onChange;
    this.ctx = null;
    this.playing = '';
    this.source = null;
  }

  // can: the browser lets us be heard. A screen that cannot ring does not count as ringing.
  get can() {
    return !!this.ctx && this.ctx.state === 'running';
  }

  // enable must be called from a key or click: browsers block sound until then.
  async enable() {
    if (!this.ctx) {
      const Audio = globalThis.AudioContext || globalThis.webkitAudioContext;
      if (!Audio) return;
      this.ctx = new Audio();
      this.ctx.addEventListener('statechange', () => this.changed());
    }
    if (this.ctx.state !== 'running') await this.ctx.resume().catch(() => {});
    this.changed();
  }

  changed() {
    if (this.can && this.playing && !this.source) this.start();
    this.onChange(this.can);
  }

  // play asks for a sound, "" for quiet; asking for the one that plays changes nothing.
  play(name) {
    if (name === this.playing) return;
    this.playing = name;
    if (this.source) {
      this.source.stop();
      this.source.disconnect();
      this.source = null;
    }
    if (name && this.can) this.start();
  }

  start() {
    const source = this.ctx.createBufferSource();
    source.buffer = this.render(patterns[this.playing]);
    source.loop = true;
    source.connect(this.ctx.destination);
    source.start();
    this.source = source;
  }

  // once is a short proof that sound works.
  once() {
    if (!this.can) return;
    const source = this.ctx.createBufferSource();
    source.buffer = this.render({ every: 0.4, notes: [[0, 0.12, 880]] });
    source.connect(this.ctx.destination);
    source.start();
  }

  render({ every, notes }) {
    const rate = this.ctx.sampleRate;
    const buffer = this.ctx.createBuffer(1, Math.ceil(every * rate), rate);
    const out = buffer.getChannelData(0);
    for (const [at, length, hertz] of notes) {
      const from = Math.floor(at * rate);
      const n = Math.floor(length * rate);
      for (let i = 0; i < n && from + i < out.length; i += 1) {
        const edge = Math.min(1, i / (0.012 * rate), (n - i) / (0.03 * rate));
        const t = i / rate;
        out[from + i] += 0.32 * edge * (Math.sin(2 * Math.PI * hertz * t) + 0.3 * Math.sin(4 * Math.PI * hertz * t));
      }
    }
    return buffer;
  }
}
