# The demo application. `docker build .` needs nothing but the internet; any other Debian-like image with
# python3 >= 3.11 and python3-venv will do as well: --build-arg BASE_IMAGE=...
ARG BASE_IMAGE=docker.io/library/python:3.11-slim

FROM ${BASE_IMAGE} AS build
COPY app/requirements.txt /build/requirements.txt
# pip stays out of the application's environment: it lives in one of its own, which is left behind here.
RUN python3 -m venv /build/pip \
    && python3 -m venv --without-pip /opt/app/venv \
    && /build/pip/bin/pip --python /opt/app/venv/bin/python install \
        --no-cache-dir --only-binary :all: --require-hashes --requirement /build/requirements.txt
COPY app/gunicorn.conf.py /opt/app/
COPY app/demo_app /opt/app/demo_app
# Compiled here, since the root filesystem is read-only where it runs.
RUN python3 -m compileall -q /opt/app/demo_app

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="python-custom-metrics-prometheus" \
      org.opencontainers.image.description="Waits, answers, and counts its requests for Prometheus" \
      org.opencontainers.image.source="https://github.com/shkatara/keda-python-autoscaling" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/app /opt/app
WORKDIR /opt/app
# Logs are to be seen when they are written.
ENV PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 5000
# exec form: gunicorn is process 1 and gets SIGTERM itself.
CMD ["/opt/app/venv/bin/python", "-m", "gunicorn"]
