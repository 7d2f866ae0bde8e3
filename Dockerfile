# Hookline on Debian 13, whose librdkafka (2.8) needs no building. Where the admin API listens is the
# configuration's choice, so a health check belongs to whoever runs the image (docker-compose.yml has one).
FROM debian:trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      g++ cmake ninja-build pkg-config librdkafka-dev libcurl4-openssl-dev libsimdjson-dev libfmt-dev libspdlog-dev \
      libboost-dev libyaml-cpp-dev nlohmann-json3-dev libre2-dev libssl-dev prometheus-cpp-dev libcli11-dev \
      libexpected-dev libjemalloc-dev \
 && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN cmake -S /source -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DHOOKLINE_TESTS=OFF -DHOOKLINE_DEPS=/none \
 && cmake --build /build --target hookline \
 && strip --strip-debug /build/hookline
# The packages that hold the libraries it is linked to: the final image gets just these.
RUN ldd /build/hookline | grep -o '/[^ ]*\.so[^ ]*' | xargs -n 1 realpath | xargs dpkg -S | cut -d: -f1 | sort -u > /build/packages

FROM debian:trixie-slim
COPY --from=build /build/packages /tmp/packages
RUN apt-get update \
 && xargs apt-get install -y --no-install-recommends ca-certificates < /tmp/packages \
 && rm -rf /var/lib/apt/lists/* /tmp/packages \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin hookline
COPY --from=build /build/hookline /usr/local/bin/hookline
USER 10001
EXPOSE 8080
# SIGTERM hands over what waits and commits: give it longer than shutdown.grace.
STOPSIGNAL SIGTERM
ENTRYPOINT ["hookline"]
CMD ["run", "--config", "/etc/hookline/hookline.yaml"]
