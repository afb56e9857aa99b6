import type { Reply, WireEvent } from './script.ts';

/** One event as the text/event-stream format has it. */
export function encodeEvent(event: WireEvent, newline = '\n'): string {
  const data = typeof event.data === 'string' ? event.data : JSON.stringify(event.data);
  const name = event.event === undefined ? '' : `event: ${event.event}${newline}`;
  const lines = data.split('\n').map((line) => `data: ${line}${newline}`);
  return name + lines.join('') + newline;
}

/** The chunks that a reply's stream is sent in, up to its fault; then what the fault sends; then the rest where it resumes. */
export function chunksOf(reply: Reply): Buffer[] {
  const newline = reply.crlf ? '\r\n' : '\n';
  const comments = Array.from({ length: reply.comments ?? 0 }, () => Buffer.from(`: keep-alive${newline}${newline}`));
  const events = (reply.events ?? []).map((event) => Buffer.from(encodeEvent(event, newline)));
  const chunks = withFault(events, reply, newline);
  return [...comments, ...(reply.cuts === undefined ? chunks : cut(Buffer.concat(chunks), reply.cuts))];
}

function withFault(events: Buffer[], reply: Reply, newline: string): Buffer[] {
  const fault = reply.fault;
  if (!fault) return events;
  let before = events;
  let after: Buffer[] = [];
  if (fault.afterEvents !== undefined) {
    before = events.slice(0, fault.afterEvents);
    after = events.slice(fault.afterEvents);
  } else if (fault.afterBytes !== undefined) {
    const all = Buffer.concat(events);
    before = [all.subarray(0, fault.afterBytes)];
    after = [all.subarray(fault.afterBytes)];
  }
  const send = fault.send ?? [];
  const sent =
    typeof send === 'string' ? [Buffer.from(send)] : send.map((event) => Buffer.from(encodeEvent(event, newline)));
  return [...before, ...sent, ...(fault.then === 'resume' ? after : [])];
}

function cut(bytes: Buffer, cuts: NonNullable<Reply['cuts']>): Buffer[] {
  const places = 'seed' in cuts ? randomPlaces(bytes.length, cuts.seed, cuts.longest ?? 40) : [...cuts];
  const edges = [0, ...places.filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b), bytes.length];
  const chunks: Buffer[] = [];
  for (let i = 1; i < edges.length; i += 1) {
    const chunk = bytes.subarray(edges[i - 1], edges[i]);
    if (chunk.length > 0) chunks.push(chunk);
  }
  return chunks;
}

/** Steps of 1 to `longest` bytes; the same seed gives the same places (mulberry32). */
function randomPlaces(length: number, seed: number, longest: number): number[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const places: number[] = [];
  for (let at = 0; at < length;) {
    at += 1 + Math.floor(random() * longest);
    places.push(at);
  }
  return places;
}
