/**
 * The topics that customers of a small software company write about, with the answers of its support team.
 * Placeholders: {name} {agent} {number} {product}
 */
export const topics = [
  {
    subject: 'Invoice {number}',
    opening:
      'Hello, invoice {number} was charged twice to our card this month. Could you refund one of the two payments?',
    answers: [
      'Hi {name}, thanks for telling us. I can see both payments of invoice {number} and have asked our bank to return one. It takes three to five days.',
      'The refund is on its way: reference {number}. You will see it on the next statement.',
      'I have also set a reminder to check on Friday that it has arrived.',
    ],
    questions: [
      'Thank you. Will the refund go to the same card? That one expires this month.',
      'Our accountant also asks for a corrected invoice in PDF. Can you attach one?',
      'It has still not arrived. Is there anything we should do on our side?',
    ],
  },
  {
    subject: 'Cannot sign in since yesterday',
    opening:
      'Hi, since yesterday I get "session expired" right after signing in to {product}. I have tried two browsers and cleared the cookies.',
    answers: [
      'Hi {name}, sorry about that. Does it also happen in a private window? Our log shows that the clock of your computer is eleven minutes ahead.',
      'That fits: a clock that is far ahead makes the session look old. Please switch on automatic time and try once more.',
      'Great. We will make the message clearer, so that the next person finds it faster. {agent}',
    ],
    questions: [
      'In a private window it works for a minute, and then the same again.',
      'The clock was wrong indeed, thank you! But now my colleague has the same trouble on his phone.',
      'How do I sign out all the other devices, just to be sure?',
    ],
  },
  {
    subject: 'Export takes very long',
    opening:
      'The CSV export of our {product} project has been running for more than an hour. Last week it took two minutes. Is something wrong?',
    answers: [
      'Hello {name}, your project has grown to {number} rows, and the export was stuck behind a larger one. I have restarted it.',
      'It is done: you will find it under Exports. From now on large exports have a queue of their own.',
      'You can also ask for a nightly export; then it is ready when you come in.',
    ],
    questions: [
      'It arrived, but the column with the dates is empty. Is that a setting?',
      'A nightly export would be great. Can it go to our storage directly?',
      'And is there a limit on how many rows one export may have?',
    ],
  },
  {
    subject: 'Adding a colleague',
    opening:
      'How can I invite a colleague to our {product} account without giving her access to the billing pages?',
    answers: [
      'Hi {name}! Choose the role "Member" when you invite her: members see everything but billing and API keys.',
      'The invitation is valid for seven days. You can send it again from the list of members.',
      'Seats are counted by the day, so adding someone in the middle of a month costs only the days that are left.',
    ],
    questions: [
      'Does that cost an extra seat from the first day on?',
      'She says that the invitation never arrived. Could it be our spam filter?',
      'Can I change her role later without inviting her again?',
    ],
  },
  {
    subject: 'Webhook signature does not match',
    opening:
      'Our endpoint refuses your webhooks since this morning: the signature never matches. We use the secret from the {product} settings page.',
    answers: [
      'Hello {name}, please check that you hash the raw body, before any JSON parsing. Even a changed space gives another signature.',
      'We rotated the secrets of accounts that were older than a year; the mail about it went to the account owner. The new one is on the page.',
      'For a day both signatures are sent, the old one in a second header. That should give you time to change over.',
    ],
    questions: [
      'We do hash the raw body. Could the secret have changed without us noticing?',
      'With the new secret it works. Can you send the ones that failed again?',
      'Which timestamp tolerance do you recommend? We had five minutes.',
    ],
  },
  {
    subject: 'Question about plans',
    opening:
      'We are a team of {number} and compare {product} with two others. Which plan includes single sign-on, and is there a discount for non-profits?',
    answers: [
      'Hi {name}, single sign-on is part of the Business plan, and registered non-profits pay half on every plan.',
      'You can try Business for thirty days. If you do nothing afterwards, you are back on your present plan and keep everything.',
      'I have put a note on your account, so that the discount applies from the first invoice. {agent}',
    ],
    questions: [
      'What kind of document do you need as a proof?',
      'Does the trial include the audit log too?',
      'Could we pay once a year by bank transfer?',
    ],
  },
  {
    subject: 'The mobile app crashes',
    opening:
      'Since the update the {product} app closes itself when I open a photo. The phone is a year old and has plenty of room.',
    answers: [
      'Hi {name}, thank you for the report. Version {number} has that fault with very large pictures; the next update, due this week, mends it.',
      'Until then, choosing "medium size" in the settings of the app avoids it.',
      'The update is out. Could you tell us whether it works for you now?',
    ],
    questions: [
      'It is the same with small pictures, I am afraid. Shall I send you the log?',
      'Where do I find that setting? I only see "quality".',
      'It works now. Will the photos that I lost come back?',
    ],
  },
  {
    subject: 'Please delete my data',
    opening:
      'I no longer use {product}. Please delete my account and all personal data, and confirm it in writing.',
    answers: [
      'Hello {name}, we have received your request under number {number}. Everything will be deleted within thirty days, backups included.',
      'Invoices are kept for as long as the law asks us to; they hold your name and address and nothing else.',
      'This is to confirm that your account and its contents have been deleted today.',
    ],
    questions: [
      'Does that include the files that I shared with others?',
      'Can I download everything before you delete it?',
      'How long do you keep the invoices, exactly?',
    ],
  },
] as const

/** How a customer ends a conversation. */
export const thanks = [
  'Perfect, that solved it. Thank you!',
  'Great, thanks for the quick answer.',
  'Works now. Have a nice day!',
  'Many thanks, you can close this.',
  'Thank you. Very kind of you.',
] as const

/** What agents write to one another. */
export const notes = [
  'Checked with billing: fine to refund.',
  'Third report of this today. Linked to the incident.',
  'Prefers to be called before noon.',
  'Waiting for the engineers. Ask again tomorrow.',
] as const
