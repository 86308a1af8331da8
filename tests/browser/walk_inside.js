// Inside `scope`: whatever is not one of the few elements, attributes and addresses that comments know.
(scope) => {
  const bad = [];
  const known = { P: [], BR: [], STRONG: [], EM: [], UL: [], OL: ['start'], LI: [], BLOCKQUOTE: [], CODE: [], PRE: [],
    A: ['href', 'rel'] };
  const safe = new Set(['http:', 'https:', 'mailto:']);
  for (const root of document.querySelectorAll(scope)) {
    for (const one of root.querySelectorAll('*')) {
      const isKnown = one.namespaceURI === 'http://www.w3.org/1999/xhtml' && Object.hasOwn(known, one.tagName);
      if (!isKnown) bad.push('element ' + one.localName);
      for (const attribute of one.attributes) {
        if (!(isKnown && known[one.tagName].includes(attribute.name)))
          bad.push(`attribute ${attribute.name} of ${one.localName}`);
      }
      if (one.localName === 'ol' && one.hasAttribute('start') && !/^[0-9]{1,9}$/.test(one.getAttribute('start')))
        bad.push('start ' + one.getAttribute('start'));
      if (one.localName !== 'a') continue;
      // The protocol as the browser resolves it, whatever stands in the attribute.
      if (!safe.has(one.protocol)) bad.push('address ' + one.getAttribute('href'));
      for (const word of ['nofollow', 'ugc', 'noopener'])
        if (!one.relList.contains(word)) bad.push('link without ' + word);
      if (!one.textContent.trim()) bad.push('link that nobody sees ' + one.href);
    }
    if (/[\u202a-\u202e\u2066-\u2069]/.test(root.textContent)) bad.push('turns the direction');
  }
  return bad;
}
