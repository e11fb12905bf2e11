// Workers that make tiles, each one at a time.

// As many as the page may use, and leave a core to the browser.
export function usualWorkers() {
  return Math.max(1, Math.min((navigator.hardwareConcurrency || 2) - 1, 4));
}

export class Pool {
  // `take` gives the next job, whose `work` is for a worker, or nothing; `made` gets a job and its
  // bitmap, `failed` a sentence.
  constructor({ take, made, failed }) {
    Object.assign(this, { take, made, failed });
    // All that were started, and those of them that can work.
    this.threads = [];
    this.workers = [];
  }

  // Workers started with what they need; done when the first one can work.
  start(count, source, needs) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.threads = Array.from({ length: count }, () => new Worker(url));
    const first = this.threads.map((thread) => this.#add(thread, needs));
    return Promise.any(first).catch(({ errors }) => Promise.reject(errors[0]));
  }

  get size() {
    return this.threads.length;
  }

  // Work for all that have none.
  wake() {
    for (const worker of this.workers) this.#give(worker);
  }

  stop() {
    for (const thread of this.threads) thread.terminate();
    this.threads = [];
    this.workers = [];
  }

  #add(thread, needs) {
    return new Promise((resolve, reject) => {
      const worker = { thread, job: null };
      const fail = (reason) => {
        reject(new Error(reason));
        // One that had begun to work.
        if (this.workers.includes(worker)) this.failed(reason);
      };
      thread.onerror = (event) => fail(event.message || "a worker cannot be started");
      thread.onmessage = ({ data }) => {
        if (data.failed) return fail(data.failed);
        if (data.ready) {
          this.workers.push(worker);
          resolve();
        } else {
          const { job } = worker;
          worker.job = null;
          this.made(job, data.bitmap);
        }
        this.#give(worker);
      };
      thread.postMessage({ start: needs });
    });
  }

  #give(worker) {
    if (worker.job) return;
    worker.job = this.take() ?? null;
    if (worker.job) worker.thread.postMessage({ work: worker.job.work });
  }
}
