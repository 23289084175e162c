// The hub of Resonite's clients, with @microsoft/signalr: by way of the negotiation and without it.
//
//     signalr_js.mjs SERVER REDIRECT_URI
//
// It reads {"header": TEXT, "how": "negotiated" or "skipped"} from standard input, and writes {"state": "Connected"}, and then what it is told
// when somebody else ends the session: {"error": TEXT or null, "state": "Disconnected"}. Without a good header it writes {"refused": TEXT}.

import { createInterface } from "node:readline";
import * as signalR from "@microsoft/signalr";

const [server] = process.argv.slice(2);
const tell = (facts) => console.log(JSON.stringify(facts));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { header, how } = JSON.parse((await lines.next()).value);

const options = { headers: { Authorization: header }, transport: signalR.HttpTransportType.WebSockets, skipNegotiation: how === "skipped" };
const hub = new signalR.HubConnectionBuilder().withUrl(`${server}/hub`, options).configureLogging(signalR.LogLevel.None).build();
const closed = new Promise((resolve) => hub.onclose((error) => resolve(error)));
try {
  await hub.start();
} catch (error) {
  tell({ refused: String(error) });
  process.exit(0);
}
tell({ state: hub.state });
const error = await closed;
tell({ error: error?.message ?? null, state: hub.state });
process.exit(0);
