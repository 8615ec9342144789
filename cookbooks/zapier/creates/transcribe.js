'use strict';

const FormData = require('form-data');

const { modelField } = require('../lib/chat');
const { plain } = require('../lib/errors');
const { defaults } = require('../lib/facts');
const money = require('../lib/money');
const { srt } = require('../lib/subtitles');
const { call } = require('../lib/wire');

const perform = async (z, bundle) => {
  const model = bundle.inputData.model || defaults.transcription;
  const form = await filled(z, bundle.inputData, model);
  const { data, requestId } = await call(z, bundle, '/audio/transcriptions', {
    body: form.getBuffer(),
    headers: form.getHeaders(),
    model,
  });
  if (typeof data.text !== 'string') throw plain(z, 'LLMaaS returned no text for this recording.', 'empty_answer', 200);
  return { ...told(data), model, request_id: requestId };
};

const filled = async (z, { file, language, hint, task }, model) => {
  const { bytes, name, type } = await fetched(z, file);
  const form = new FormData();
  form.append('file', bytes, { filename: name, contentType: type });
  const plainFields = { model, language, initial_prompt: hint, task, response_format: 'json' };
  for (const [key, value] of Object.entries(plainFields)) {
    if (value) form.append(key, value);
  }
  return form;
};

/** Fetch the recording from where Zapier or the web keeps it; the key stays out of this request. */
const fetched = async (z, url) => {
  const response = await z.request({ url, raw: true, skipThrowForStatus: true });
  if (response.status >= 400) throw plain(z, `The recording cannot be fetched (${response.status}).`, 'no_file', 400);
  const type = response.headers.get('content-type') || 'application/octet-stream';
  return { bytes: await response.buffer(), name: named(response, url), type };
};

const named = (response, url) => {
  const said = /filename="?([^";]+)/.exec(response.headers.get('content-disposition') || '');
  return said ? said[1] : decodeURIComponent(new URL(url).pathname.split('/').pop()) || 'recording';
};

const told = ({ text, language, segments }) => {
  const parts = (segments || []).map(({ start, end, text: said }) => ({ start, end, text: said }));
  const seconds = parts.length ? parts[parts.length - 1].end : null;
  return {
    text: text.trim(),
    language: language || null,
    seconds,
    segments: parts,
    subtitles: srt(parts),
    cost_eur: seconds === null ? null : money.ofAudio(seconds),
  };
};

module.exports = {
  key: 'transcribe',
  noun: 'Transcript',
  display: { label: 'Transcribe a Recording', description: 'Writes down what is said in a recording, with times and subtitles.' },
  operation: {
    perform,
    inputFields: [
      { key: 'file', label: 'Recording', type: 'file', required: true, helpText: 'WAV, MP3 or M4A. Keep it under about 25 MB.' },
      { key: 'language', label: 'Language', choices: { fr: 'Français', en: 'English', es: 'Español', de: 'Deutsch', it: 'Italiano' }, helpText: 'Found by itself if you choose nothing.' },
      { key: 'task', label: 'Result', choices: { transcribe: 'As spoken', translate: 'Translated to English' }, default: 'transcribe' },
      { key: 'hint', label: 'Names and Terms', type: 'text', helpText: 'How to spell the names and terms that will be heard.' },
      modelField('transcription_models', defaults.transcription),
    ],
    outputFields: [
      { key: 'text', label: 'Transcript' },
      { key: 'language', label: 'Language' },
      { key: 'seconds', label: 'Seconds', type: 'number' },
      { key: 'segments[]start', label: 'Start', type: 'number' },
      { key: 'segments[]end', label: 'End', type: 'number' },
      { key: 'segments[]text', label: 'Said' },
      { key: 'subtitles', label: 'Subtitles (SRT)' },
      { key: 'cost_eur', label: 'Cost (EUR)', type: 'number' },
      { key: 'model', label: 'Model' },
      { key: 'request_id', label: 'Request ID' },
    ],
    sample: {
      text: 'Bonjour à tous.',
      language: 'fr',
      seconds: 1.4,
      segments: [{ start: 0, end: 1.4, text: 'Bonjour à tous.' }],
      subtitles: '1\n00:00:00,000 --> 00:00:01,400\nBonjour à tous.\n',
      cost_eur: 0.01,
      model: defaults.transcription,
      request_id: 'req-0123456789abcdef',
    },
  },
};
