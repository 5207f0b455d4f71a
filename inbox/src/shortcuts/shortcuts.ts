/** Every key that the page knows, in the order of the help sheet. */
export const shortcuts = {
  j: 'Next conversation',
  k: 'Previous conversation',
  x: 'Select the conversation',
  e: 'Close, or reopen',
  y: 'Archive',
  a: 'Assign',
  u: 'Mark as unread or read',
  r: 'Reply',
  n: 'Add a note',
  c: 'New conversation',
  '/': 'Search',
  '?': 'Show this help',
} as const

export type Shortcut = keyof typeof shortcuts
