# The demo application. `docker build .` needs nothing but the internet; any other Debian-like image with
# python3 >= 3.11 and python3-venv will do as well: --build-arg BASE_IMAGE=...
ARG BASE_IMAGE=docker.io/library/python:3.11-slim

FROM ${BASE_IMAGE} AS build
COPY app/requirements.txt /build/requirements.txt
# pip stays out of the application's environment: it lives in one of its own, which is left behind here.
RUN python3 -m venv /build/pip \
    && python3 -m venv --without-pip /opt/app/venv \
    && /build/pip/bin/pip --python /opt/app/venv/bin/python install \
        --no-cache-dir --no-compile --only-binary :all: --require-hashes --requirement /build/requirements.txt
COPY app/gunicorn.conf.py /opt/app/
COPY app/demo_app /opt/app/demo_app
# All that is imported is compiled here, since the root filesystem is read-only where it runs. Python's own library is
# among it, into a folder that can be copied with the rest: a base image may have it uncompiled, or compiled for files
# of another time. The files' times are not looked at (unchecked-hash), since a builder may set them all to 1970.
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
# Logs are to be seen when they are written.
ENV PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 5000
# exec form: gunicorn is process 1 and gets SIGTERM itself.
CMD ["/opt/app/venv/bin/python", "-m", "gunicorn"]
