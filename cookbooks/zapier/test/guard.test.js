'use strict';

const assert = require('node:assert/strict');

describe('the guard', () => {
  for (const place of ['http://192.0.2.1/', 'http://example.org/']) {
    it(`refuses ${place}`, async () => {
      await assert.rejects(fetch(place), (error) => /may not reach/.test(`${error} ${error.cause}`));
    });
  }
});
