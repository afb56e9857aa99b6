import { describe, expect, it } from 'vitest';
import { forTerminal, jsonForTerminal } from './sanitize.ts';

// Written with escapes, so that this file itself hides nothing.
const DANGEROUS: Record<string, string> = {
  'clipboard (OSC 52)': '\u001b]52;c;ZXZpbA==\u0007',
  'colour (CSI)': '\u001b[31mred\u001b[0m',
  'C1 CSI': '\u009b2J',
  'device control': '\u001bP1$r\u001b\\',
  'carriage return': 'safe\rEVIL',
  backspace: 'rm -rf /\b\b\b\bls',
  delete: '\u007f',
  'bidi override': 'a\u202eb\u202c',
  'bidi isolate': '\u2066x\u2069',
  'direction marks': '\u200e\u200f\u061c',
  'zero width space': 'pay\u200bpal',
  'tag characters': 'hi\u{e0041}\u{e007f}',
  'byte order mark': '\ufeff',
  NUL: '\u0000',
};

describe('text for a terminal', () => {
  it.each(Object.entries(DANGEROUS))('shows %s instead of obeying it', (_, text) => {
    const safe = forTerminal(text);
    expect(safe).not.toBe(text);

    expect(safe).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u,
    );
  });

  it('says what was there', () => {
    expect(forTerminal('\u001b[2J')).toBe('␛[2J');
    expect(forTerminal('\u202e')).toBe('<U+202E>');
    expect(forTerminal('\u{e0041}')).toBe('<U+E0041>');
  });

  it.each(['plain\n\ttext', 'äöü 漢字 العربية עברית', '👩‍👩‍👧 🏳️‍🌈 e\u0301', ''])('leaves %j alone', (text) => {
    expect(forTerminal(text)).toBe(text);
  });

  it('turns CRLF into a line feed', () => expect(forTerminal('a\r\nb')).toBe('a\nb'));

  it('is safe piece by piece: a sequence cut anywhere stays harmless', () => {
    const text = Object.values(DANGEROUS).join('');
    for (let i = 0; i <= text.length; i++) {
      expect(forTerminal(text.slice(0, i)) + forTerminal(text.slice(i))).not.toMatch(/[\u001b\u009b\u0007\u202e]/);
    }
  });

  it.each(Object.entries(DANGEROUS))('JSON with %s keeps its value', (_, text) => {
    const json = jsonForTerminal(JSON.stringify({ text }));
    expect(JSON.parse(json)).toEqual({ text });

    expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u200b\u{e0000}-\u{e007f}]/u);
  });
});
