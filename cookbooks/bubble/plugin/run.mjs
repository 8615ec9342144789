// Runs actions as Bubble does. Each line in is {"action": ..., "properties": {...}, "keys": {...}},
// each line out {"returned": {...}} or {"error": "..."}.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const perform = ({ action, properties, keys }) => {
  const code = readFileSync(new URL(`./actions/${action}.js`, import.meta.url), 'utf8');
  return new Function(`return (${code})`)()(properties, { keys });
};

for await (const line of createInterface({ input: process.stdin })) {
  const outcome = await perform(JSON.parse(line)).then(
    (returned) => ({ returned }),
    (problem) => ({ error: problem.message }),
  );
  console.log(JSON.stringify(outcome));
}
