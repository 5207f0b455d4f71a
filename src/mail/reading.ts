/** What the threads of the reader can do. */
export { readMail } from './read-mail.ts'
export { unquote } from './unquote.ts'
