'use strict';

/** No test leaves this machine: a connection to anywhere else fails at once. */
const net = require('node:net');

const LOOPBACK = /^(localhost|127\.|::1$)/;
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function guarded(...args) {
  const { host = 'localhost', path } = [].concat(args[0])[0] || {};
  if (!path && !LOOPBACK.test(host)) throw new Error(`The tests may not reach ${host}.`);
  return connect.apply(this, args);
};
