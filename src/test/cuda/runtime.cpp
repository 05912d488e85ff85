// CUDA's runtime without a GPU: device memory is memory of the host, copies are real, kernels are named and counted and do not run.
// Calls that are illegal while a stream is captured are refused with error 900, as the driver does.
#include "standin.h"

#include <cxxabi.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

static thread_local int current = 0;
static thread_local cudaError_t last = cudaSuccess;

typedef std::lock_guard<std::recursive_mutex> Guard;

static long setting(const char* name, long otherwise) {
    const char* value = getenv(name);
    return value ? atol(value) : otherwise;
}

StandIn::StandIn()
    : devices(setting("STANDIN_DEVICES", 1)),
      capability(setting("STANDIN_CAPABILITY", 90)),
      total((size_t)setting("STANDIN_GB", 80) << 30),
      copied((size_t)setting("STANDIN_COPIED", 1 << 20)),
      token(setting("STANDIN_TOKEN", -1)) {
    const char* path = getenv("STANDIN_LOG");
    log = path ? fopen(path, "w") : nullptr;
}

StandIn& standin() {
    static StandIn* state = new StandIn;  // never deleted: libraries are unloaded in any order
    return *state;
}

void count(const char* what) {
    Guard guard(standin().lock);
    standin().counters[what]++;
}

void note(const char* what, const char* format, ...) {
    count(what);
    if (!standin().log) return;
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    Guard guard(standin().lock);
    fprintf(standin().log, "%.1f %ld %s %s\n", now.tv_sec * 1e6 + now.tv_nsec / 1e3, (long)gettid(), what, text);
    fflush(standin().log);
}

cudaError_t fail(cudaError_t error) { return last = error; }

bool failed() {
    if (standin().lasting) last = (cudaError_t)standin().lasting;
    return standin().lasting != 0;
}

// --- for tests

EXPORT void standin_reset() {
    Guard guard(standin().lock);
    standin().counters.clear();
}
EXPORT long standin_count(const char* what) {
    Guard guard(standin().lock);
    auto found = standin().counters.find(what);
    return found == standin().counters.end() ? 0 : found->second;
}
EXPORT long standin_used(int device) { return standin().used[device]; }
EXPORT void standin_total(long bytes) { standin().total = bytes; }
EXPORT void standin_probe(int value) { standin().probe = value; }
EXPORT void standin_fail(long launches, int code) {
    Guard guard(standin().lock);
    standin().fail_in = launches;
    standin().fail_code = code;
    standin().lasting = 0;
}

// --- kernels

EXPORT void** __cudaRegisterFatBinary(void* binary) { return (void**)binary; }
EXPORT void __cudaRegisterFatBinaryEnd(void**) {}
EXPORT void __cudaUnregisterFatBinary(void**) {}
EXPORT void __cudaRegisterVar(void**, char*, char*, const char*, int, size_t, int, int) {}
EXPORT void __cudaRegisterFunction(void**, const char* host, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
    Guard guard(standin().lock);
    standin().kernels[host] = name;
}

struct Configuration {
    dim3 grid, block;
    size_t shared;
    cudaStream_t stream;
};
static thread_local std::vector<Configuration> configurations;

EXPORT unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, CUstream_st* stream) {
    configurations.push_back({grid, block, shared, stream});
    return 0;
}
EXPORT cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared, void* stream) {
    Configuration top = configurations.back();
    configurations.pop_back();
    *grid = top.grid;
    *block = top.block;
    *shared = top.shared;
    *(cudaStream_t*)stream = top.stream;
    return cudaSuccess;
}

/** Errors after which a process can use the device no more. */
static bool lasts(int code) { return code == 700 || (code >= 714 && code <= 719); }

