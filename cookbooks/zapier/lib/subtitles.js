'use strict';

/** Return segments as an SRT text, which players and video sites read. */
const srt = (segments) => segments.map((one, index) => `${index + 1}\n${stamp(one.start)} --> ${stamp(one.end)}\n${one.text.trim()}\n`).join('\n');

const stamp = (seconds) => {
  const all = Math.round(seconds * 1000);
  const part = (divisor, modulus, width = 2) => String(Math.floor(all / divisor) % modulus).padStart(width, '0');
  return `${part(3_600_000, 1e6)}:${part(60_000, 60)}:${part(1000, 60)},${part(1, 1000, 3)}`;
};

module.exports = { srt };
