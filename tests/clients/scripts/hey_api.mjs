// A client that @hey-api/openapi-ts makes of /openapi.json, compiled.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { done } from "./checks.mjs";

const address = `${process.env.SANDBOX_ROOT}/openapi.json`;
execFileSync("node_modules/.bin/openapi-ts", ["-i", address, "-o", "made", "-c", "@hey-api/client-fetch"], { stdio: "ignore" });
writeFileSync("use.mts", `
import { postV1ChatCompletions } from "./made/sdk.gen.js";
import { client } from "./made/client.gen.js";

client.setConfig({ baseUrl: process.env.SANDBOX_ROOT, auth: process.env.OPENAI_API_KEY });
const { data, error } = await postV1ChatCompletions({
  body: { model: "gemma4:31b", messages: [{ role: "user", content: 'Say "Bonjour"' }] },
});
const content: string | null | undefined = (data as any)?.choices[0]?.message.content;
if (content !== "Bonjour") throw new Error(JSON.stringify(error));
`);
const options = ["--strict", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "--skipLibCheck", "--types", "node"];
execFileSync("node_modules/.bin/tsc", [...options, "--noEmit", "use.mts"], { stdio: "inherit" });
execFileSync("node_modules/.bin/esbuild", ["use.mts", "--bundle", "--platform=node", "--format=esm", "--outfile=use.mjs", "--log-level=error"], { stdio: "inherit" });
execFileSync("node", ["use.mjs"], { stdio: "inherit" });
done("@hey-api/openapi-ts", "client compiles and chats");
