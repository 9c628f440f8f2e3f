# The demo application. `docker build .` needs only access to the internet. BASE_IMAGE (--build-arg) may be any
# Debian-like image with python3 >= 3.11 and python3-venv.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim

FROM ${BASE_IMAGE} AS build
COPY app/requirements.txt /build/requirements.txt
# pip has its own environment, which stays in this stage, so that the application's image has no pip.
RUN python3 -m venv /build/pip \
    && python3 -m venv --without-pip /opt/app/venv \
    && /build/pip/bin/pip --python /opt/app/venv/bin/python install \
        --no-cache-dir --no-compile --only-binary :all: --require-hashes --requirement /build/requirements.txt
COPY app/gunicorn.conf.py /opt/app/
COPY app/demo_app /opt/app/demo_app
# All imported files are compiled here, since the container's root file system is read-only. This includes Python's
# library, since a base image may have it uncompiled, or compiled from files with other times. It goes to a folder that
# the last stage copies. unchecked-hash makes Python ignore file times, since a builder may set them all to 1970.
ENV PYTHONPYCACHEPREFIX=/opt/app/compiled
RUN python3 -m compileall -q -f --invalidation-mode unchecked-hash -x '/(tests?|site-packages|dist-packages)/' \
        "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && python3 -m compileall -q -f --invalidation-mode unchecked-hash /opt/app

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="python-custom-metrics-prometheus" \
      org.opencontainers.image.description="Waits, answers, and counts its requests for Prometheus" \
      org.opencontainers.image.source="https://github.com/shkatara/keda-python-autoscaling" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/app /opt/app
WORKDIR /opt/app
ENV PYTHONPYCACHEPREFIX=/opt/app/compiled
# Logs appear as soon as they are written.
ENV PYTHONUNBUFFERED=1
# A number, so that Kubernetes can check runAsNonRoot.
USER 10001:10001
EXPOSE 5000
# The exec form makes gunicorn process 1, which gets SIGTERM.
CMD ["/opt/app/venv/bin/python", "-m", "gunicorn"]
