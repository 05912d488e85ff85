#!/bin/sh
# Builds the stand-in for CUDA: SITE is a site-packages folder with torch 2.7.1 for CUDA, whose wheels hold the headers; OUT takes the
# libraries.
set -e
cd "$(dirname "$0")"
mkdir -p "$OUT"
c++ -Iinclude -O1 -fPIC -shared -std=c++17 -I"$SITE/nvidia/cuda_runtime/include" -I"$SITE/nvidia/cublas/include" \
    -I"$SITE/triton/backends/nvidia/include" runtime.cpp memory.cpp blas.cpp -o "$OUT/libstandin.so" -lpthread
cc -fPIC -shared -Wl,-soname,libcuda.so.1 driver.c -o "$OUT/libcuda.so.1"
cc -fPIC -shared -Wl,-soname,libnvidia-ml.so.1 driver.c -o "$OUT/libnvidia-ml.so.1"
ln -sf libstandin.so "$OUT/libcudart.so"
