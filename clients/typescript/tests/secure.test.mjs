// Tokens, TLS and client certificates, against a server that wants them; and one that has too much to do.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {test} from 'node:test';

import {Server, ServerCredentials, status} from '@grpc/grpc-js';
import * as fm from 'fovea-memory';

import {atEnd, folder, FOVEAD} from './support.mjs';

/** A certificate of its own for localhost, and its key. */
function certify(home, name) {
  const made = {chain: `${home}/${name}.pem`, key: `${home}/${name}.key`};
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const about = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
  const command = ['req', '-x509', ...curve, ...about, '-keyout', made.key, '-out', made.chain];
  execFileSync('openssl', command, {stdio: 'ignore'});
  return made;
}

/** A fovead on a port with TLS and tokens. */
async function startSecure(home, ...options) {
  const digest = (token) => createHash('sha256').update(token).digest('hex');
  const tokens = [
    {token_sha256: digest('writes'), tenant: 'a'},
    {token_sha256: digest('reads'), tenant: 'a', role: 'reader'},
  ];
  writeFileSync(`${home}/tokens`, tokens.map((token) => `${JSON.stringify(token)}\n`).join(''));
  const {chain, key} = certify(home, 'server');
  const where = ['--listen', '127.0.0.1:0', '--data', `${home}/data`, '--tokens', `${home}/tokens`];
  const child = spawn(FOVEAD, [...where, '--tls-certificate', chain, '--tls-key', key, ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  atEnd(() => child.kill('SIGKILL'));
  const line = String(await new Promise((resolve) => child.stdout.once('data', resolve)));
  return {address: `localhost:${line.trim().split(':').at(-1)}`, tls: chain};
}

/** What sessions() of a connection gives, or its error. */
async function sessions(options) {
  const client = fm.Fovea.connect(options);
  try {
    return await client.sessions();
  } finally {
    await client.close();
  }
}

test('tokens over TLS', async () => {
  const server = await startSecure(folder());
  const writer = fm.Fovea.connect({...server, token: 'writes'});
  assert.deepEqual(await (await writer.session('s')).append('hello'), {first: 1, last: 1});
  await writer.close();
  const reader = fm.Fovea.connect({...server, token: 'reads'});
  assert.deepEqual((await reader.sessions()).map(({sessionId}) => sessionId), ['s']);
  await assert.rejects(reader.session('another'), fm.PermissionDeniedError);
  await reader.close();
  for (const token of ['', 'wrong']) await assert.rejects(sessions({...server, token}), fm.UnauthenticatedError);
  // Neither without encryption, nor by the authorities of the system.
  for (const tls of [false, true]) {
    await assert.rejects(sessions({...server, tls, token: 'writes', deadline: 1}), fm.UnavailableError);
  }
});

test('client certificates', async () => {
  const home = folder();
  const certificate = certify(home, 'client');
  const server = {...(await startSecure(home, '--tls-client-ca', certificate.chain)), token: 'writes'};
  assert.deepEqual(await sessions({...server, certificate}), []);
  await assert.rejects(sessions({...server, deadline: 1}), fm.UnavailableError);
});

test('a server that has too much to do is asked again', async () => {
  let asked = 0;
  let times = 2;
  const server = new Server();
  const asItIs = (bytes) => bytes;
  const list = {
    path: '/fovea.v1.SessionService/ListSessions',
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
  const answer = (call, done) => {
    if (++asked > times) return done(null, Buffer.alloc(0));
    const metadata = call.metadata.clone();
    metadata.set('grpc-retry-pushback-ms', '200');
    return done({code: status.RESOURCE_EXHAUSTED, details: 'the server has too much to do', metadata});
  };
  server.addService({list}, {list: answer});
  const address = `unix:${folder()}/s`;
  await new Promise((resolve) => server.bindAsync(address, ServerCredentials.createInsecure(), resolve));
  const began = Date.now();
  assert.deepEqual(await sessions({address}), []);
  assert.ok(asked === 3 && Date.now() - began >= 400, `${asked} times`);
  times = 1000;
  await assert.rejects(sessions({address, deadline: 0.7}), {name: 'ResourceExhaustedError', message: /too much/});
  assert.ok(asked >= 5 && asked <= 7, `${asked} times`);
  server.forceShutdown();
});
