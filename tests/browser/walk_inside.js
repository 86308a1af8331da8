// Inside `scope`: elements, attributes and addresses that no text of a stranger may become.
(scope) => {
  const bad = [];
  const forbidden = new Set(['script','iframe','object','embed','applet','frame','frameset','base','meta','link',
    'style','form','svg','math','template','noscript','img','video','audio','source','input','button','textarea',
    'select','details','marquee','xml','isindex','plaintext','xmp','listing','portal','dialog']);
  const safe = new Set(['http:', 'https:', 'mailto:']);
  for (const root of document.querySelectorAll(scope)) {
    for (const one of root.querySelectorAll('*')) {
      if (forbidden.has(one.localName)) bad.push('element ' + one.localName);
      for (const attribute of one.attributes) {
        const name = attribute.name.toLowerCase();
        if (name.startsWith('on')) bad.push('handler ' + name);
        if (['style', 'id', 'class', 'srcdoc', 'formaction', 'action', 'src'].includes(name)) bad.push('attribute ' + name);
        if (name.includes('href') && !(one.localName === 'a' && safe.has(one.protocol))) bad.push('address ' + attribute.value);
      }
      if (one.localName === 'a' && one.href && !(one.rel || '').includes('nofollow')) bad.push('link without nofollow');
    }
  }
  return bad;
}
