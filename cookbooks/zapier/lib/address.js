'use strict';

const { service } = require('./facts');

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Return the service's address ending in /v1, however it was typed; refuse unsafe ones. */
const address = (z, typed) => {
  const url = parsed(z, (typed || '').trim() || service);
  if (url.protocol !== 'https:' && !LOOPBACK.test(url.hostname)) {
    throw new z.errors.Error('The address must begin with https://: over http the key could be read.', 'bad_address', 400);
  }
  if (url.username || url.search || url.hash) {
    throw new z.errors.Error('The address must not hold a user, a question mark or a #.', 'bad_address', 400);
  }
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path.endsWith('/v1') ? path : `${path}/v1`}`;
};

const parsed = (z, text) => {
  try {
    return new URL(text.includes('://') ? text : `https://${text}`);
  } catch {
    throw new z.errors.Error(`This is not an address: ${text}`, 'bad_address', 400);
  }
};

module.exports = { address };
