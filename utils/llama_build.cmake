# Read by CMake when `make local` compiles llama-cpp-python, whose own list asks for a library that only llama.cpp's
# programs use, and that takes half of the time.
set(LLAMA_BUILD_COMMON OFF)
