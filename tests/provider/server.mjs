// A certified OpenID provider with its own pages for signing in, for the stories.
//
//     server.mjs PORT CALLBACK…
//
// Whoever gives a name and any password is that person. Writes "ready" when it listens.

import Provider from "oidc-provider";

const [port, ...callbacks] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "lysand",
      client_secret: "a secret of at least thirty-two letters",
      redirect_uris: callbacks,
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  cookies: { keys: ["a key for stories alone"] },
  claims: { email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: `The ${id}`,
      preferred_username: id,
      email: `${id}@id.example`,
      email_verified: true,
    }),
  }),
});

provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