cudaError_t launch(const std::string& name, dim3 grid, dim3 block, cudaStream_t stream) {
    StandIn& s = standin();
    Guard guard(s.lock);
    if (failed()) return last;
    if (s.fail_in >= 0 && s.fail_in-- == 0) {
        s.lasting = lasts(s.fail_code) ? s.fail_code : 0;
        if (s.fail_code == 209) s.fail_in = 0;  // a library without code for the device fails at each launch
        note("failures", "%s", name.c_str());
        return fail((cudaError_t)s.fail_code);
    }
    auto capture = s.captures.find(stream);
    if (capture != s.captures.end()) {
        capture->second.kernels++;
    } else if (!s.captures.empty()) {
        note("outside", "%s", name.c_str());
    }
    note("kernels", "%s <<<%u,%u,%u x %u,%u,%u>>> stream %p", name.c_str(), grid.x, grid.y, grid.z, block.x, block.y, block.z, (void*)stream);
    return cudaSuccess;
}

static std::string named(const void* function) {
    if (!standin().log) return "";
    auto found = standin().kernels.find(function);
    if (found == standin().kernels.end()) return "?";
    int status;
    char* plain = abi::__cxa_demangle(found->second, nullptr, nullptr, &status);
    std::string name = plain ? plain : found->second;
    free(plain);
    return name;
}

EXPORT cudaError_t cudaLaunchKernel(const void* kernel, dim3 grid, dim3 block, void**, size_t, cudaStream_t stream) {
    return launch(named(kernel), grid, block, stream);
}
EXPORT cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* c, const void* kernel, void**) {
    return launch(named(kernel), c->gridDim, c->blockDim, c->stream);
}
EXPORT cudaError_t cudaLaunchCooperativeKernel(const void* kernel, dim3 grid, dim3 block, void**, size_t, cudaStream_t stream) {
    return launch(named(kernel), grid, block, stream);
}
EXPORT cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, const void*) {
    memset(a, 0, sizeof *a);
    a->maxThreadsPerBlock = 1024;
    a->numRegs = 64;
    a->ptxVersion = a->binaryVersion = standin().capability;
    a->maxDynamicSharedSizeBytes = 232448;
    return cudaSuccess;
}
EXPORT cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }
EXPORT cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* n, const void*, int, size_t) {
    *n = 2;
    return cudaSuccess;
}
EXPORT cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, const void*, int, size_t, unsigned) {
    *n = 2;
    return cudaSuccess;
}

// --- devices

