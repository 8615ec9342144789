// What the scripts share: questions, a tool, and the line that tells the outcome.
import { readFileSync } from "node:fs";
import assert from "node:assert";

export const MODEL = "gemma4:31b";
export const QUESTION = "What is the weather in Paris?";
export const ROOT = process.env.SANDBOX_ROOT;
export const URL_ = process.env.OPENAI_BASE_URL;
export const KEY = process.env.OPENAI_API_KEY;
export const TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
export const equal = assert.deepStrictEqual;

export function done(name, what) {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  console.log(JSON.stringify({ version, what }));
}
