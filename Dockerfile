# The server in an image without a shell. `docker build -t kaibo .`; docs/deploy.md says how to run it.

FROM node:22-bookworm-slim AS pages
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY web ./
RUN npm run build -- --outDir /pages --emptyOutDir

FROM rust:1.95.0-bookworm AS program
WORKDIR /src
# Sets the capability below.
RUN apt-get update && apt-get install -y --no-install-recommends libcap2-bin && rm -rf /var/lib/apt/lists/*
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY tools tools
COPY --from=pages /pages /pages
# Without `kaibo bench` and `kaibo check`.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    KAIBO_WEB_DIST=/pages cargo build --release --locked -p kaibo --no-default-features && \
    install -D target/release/kaibo /image/usr/local/bin/kaibo
# Ports 80 and 443 for a user that is not root.
RUN setcap cap_net_bind_service=+ep /image/usr/local/bin/kaibo && install -d -m 0700 /image/data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=program --chown=nonroot:nonroot /image/data /data
COPY --from=program /image/usr/local/bin/kaibo /usr/local/bin/kaibo
ENV KAIBO_DATA=/data
VOLUME /data
# 3000 without TLS of its own; 80 and 443 with it. All media is on the UDP port of the same number.
EXPOSE 80/tcp 443/tcp 443/udp 3000/tcp 3000/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/usr/local/bin/kaibo", "health"]
ENTRYPOINT ["/usr/local/bin/kaibo"]
CMD ["serve"]