EXPORT cudaError_t cudaGetDeviceCount(int* n) { return (*n = standin().devices) ? cudaSuccess : fail(cudaErrorNoDevice); }
EXPORT cudaError_t cudaGetDevice(int* device) {
    *device = current;
    return cudaSuccess;
}
EXPORT cudaError_t cudaSetDevice(int device) {
    if (device < 0 || device >= standin().devices) return fail(cudaErrorInvalidDevice);
    if (device != current) note("switches", "%d", device);
    current = device;
    return cudaSuccess;
}
EXPORT cudaError_t cudaDriverGetVersion(int* v) {
    *v = 12080;
    return cudaSuccess;
}
EXPORT cudaError_t cudaRuntimeGetVersion(int* v) {
    *v = 12060;
    return cudaSuccess;
}
EXPORT cudaError_t cudaGetDeviceProperties_v2(cudaDeviceProp* p, int device) {
    if (device < 0 || device >= standin().devices) return fail(cudaErrorInvalidDevice);
    int capability = standin().capability;
    memset(p, 0, sizeof *p);
    snprintf(p->name, sizeof p->name, "Stand-in sm_%d", capability);
    p->totalGlobalMem = standin().total;
    p->sharedMemPerBlock = 49152;
    p->regsPerBlock = p->regsPerMultiprocessor = 65536;
    p->warpSize = 32;
    p->memPitch = 2147483647;
    p->maxThreadsPerBlock = p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
    p->maxThreadsDim[2] = 64;
    p->maxGridSize[0] = 2147483647;
    p->maxGridSize[1] = p->maxGridSize[2] = 65535;
    p->clockRate = 1980000;
    p->totalConstMem = 65536;
    p->major = capability / 10;
    p->minor = capability % 10;
    p->textureAlignment = 512;
    p->multiProcessorCount = capability >= 90 ? 132 : capability == 80 ? 108 : 46;
    p->canMapHostMemory = p->concurrentKernels = p->unifiedAddressing = p->managedMemory = p->cooperativeLaunch = 1;
    p->streamPrioritiesSupported = 1;
    p->pciBusID = device;
    p->asyncEngineCount = 3;
    p->memoryClockRate = 2619000;
    p->memoryBusWidth = 5120;
    p->l2CacheSize = 50 << 20;
    p->maxThreadsPerMultiProcessor = capability == 75 ? 1024 : 2048;
    p->sharedMemPerMultiprocessor = capability >= 90 ? 233472 : 167936;
    p->sharedMemPerBlockOptin = capability >= 90 ? 232448 : capability == 75 ? 65536 : 166912;
    p->maxBlocksPerMultiProcessor = 32;
    return cudaSuccess;
}
EXPORT cudaError_t cudaDeviceGetAttribute(int* v, cudaDeviceAttr attribute, int device) {
    cudaDeviceProp p;
    if (cudaGetDeviceProperties_v2(&p, device)) return last;
    switch (attribute) {
        case cudaDevAttrComputeCapabilityMajor: *v = p.major; break;
        case cudaDevAttrComputeCapabilityMinor: *v = p.minor; break;
        case cudaDevAttrMultiProcessorCount: *v = p.multiProcessorCount; break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *v = p.sharedMemPerBlockOptin; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *v = p.sharedMemPerBlock; break;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *v = p.sharedMemPerMultiprocessor; break;
        case cudaDevAttrMaxThreadsPerBlock: *v = p.maxThreadsPerBlock; break;
        case cudaDevAttrMaxThreadsPerMultiProcessor: *v = p.maxThreadsPerMultiProcessor; break;
        case cudaDevAttrMaxGridDimX: *v = p.maxGridSize[0]; break;
        case cudaDevAttrMaxGridDimY:
        case cudaDevAttrMaxGridDimZ: *v = p.maxGridSize[1]; break;
        case cudaDevAttrWarpSize: *v = p.warpSize; break;
        case cudaDevAttrL2CacheSize: *v = p.l2CacheSize; break;
        default: *v = 1;
    }
    return cudaSuccess;
}
EXPORT cudaError_t cudaDeviceCanAccessPeer(int* v, int a, int b) {
    *v = a != b;
    return cudaSuccess;
}
EXPORT cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) { return cudaSuccess; }
EXPORT cudaError_t cudaDeviceGetPCIBusId(char* id, int n, int device) {
    snprintf(id, n, "0000:%02d:00.0", device);
    return cudaSuccess;
}
EXPORT cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
}
EXPORT cudaError_t cudaGetDriverEntryPoint(const char*, void** p, unsigned long long, cudaDriverEntryPointQueryResult* r) {
    *p = nullptr;
    if (r) *r = cudaDriverEntryPointSymbolNotFound;
    return cudaErrorInvalidValue;
}
EXPORT cudaError_t cudaGetDriverEntryPointByVersion(
        const char* name, void** p, unsigned, unsigned long long flags, cudaDriverEntryPointQueryResult* r) {
    return cudaGetDriverEntryPoint(name, p, flags, r);
}

EXPORT const char* cudaGetErrorString(cudaError_t error) {
    switch ((int)error) {
        case 0: return "no error";
        case 2: return "out of memory";
        case 9: return "invalid configuration argument";
        case 100: return "no CUDA-capable device is detected";
        case 101: return "invalid device ordinal";
        case 209: return "no kernel image is available for execution on the device";
        case 700: return "an illegal memory access was encountered";
        case 719: return "unspecified launch failure";
        case 900: return "operation not permitted when stream is capturing";
        case 901: return "operation failed due to a previous error during capture";
        default: return "an error of the stand-in";
    }
}
EXPORT const char* cudaGetErrorName(cudaError_t error) { return cudaGetErrorString(error); }
EXPORT cudaError_t cudaGetLastError() {
    cudaError_t error = last;
    last = (cudaError_t)standin().lasting;
    return error;
}
EXPORT cudaError_t cudaPeekAtLastError() { return last; }
