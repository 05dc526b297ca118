# The program alone: one static binary, the certificates of public authorities, and
# a user without rights. Time zones are in the binary. There is no shell; the
# health check is the program itself.
#
#   docker build -t imprint .
#   docker run -v imprint:/data -p 127.0.0.1:8080:8080 -e IMPRINT_DATA=/data -e IMPRINT_LISTEN=0.0.0.0:8080 imprint serve

FROM golang:1.26.0-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# -buildvcs=false: the repository's history is not copied in.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -o /out/imprint ./cmd/imprint \
 && mkdir -p /out/data /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/imprint /imprint
USER 65532:65532
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/imprint", "ready"]
ENTRYPOINT ["/imprint"]
CMD ["--help"]
