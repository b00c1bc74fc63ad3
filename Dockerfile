# steadyhand with the tools its workers call. Built by docker-compose.yml.
FROM node:22-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:22-trixie-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends age ca-certificates docker-cli docker-compose postgresql-client redis-server tar util-linux zstd \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/node_modules /opt/steadyhand/node_modules
COPY --from=build /build/dist /opt/steadyhand/dist
COPY package.json /opt/steadyhand/
RUN ln -s /opt/steadyhand/dist/cli/main.js /usr/local/bin/steady && chmod +x /opt/steadyhand/dist/cli/main.js
WORKDIR /stack
ENTRYPOINT ["steady"]
