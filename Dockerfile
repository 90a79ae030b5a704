FROM python:3.13-slim AS build
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY core core
COPY schema schema
COPY server server
COPY workers workers
COPY plugins plugins
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN pip install --constraint constraints.txt --upgrade pip \
    && pip wheel --build-constraint constraints.txt --no-deps --wheel-dir /wheels ./plugins/* . \
    && python -m venv /opt/evalyard \
    && /opt/evalyard/bin/pip install --constraint constraints.txt /wheels/*.whl

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin evalyard \
    && install --directory --owner=10001 --mode=0700 /var/lib/evalyard
COPY --from=build /opt/evalyard /opt/evalyard
ENV PATH=/opt/evalyard/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    EVALYARD_DATA=/var/lib/evalyard \
    EVALYARD_LOG_FORMAT=json
USER 10001
WORKDIR /tmp
EXPOSE 8000
# Further evaluators: `evalyard plugins install PACKAGE --isolated`, with a volume at /var/lib/evalyard for what that
# makes; or a Dockerfile of your own that starts FROM this image and runs pip install as root.
CMD ["evalyard", "serve", "--host", "0.0.0.0"]
