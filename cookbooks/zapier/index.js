'use strict';

const { version: platformVersion } = require('zapier-platform-core');

const { version } = require('./package.json');
const { picker } = require('./triggers/models');

const byKey = (...parts) => Object.fromEntries(parts.map((part) => [part.key, part]));

module.exports = {
  version,
  platformVersion,
  authentication: require('./authentication'),
  hydrators: require('./hydrators'),
  triggers: byKey(picker('chat'), picker('embedding'), picker('transcription')),
  searches: byKey(require('./searches/model')),
  creates: byKey(
    require('./creates/chat'),
    require('./creates/summarise'),
    require('./creates/extract'),
    require('./creates/embed'),
    require('./creates/transcribe'),
  ),
};
