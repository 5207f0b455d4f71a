import type { DemoRecords } from './insert-records.ts'

export const demoWorkspaceId = 'wrk_abc123'
export const demoAgentId = 'agt_abc123'
export const demoChannelId = 'chn_def456'
export const billingConversationId = 'thd_xyz789'
export const chatConversationId = 'thd_abc456'
const janeId = 'ctc_B7OSYsnTUVwBPOGrgYTjvSGS'

/** The newest time in the demo: that of the documentation's first example. */
export const demoNow = new Date('2025-03-12T14:30:00.000Z')

const at = (time: string) => new Date(`2025-03-${time}:00.000Z`)

/** The records that the REST documentation prints, so that its requests return what it prints. */
export function documentedRecords(): DemoRecords {
  const joined = at('01T09:00')
  return {
    agents: [{ id: demoAgentId, name: 'Alex Morgan', email: 'alex@example.com', created_at: joined }],
    channels: [
      {
        id: demoChannelId,
        name: 'Tidy Support',
        source: 'EMAIL',
        address: 'support@example.com',
        created_at: joined,
      },
    ],
    contacts: [{ id: janeId, name: 'Jane Doe', email: 'jane@example.com', created_at: at('10T09:02') }],
    stories: [
      {
        conversation: {
          id: chatConversationId,
          contact_id: janeId,
          channel_id: null,
          assigned_to_id: null,
          status: 'CLOSED',
          source: 'CHAT',
          subject: null,
          is_unread: false,
        },
        messages: [
          {
            id: 'msg_abc001',
            direction: 'INBOUND',
            text: 'Hello! Can I move our workspace to another billing address?',
            author_id: janeId,
            at: at('10T09:02'),
          },
          {
            id: 'msg_abc002',
            direction: 'OUTBOUND',
            text: 'Hi Jane! Yes: under Settings, Billing, choose "Change address". It applies from the next invoice on.',
            author_id: demoAgentId,
            at: at('10T09:11'),
          },
          {
            id: 'msg_abc003',
            direction: 'INBOUND',
            text: 'Thanks for your help!',
            author_id: janeId,
            at: at('10T09:15'),
          },
        ],
      },
      {
        conversation: {
          id: billingConversationId,
          contact_id: janeId,
          channel_id: demoChannelId,
          assigned_to_id: demoAgentId,
          status: 'OPEN',
          source: 'EMAIL',
          subject: 'Billing question',
          is_unread: true,
        },
        messages: [
          {
            id: 'msg_xyz001',
            direction: 'INBOUND',
            text: 'Hi, I have a question about my invoice for March. It lists two seats, but only one of us uses the account. Could you have a look and tell me what we should pay?\n\nBest,\nJane',
            author_id: janeId,
            at: demoNow,
          },
        ],
      },
    ],
  }
}
