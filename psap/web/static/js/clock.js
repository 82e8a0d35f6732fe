// A worker that says "tick" about once a second: browsers slow down the timers of hidden pages, not
// those of their workers.
setInterval(() => postMessage('tick'), 1000);
