const model = properties.model || FACTS.defaults.transcription;
const url = properties.file.startsWith('//') ? `https:${properties.file}` : properties.file; // as Bubble keeps files
const recording = await fetch(url); // without the key
if (!recording.ok) throw new Error(`The recording cannot be fetched (${recording.status}).`);

const form = new FormData();
form.append('file', await recording.blob(), decodeURIComponent(new URL(url).pathname.split('/').pop()));
const given = { model, response_format: 'json', language: properties.spoken, initial_prompt: properties.hint };
Object.entries(given).forEach(([name, value]) => value && form.append(name, value));

const data = await send('/audio/transcriptions', form, model);
if (typeof data.text !== 'string') throw new Error('LLMaaS returned no text for this recording.');
const last = (data.segments || []).slice(-1)[0];
return {
  text: data.text.trim(),
  language: data.language || '',
  seconds: last ? last.end : null,
  segments_json: JSON.stringify(data.segments || []),
  cost_eur: last ? (Math.ceil(last.end / 60) * FACTS.prices.audio_minute) / 1000000 : null,
  request_id: data.requestId,
};
