# syntax=docker/dockerfile:1
# The API and the control worker. Nodes run on their hypervisors, not in containers: see docs/operators.md.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp

FROM node:24-bookworm-slim
WORKDIR /opt/slipway
COPY --from=build /tmp/slipway-*.tgz /tmp/slipway.tgz
COPY package-lock.json ./
# The package with its dependencies exactly as package-lock.json has them.
RUN tar -xzf /tmp/slipway.tgz --strip-components=1 && npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm /tmp/slipway.tgz && ln -s /opt/slipway/slipway /usr/bin/slipway \
  && groupadd --system slipway && useradd --system --gid slipway --home-dir /var/lib/slipway slipway \
  && install -d -o slipway -g slipway -m 2770 /var/lib/slipway
# Compiled code; the user's home is the data directory, which is no place for it.
ENV XDG_CACHE_HOME=/tmp/cache
USER slipway
VOLUME /var/lib/slipway
EXPOSE 7370
ENTRYPOINT ["/usr/bin/slipway"]
CMD ["api", "--data", "/var/lib/slipway", "--listen", "0.0.0.0:7370"]
