/** Figures and texts as the page shows them. */

const COUNT = new Intl.NumberFormat('en-US')

export const count = (value: number): string => COUNT.format(Math.round(value))

export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

export function short(value: number): string {
  const size = Math.abs(value)
  if (size < 10_000) return count(value)
  if (size < 1e6) return `${(value / 1e3).toFixed(size < 1e5 ? 1 : 0)}k`
  if (size < 1e9) return `${(value / 1e6).toFixed(size < 1e7 ? 2 : 1)}M`
  return `${(value / 1e9).toFixed(2)}G`
}

export function seconds(value: number): string {
  const size = Math.abs(value)
  if (size < 0.0005) return '0 s'
  if (size < 0.1) return `${(value * 1e3).toFixed(size < 0.01 ? 1 : 0)} ms`
  if (size < 10) return `${value.toFixed(2)} s`
  if (size < 100) return `${value.toFixed(1)} s`
  const whole = Math.round(value)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function money(micros: number | null): string {
  if (micros === null) return 'unknown'
  const dollars = micros / 1e6
  if (dollars === 0) return '$0'
  return `$${dollars.toFixed(Math.abs(dollars) < 0.01 ? 5 : Math.abs(dollars) < 1 ? 4 : 2).replace(/(\.\d\d\d*?)0+$/, '$1')}`
}

export function share(part: number, whole: number): string {
  return whole > 0 ? `${((100 * part) / whole).toFixed(part > 0 && part / whole < 0.1 ? 1 : 0)} %` : '–'
}

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`
  return value < 1e6 ? `${(value / 1e3).toFixed(value < 1e4 ? 1 : 0)} kB` : `${(value / 1e6).toFixed(1)} MB`
}

export function when(epoch: number): string {
  if (!epoch) return 'unknown time'
  const date = new Date(epoch * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

// Controls, marks of direction, and what takes no place; joiners of emoji and scripts stay.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** A text with what hides in it made visible: nothing reorders a line, and nothing is there that is not seen. */
export function visible(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(HIDDEN, (sign) => {
    const code = sign.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

export function oneLine(text: string, most = 140): string {
  const line = visible(text.slice(0, most * 4).replace(/\s+/g, ' ').trim())
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`
}
