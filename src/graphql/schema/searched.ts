import { maxSearchCharacters } from '../../domain/search/input.ts'

/** What the descriptions of all searches say. */
export const searchDescription = `Case, accents and width do not matter. The last word may be the beginning of a word, and so may an address, an id or a path. Chinese, Japanese, Korean and Thai are found by any part of a text. A blank text does not filter. INVALID_INPUT if it is longer than ${maxSearchCharacters} characters or has no letter and no digit.`
