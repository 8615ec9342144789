'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const zapier = require('zapier-platform-core');

const App = require('..');

const { LLMAAS_BASE_URL: base, LLMAAS_API_KEY: key, LLMAAS_ADMIN_KEY: admin } = process.env;
if (!base || !admin) {
  throw new Error('Start the sandbox first and name it: see "For developers" in README.md.');
}
const root = base.replace(/\/v1$/, '');

const control = async (method, path, body) => {
  const response = await fetch(`${root}/admin/${path}`, {
    method,
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
};

/** The sandbox of the tests, seen by its administrator. */
const sandbox = {
  script: (...steps) => control('POST', 'script', { steps }),
  always: (faults) => control('PUT', 'faults', { faults }),
  reset: () => control('POST', 'reset', {}),
  requests: async () => (await control('GET', 'requests')).data.filter(({ path }) => path.startsWith('/v1')),
};

const tester = zapier.createAppTester(App);

/** Run a part of the integration as the platform does. */
const run = (part, inputData = {}, authData = {}) => tester(part, { inputData, authData: { api_key: key, base_url: base, ...authData } });

const create = (name, inputData, authData) => run(App.creates[name].operation.perform, inputData, authData);

/** Return the error that a step ends with, its message read as the platform reads it. */
const failure = async (promise) => {
  const error = await promise.then(() => assert.fail('it should have failed'), (problem) => problem);
  assert.ok(!error.message.includes(key), 'the key is in the message');
  try {
    return { name: error.name, ...JSON.parse(error.message.split('\n')[0]) };
  } catch {
    return { name: error.name, message: error.message };
  }
};

/** Serve one file on loopback while a test runs, noting what it was asked with. */
const serving = async (bytes, headers, use) => {
  const seen = [];
  const server = http.createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(bytes ? 200 : 404, headers);
    response.end(bytes);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  try {
    return { result: await use(`http://127.0.0.1:${server.address().port}/r%C3%A9union.wav`), seen };
  } finally {
    server.close();
  }
};

module.exports = { App, create, failure, key, base, root, run, sandbox, serving };
