'use strict';

const DEFAULT_SECONDS = 60; // the service's own advice after a 429
const EPOCH = 1_000_000_000;

/** Return how many seconds the service asks to wait, in whichever header and form it does. */
const seconds = (headers, now = Date.now() / 1000) => {
  const milliseconds = number(headers.get('retry-after-ms'));
  if (milliseconds !== null) return Math.ceil(milliseconds / 1000);
  const asked =
    moment(headers.get('retry-after'), now) ?? moment(headers.get('x-ratelimit-reset-requests'), now);
  return asked === null ? DEFAULT_SECONDS : Math.max(1, Math.ceil(asked));
};

const moment = (text, now) => {
  if (!text) return null;
  const value = number(text);
  if (value !== null) return value > EPOCH ? value - now : value;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date / 1000 - now;
};

const number = (text) => (text && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : null);

module.exports = { seconds };
