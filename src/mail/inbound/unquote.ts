const wrote =
  /(?<!\p{L})(wrote|schrieb|écrit|escribió|scritto|escreveu|schreef|skrev|kirjoitti|yazdı|napisał|napisała|pisze|написал|написала|пишет|έγραψε|napsal|napsala|írta|viết|scris)(?!\p{L})|写道|書きました|のメッセージ|작성|כתב|كتب/iu
/** How an introducing sentence begins. Only with this beginning it may continue on the next lines. */
const opening =
  /^\s*-*\s*(On|Am|Le|El|Il|Em|Op|Den|På|W|Dnia|Στις|В|Пн|Вт|Ср|Чт|Пт|Сб|Вс|在|Vào)(?!\p{L})|^\s*\d/iu
const from = /^\s*\*?(From|Von|De|Da|Van|Från|Fra|Od|От|发件人|差出人)\*?\s?[:：]/iu
const heads =
  /^\s*\*?(Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Fecha|Para|Asunto|Assunto|Data|Inviato|A|Oggetto|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|Sendt|Til|Emne|Wysłano|Do|Temat|Отправлено|Кому|Тема|发送时间|收件人|主题|送信日時|宛先|件名)\*?\s?[:：]/iu
const originalMessage =
  /^\s*-{2,}\s*(Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Mensagem original|Messaggio originale|Oorspronkelijk bericht|Oprindelig besked|Originalmeddelande)\s*-{2,}\s*$/i
const separator = /^\s*(_{5,}|-{5,})\s*$/
const quoted = /^\s{0,3}>/
const signature = /^--\s?$/

/** The kind of a line in a reply: the author's own, quoted, or part of the introduction of a quotation. */
type Kind = 'own' | 'quoted' | 'introduction'

/**
 * The author's own text in a reply, signature included, without the mail that it replies to. If the author writes
 * between quoted lines, these lines are kept, because the text means nothing without them. If nothing would be left,
 * everything is kept. Each line is looked at only a few times, for any input.
 */
export function unquote(text: string): string {
  const lines = text.split('\n')
  const kinds = kindsOf(lines)
  const own = kinds.flatMap((kind, index) => (kind === 'own' && lines[index]?.trim() ? [index] : []))
  const [first = 0, last = -1] = [own[0], own.at(-1)]
  // A signature below the quotation does not count as text between quoted lines.
  const signed = lines.findIndex(
    (line, index) => index >= first && kinds[index] === 'own' && signature.test(line),
  )
  const lastUnsigned = own.filter(index => signed < 0 || index < signed).at(-1) ?? last
  const isBetween = kinds.slice(first, lastUnsigned).includes('quoted')
  const kept = lines.map((_, index) => {
    if (index < first || index > last || kinds[index] === 'introduction') return false
    return kinds[index] === 'own' || (isBetween && index < lastUnsigned)
  })
  return joined(lines, kept) || text
}

function kindsOf(lines: string[]): Kind[] {
  const kinds: Kind[] = []
  // Lines that begin with ">" belong to the quoted mail after an introduction or at the top. Elsewhere they may be
  // anything.
  let isIntroduced = false
  let isTop = true
  for (let index = 0; index < lines.length; index++) {
    if (quoted.test(lines[index] ?? '') && (isIntroduced || isTop)) kinds.push('quoted')
    else if (isHeaderBlock(lines, index)) return rest(lines, kinds)
    else {
      const length = introductionAt(lines, index)
      if (length > 0 && !isFollowedByQuotation(lines, index + length)) return rest(lines, kinds)
      for (let each = 0; each < length; each++) kinds.push('introduction')
      if (length === 0) kinds.push('own')
      else index += length - 1
      isIntroduced ||= length > 0
      isTop &&= lines[index]?.trim() === ''
    }
  }
  return kinds
}

/** From here to the end is the quoted mail, which is not marked line by line. */
function rest(lines: string[], kinds: Kind[]): Kind[] {
  let end = kinds.length
  while (end > 0 && (lines[end - 1]?.trim() === '' || separator.test(lines[end - 1] ?? ''))) end--
  return [...kinds.slice(0, end), ...lines.slice(end).map((): Kind => 'introduction')]
}

/** The headers of the quoted mail as some clients repeat them, one per line. */
function isHeaderBlock(lines: string[], index: number): boolean {
  const line = lines[index] ?? ''
  if (originalMessage.test(line)) return true
  if (!from.test(line)) return false
  const found = lines.slice(index + 1, index + 7).filter(each => heads.test(each)).length
  return found >= (line.includes('@') ? 2 : 3)
}

/**
 * The number of lines, at most three, that form one sentence such as "On Monday, Acme wrote:"; 0: they do not. The
 * sentence counts if a quotation follows, or if it has an address and a date, as in clients that mark nothing.
 */
function introductionAt(lines: string[], index: number): number {
  for (let length = 1; length <= 3; length++) {
    const sentence = lines
      .slice(index, index + length)
      .join(' ')
      .trim()
    if (sentence.length > 400 || lines[index + length - 1]?.trim() === '') return 0
    if (length > 1 && !opening.test(sentence)) return 0
    if (!/[:：]\s*-*$/.test(sentence)) continue
    const isNamed = /[<[(]\S+@\S+[>\])]/.test(sentence) && /\d/.test(sentence)
    if (!wrote.test(sentence) && !(isNamed && /[>\])][:：]$/.test(sentence))) continue
    return isNamed || isFollowedByQuotation(lines, index + length) ? length : 0
  }
  return 0
}

const isFollowedByQuotation = (lines: string[], index: number) =>
  quoted.test(lines.slice(index, index + 4).find(line => line.trim() !== '') ?? '')

/** The kept lines, with one blank line for each gap between them. */
function joined(lines: string[], kept: boolean[]): string {
  const parts: string[][] = [[]]
  for (const [index, line] of lines.entries()) {
    if (kept[index]) parts.at(-1)?.push(line)
    else if (parts.at(-1)?.length) parts.push([])
  }
  return parts
    .map(part =>
      part
        .join('\n')
        .replace(/^\s*\n/, '')
        .trimEnd(),
    )
    .filter(part => part !== '')
    .join('\n\n')
}
