# The tag is followed by a digest at release. 3.11 is the version that every test runs on.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv tools && python -m venv --without-pip /opt/farthing
COPY requirements.lock .
# The lock has three sections: runtime is what the image holds; build, with it, is what makes the wheel.
RUN sed '/^# build/,$d' requirements.lock > runtime.lock \
 && sed '/^# development/,$d' requirements.lock > build.lock \
 && tools/bin/pip install --require-hashes --no-deps --only-binary :all: -r build.lock \
 && tools/bin/pip --python /opt/farthing/bin/python install --require-hashes --no-deps --only-binary :all: -r runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
COPY manifests/samples manifests/samples
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && tools/bin/pip --python /opt/farthing/bin/python install --no-deps --no-index dist/*.whl \
 && mkdir /store

FROM ${PYTHON}
# Nothing is installed after this, by anyone.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
 && rm -rf /usr/local/lib/python3.*/ensurepip
COPY --from=build /opt/farthing /opt/farthing
COPY --from=build --chown=65532:65532 /store /var/lib/farthing
# The root file system may be read-only: facts go to /var/lib/farthing, all else to /tmp.
ENV PATH=/opt/farthing/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    FARTHING_STORE=/var/lib/farthing
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["farthing"]
