import type { FastifyRequest } from 'fastify'

/** Whether a request only reads, by its method. */
export const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD'
