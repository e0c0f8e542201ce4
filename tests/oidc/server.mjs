// npm's oidc-provider, strict (PKCE, rotated refresh tokens, a family ends when one is used twice),
// and beside it an API that takes its tokens.
//
//   node server.mjs FOLDER
//
// FOLDER has server.pem (certificate and key) and clients.json, and gets ready.json (the port) and
// events.ndjson: what the provider did, a line each, without secrets.
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import process from 'node:process';

import Provider from 'oidc-provider';

const LOGIN = 'login.oak.example';
const API = 'api.oak.example';
const SCOPE = 'devices.read';
const DEVICES = Array.from({ length: 7 }, (_, i) => ({ id: `d-${i}`, name: `Laptop ${i}` }));

const folder = process.argv[2];
const pem = readFileSync(join(folder, 'server.pem'));

const provider = new Provider(`https://${LOGIN}`, {
  clients: JSON.parse(readFileSync(join(folder, 'clients.json'))),
  scopes: ['openid', 'offline_access', SCOPE],
  pkce: { required: () => true, methods: ['S256'] },
  rotateRefreshToken: true,
  features: { clientCredentials: { enabled: true }, revocation: { enabled: true } },
  ttl: {
    AccessToken: 3600, ClientCredentials: 3600, RefreshToken: 86400, Grant: 86400, Session: 3600, Interaction: 600,
  },
  cookies: { keys: [randomBytes(16).toString('hex')] },
});

// --- what it did ---

function note(event) {
  appendFileSync(join(folder, 'events.ndjson'), `${JSON.stringify(event)}\n`);
}

function noteError(what) {
  return (ctx, error) => note({ what, error: error.error ?? error.message });
}

provider.on('grant.success', (ctx) => note({ what: 'granted', grant: ctx.oidc.params.grant_type }));
provider.on('grant.error', noteError('refused'));
provider.on('authorization.error', noteError('not authorized'));
provider.on('server_error', noteError('broken'));
provider.on('grant.revoked', () => note({ what: 'revoked' }));
provider.on('refresh_token.consumed', () => note({ what: 'rotated' }));

// --- the API ---

async function isGood(request) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !token) {
    return false;
  }
  const found = await provider.AccessToken.find(token) ?? await provider.ClientCredentials.find(token);
  return found !== undefined && found.isValid && found.scopes.has(SCOPE);
}

function send(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function listDevices(request, response) {
  const { pathname, searchParams } = new URL(request.url, `https://${API}`);
  const offset = Number(searchParams.get('offset') ?? 0);
  const limit = Number(searchParams.get('limit') ?? DEVICES.length);
  if (pathname !== '/v1/devices') {
    send(response, 404, { error: 'not found' });
  } else if (!await isGood(request)) {
    send(response, 401, { error: 'invalid_token' });
  } else {
    send(response, 200, { devices: DEVICES.slice(offset, offset + limit), total: DEVICES.length });
  }
}

// --- both, told apart by their names ---

const authorize = provider.callback();
const server = createServer({ key: pem, cert: pem }, (request, response) => {
  const answer = request.headers.host === API ? listDevices : authorize;
  Promise.resolve(answer(request, response)).catch((error) => {
    note({ what: 'broken', error: error.message });
    response.destroy();
  });
});

server.listen(0, '127.0.0.1', () => {
  const ready = join(folder, 'ready.json');
  writeFileSync(`${ready}.new`, JSON.stringify({ port: server.address().port }));
  renameSync(`${ready}.new`, ready);
});
// Whoever started it holds the other end.
process.stdin.on('end', () => process.exit(0)).resume();
