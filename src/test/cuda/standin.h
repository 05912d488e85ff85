// The state of the stand-in, and the record that it keeps. One lock guards all.
#pragma once
#include <cstddef>
#include <cuda_runtime_api.h>

#include <cstdarg>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

struct Block {
    size_t bytes;
    int device;  // -1: host memory that is pinned
};

struct Capture {
    int mode;
    long kernels;
    long copies;
    std::thread::id thread;
};

struct StandIn {
    std::recursive_mutex lock;
    std::unordered_map<const void*, const char*> kernels;  // their names, by the function that launches them
    std::map<uintptr_t, Block> memory;
    std::vector<size_t> used = std::vector<size_t>(16, 0);  // bytes of each device
    std::map<void*, Capture> captures;                      // by stream
    std::map<std::string, long> counters;
    FILE* log = nullptr;
    int devices, capability;
    size_t total;        // bytes that each device has
    size_t copied;       // the largest copy that really moves bytes; larger ones, of weights, are only counted
    long token;          // what every row of best tokens reads as; -1: what is in memory
    float probe = 0;     // what a trial of 2 x 32 numbers reads as; 0: what is in memory
    long fail_in = -1;   // launches until one fails; -1: none does
    int fail_code = 0;
    int lasting = 0;     // the error that ended the device
    StandIn();
};

StandIn& standin();
void note(const char* what, const char* format = "", ...);  // counts it, and writes it to the log
void count(const char* what);
cudaError_t fail(cudaError_t error);
bool failed();  // whether the device has ended; the error is set
cudaError_t launch(const std::string& name, dim3 grid, dim3 block, cudaStream_t stream);
