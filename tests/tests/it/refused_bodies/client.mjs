// Sends requests whose bodies nobody wants, each many times, in each way that Node has; prints the statuses that it saw, or the
// errors. Arguments: the address, the requests in JSON, how many times, and whether a session of HTTP/2 is for one request: Node
// ends streams of its own when bodies that it could not send take more than it keeps for a session.
import http from 'node:http';
import http2 from 'node:http2';

const [address, requests, times] = [process.argv[2], JSON.parse(process.argv[3]), Number(process.argv[4])];
const [host, port] = address.split(':');
const body = Buffer.alloc(4 * 1024 * 1024, 'x');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const isSingle = process.argv[5] === 'single';
let session = http2.connect(`http://${address}`);

const overHttp = ({ method, path, headers }) => new Promise((resolve) => {
  const sized = { ...headers, 'content-length': body.length };
  const request = http.request({ host, port, method, path, headers: sized, agent }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode));
  });
  request.on('error', (error) => resolve(error.code)).end(body);
});

const overFetch = async ({ method, path, headers }) => {
  try {
    const response = await fetch(`http://${address}${path}`, { method, headers, body });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    return error.cause?.code ?? String(error);
  }
};

const overHttp2 = ({ method, path, headers }) => new Promise((resolve) => {
  if (isSingle) {
    session.destroy();
    session = http2.connect(`http://${address}`);
  }
  const stream = session.request({ ':method': method, ':path': path, ...headers });
  let status;
  stream.on('response', (fields) => { status = fields[':status']; });
  stream.on('error', (error) => resolve(error.code)).on('end', () => resolve(status));
  stream.resume().end(body);
});

const seen = [];
for (const [way, send] of Object.entries({ overHttp, overFetch, overHttp2 })) {
  for (const request of requests) {
    const statuses = [];
    for (let time = 0; time < times; time += 1) statuses.push(await send(request));
    seen.push({ way, status: request.status, statuses });
  }
}
session.close();
agent.destroy();
console.log(JSON.stringify(seen));
