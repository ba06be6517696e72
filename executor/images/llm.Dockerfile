# llama.cpp's server with an OpenAI-compatible API, compiled where it is built: `docker-compose --profile llm build llm`.
FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates cmake g++ make git python3-dev python3-venv
COPY requirements-local.txt utils/llama_build.cmake /build/
# -DGGML_CUDA=on and the like; GGML_NATIVE is on: the image is for the machine that built it
ARG CMAKE_ARGS=""
ENV SKBUILD_BUILD_TARGETS=llama
RUN python3 -m venv /venv \
    && CMAKE_ARGS="-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE=/build/llama_build.cmake $CMAKE_ARGS" \
       /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/requirements-local.txt

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 libstdc++6 python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER nobody
ENTRYPOINT ["python", "-m", "llama_cpp.server", "--host", "0.0.0.0", "--port", "1234"]
