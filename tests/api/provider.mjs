// A real OpenID provider for one test: node provider.mjs PORT REDIRECT_URI
import { Provider } from "oidc-provider";
const [port, redirect] = process.argv.slice(2);
const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: "fullhouse",
      client_secret: "s3cret",
      redirect_uris: [redirect],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@lion.test`, email_verified: true, name: id }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
