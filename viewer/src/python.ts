/** Splits Python into words that are shown in colours. */

export interface Token {
  text: string
  kind: '' | 'keyword' | 'string' | 'comment' | 'number' | 'host'
}

const KEYWORDS = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield match case'.split(' '),
)
const HOST = new Set(
  'context llm_query llm_query_batched rlm_query rlm_query_batched memory budget SHOW_VARS answer FINAL FINAL_VAR SUBMIT'.split(' '),
)
const WORDS =
  /(#[^\n]*)|("""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|([A-Za-z_][A-Za-z_0-9]*)|(\d[\d_.]*)/g
const LONGEST = 60_000

export function tokens(code: string): Token[] {
  if (code.length > LONGEST) return [{ text: code, kind: '' }]
  const found: Token[] = []
  let at = 0
  for (const match of code.matchAll(WORDS)) {
    if (match.index > at) found.push({ text: code.slice(at, match.index), kind: '' })
    const [text, comment, string, word, number] = match
    const kind = comment ? 'comment' : string ? 'string' : number ? 'number' : KEYWORDS.has(word!) ? 'keyword' : HOST.has(word!) ? 'host' : ''
    found.push({ text, kind })
    at = match.index + text.length
  }
  if (at < code.length) found.push({ text: code.slice(at), kind: '' })
  return found
}
