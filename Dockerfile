# The gateway as an image: `docker build -t conversations-gateway .`
# Its Node is that of the base image. The development packages stay in the first stage.
FROM node:24-bookworm-slim AS build
WORKDIR /gateway
COPY package.json package-lock.json .npmrc ./
COPY .ci/node .ci/node
RUN npm ci
COPY schema.graphql tsconfig.json ./
COPY inbox inbox
RUN npm run build

FROM node:24-bookworm-slim AS packages
WORKDIR /gateway
COPY package.json package-lock.json .npmrc ./
COPY .ci/node .ci/node
RUN npm ci --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    DATA_DIR=/data
WORKDIR /gateway
COPY --from=packages /gateway/node_modules node_modules
COPY --from=build /gateway/dist dist
COPY package.json package-lock.json schema.graphql ./
COPY inbox inbox
COPY migrations migrations
COPY src src
# What the modules compile to is kept beside the packages, and mail without a server in /data.
RUN mkdir -p /data node_modules/.cache && chown node:node /data node_modules/.cache
USER node
VOLUME /data
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/health/ready').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
