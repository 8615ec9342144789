/* Search in pages that were opened as files, where browsers refuse workers: a Worker in an iframe. */
"use strict";
if (location.protocol === "file:") {
  const load = (document, url) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, {src: url, onload: resolve, onerror: reject});
    document.head.append(script);
  });
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inner = frame.contentWindow;
      this.inner.postMessage = data => this.dispatchEvent(new MessageEvent("message", {data}));
      this.inner.importScripts = (...urls) =>
        urls.reduce((done, each) => done.then(() => load(frame.contentDocument, each)), Promise.resolve());
      this.ready = load(frame.contentDocument, url);
    }
    postMessage(data) {
      this.ready.then(() => this.inner.dispatchEvent(new this.inner.MessageEvent("message", {data})));
    }
  };
}
