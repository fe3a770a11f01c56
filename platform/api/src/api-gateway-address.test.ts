import { describe, expect, it } from 'vitest';
import { addressOf } from './api-gateway-address.ts';
import { functionSpecSchema } from './function.ts';
import { triggerMistakes } from './validate-triggers.ts';

describe('the address of an API gateway or an ingress', () => {
  it.each([
    ['API.example', '/x/'],
    ['api.example', '//x'],
    ['api.example', '/a/../x/.'],
  ])('is the same however it is written: %s%s', (host, path) => {
    expect(addressOf(host, path)).toBe('api.example/x');
  });

  it('keeps the root, and capitals of the path', () => {
    expect([addressOf('h', '/'), addressOf('h', '//'), addressOf('', '/X')]).toEqual(['h/', 'h/', '/X']);
  });
});

describe('the paths of a function', () => {
  const mistakesOf = (...paths: string[]) => {
    const triggers = { w: { kind: 'http', attributes: { ingresses: { a: { paths } } } } };
    return [...triggerMistakes(functionSpecSchema.parse({ triggers }))];
  };

  it('are refused where no request would be found by them', () => {
    expect(mistakesOf('/a/%62', '/a//b', '/x/../b')).toEqual([
      'spec.triggers.w.attributes.ingresses.a: Path "/a/%62" must not have %: characters stand in it as they are',
      'spec.triggers.w.attributes.ingresses.a: Path "/a//b" must have neither // nor the segments . and ..',
      'spec.triggers.w.attributes.ingresses.a: Path "/x/../b" must have neither // nor the segments . and ..',
    ]);
  });

  it('may have templates, and a slash at their end', () => {
    expect(mistakesOf('/', '/{{.Namespace}}/{{ .Name }}/')).toEqual([]);
  });
});
