# HARLM as a command: docker build -t harlm . && docker run --rm -v "$PWD:/data:ro" harlm ask "What is this about?" /data
# Runs, memory and journal are in the volume /home/harlm/state. Tier s3 needs --security-opt seccomp=unconfined; by default s2 is built.
FROM python:3.12-slim-trixie AS build
WORKDIR /src
RUN python -m venv /opt/harlm
COPY locks/core.txt locks/
RUN /opt/harlm/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r locks/core.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/harlm/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && /opt/harlm/bin/python -m pip uninstall --yes --disable-pip-version-check editables hatchling packaging pluggy tomlkit trove-classifiers pip

FROM python:3.12-slim-trixie
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 harlm \
    && install -d -m 0700 -o harlm -g harlm /home/harlm/state
COPY --from=build /opt/harlm /opt/harlm
ENV PATH=/opt/harlm/bin:$PATH HARLM_HOME=/home/harlm/state PYTHONUNBUFFERED=1
USER harlm
WORKDIR /home/harlm
VOLUME ["/home/harlm/state"]
# For `harlm serve` (install 'harlm[serve]' on top), which listens on 8642 by default:
# HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8642/healthz', timeout=3)"]
ENTRYPOINT ["harlm"]
CMD ["--help"]
