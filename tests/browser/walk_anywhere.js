// Anywhere on a page: what would run or load if it had got out of its place.
() => {
  const bad = [];
  for (const one of document.querySelectorAll('*')) {
    for (const attribute of one.attributes) {
      if (attribute.name.toLowerCase().startsWith('on')) bad.push('handler ' + attribute.name);
      const value = attribute.value.replace(/[\u0000-\u0020]/g, '').toLowerCase();
      if (['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'srcdoc'].includes(attribute.name) &&
          /^(javascript|vbscript|data):/.test(value)) bad.push('address ' + attribute.value);
      if (/evil\.example/.test(value) && ['src', 'action', 'formaction', 'data', 'srcset'].includes(attribute.name))
        bad.push('foreign ' + attribute.value);
    }
    if (one.localName === 'script' && one.type !== 'application/ld+json' && !(one.getAttribute('src') || '').startsWith('/static/'))
      bad.push('script');
    if (['iframe', 'frame', 'object', 'embed', 'applet', 'base'].includes(one.localName)) bad.push('element ' + one.localName);
  }
  return bad;
}
