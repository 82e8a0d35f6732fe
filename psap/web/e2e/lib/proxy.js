// A wire between page and engine that can be cut, frozen, and mended.
import net from 'node:net';

export class Wire {
  constructor(port) {
    this.target = port;
    this.pairs = new Set();
    this.state = 'whole'; // whole, cut (refused and reset), frozen (nothing passes, nothing is told)
  }

  listen() {
    this.server = net.createServer((near) => {
      if (this.state === 'cut') return near.destroy();
      const far = net.connect(this.target, '127.0.0.1');
      const pair = { near, far };
      this.pairs.add(pair);
      const end = () => {
        this.pairs.delete(pair);
        near.destroy();
        far.destroy();
      };
      for (const [from, to] of [[near, far], [far, near]]) {
        from.on('data', (d) => {
          if (this.state === 'frozen') return;
          to.write(d);
        });
        from.on('error', end);
        from.on('close', () => this.state !== 'frozen' && end());
      }
      return undefined;
    });
    return new Promise((done) => { this.server.listen(0, '127.0.0.1', () => done(this.server.address().port)); });
  }

  cut() {
    this.state = 'cut';
    for (const p of this.pairs) p.near.destroy();
  }

  freeze() {
    this.state = 'frozen';
  }

  // mend makes new connections possible; what was frozen stays lost, as on a real network.
  mend() {
    for (const p of this.pairs) if (this.state === 'frozen') p.near.destroy();
    this.state = 'whole';
  }

  close() {
    this.cut();
    return new Promise((done) => { this.server.close(done); });
  }
}
