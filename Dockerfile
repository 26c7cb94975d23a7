# One image for the api, the engine's scheduler and its workers: only the command differs.
FROM python:3.11-slim-trixie AS built

COPY requirements.lock /build/
RUN python -m venv --without-pip /opt/segmentation \
    && python -m pip --python /opt/segmentation/bin/python install \
        --no-cache-dir --no-deps --require-hashes --only-binary :all: --requirement /build/requirements.lock \
    && python -m pip --python /opt/segmentation/bin/python check
COPY models /opt/segmentation/app/models
COPY service /opt/segmentation/app/service
COPY LICENSE NOTICE THIRD-PARTY-NOTICES.md /opt/segmentation/app/
RUN python -m compileall -q /opt/segmentation/app


FROM python:3.11-slim-trixie

RUN python -m pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip \
    && install --directory --owner 10001 --group 10001 --mode 700 /data /certificates
COPY --from=built /opt/segmentation /opt/segmentation

ENV PATH=/opt/segmentation/bin:$PATH \
    PYTHONPATH=/opt/segmentation/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    SEGMENTATION_HOME=/data

USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --start-interval=1s \
    CMD ["python", "-m", "service.healthcheck", "http://127.0.0.1:8000/livez"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
