// Memory, copies, streams, events and captures of the stand-in.
#include "standin.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

static constexpr size_t PAGE = 4096;
static constexpr size_t TRIED = 2 * 32;  // numbers of a trial
static thread_local int exchanged = cudaStreamCaptureModeGlobal;

typedef std::lock_guard<std::recursive_mutex> Guard;

static int device() {
    int current;
    cudaGetDevice(&current);
    return current;
}

// --- what a capture forbids

static bool captures_here() {
    for (auto& each : standin().captures) {
        const Capture& capture = each.second;
        bool own = capture.thread == std::this_thread::get_id();
        if (capture.mode == cudaStreamCaptureModeGlobal || (capture.mode == cudaStreamCaptureModeThreadLocal && own)) return true;
    }
    return false;
}

/** Whether a call that is unsafe while somebody captures is refused. */
static bool refused(const char* what) {
    Guard guard(standin().lock);
    if (standin().captures.empty() || exchanged == cudaStreamCaptureModeRelaxed) return false;
    if (!captures_here()) return false;
    note("illegal", "%s", what);
    fail((cudaError_t)900);
    return true;
}

static Capture* captured(cudaStream_t stream) {
    auto found = standin().captures.find(stream);
    return found == standin().captures.end() ? nullptr : &found->second;
}

// --- memory

/** The device of an address; -1: pinned memory of the host, -2: any other. */
static int where(const void* address) {
    Guard guard(standin().lock);
    auto& memory = standin().memory;
    auto next = memory.upper_bound((uintptr_t)address);
    if (next == memory.begin()) return -2;
    --next;
    return (uintptr_t)address < next->first + next->second.bytes ? next->second.device : -2;
}

static cudaError_t map(void** address, size_t bytes, int place) {
    size_t size = (bytes + PAGE - 1) / PAGE * PAGE;
    *address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (*address == MAP_FAILED) return fail(cudaErrorMemoryAllocation);
    standin().memory[(uintptr_t)*address] = {size, place};
    if (place >= 0) standin().used[place] += size;
    return cudaSuccess;
}

EXPORT cudaError_t cudaMalloc(void** address, size_t bytes) {
    StandIn& s = standin();
    Guard guard(s.lock);
    if (failed() || refused("cudaMalloc")) return cudaPeekAtLastError();
    int place = device();
    if (s.used[place] + bytes > s.total) {
        note("refusals", "%zu of %zu", bytes, s.total - s.used[place]);
        return fail(cudaErrorMemoryAllocation);
    }
    note("mallocs", "%zu device %d", bytes, place);
    return map(address, bytes, place);
}
EXPORT cudaError_t cudaMallocAsync(void** address, size_t bytes, cudaStream_t) { return cudaMalloc(address, bytes); }
EXPORT cudaError_t cudaHostAlloc(void** address, size_t bytes, unsigned) {
    Guard guard(standin().lock);
    if (refused("cudaHostAlloc")) return cudaPeekAtLastError();
    note("pinned", "%zu", bytes);
    return map(address, bytes, -1);
}
EXPORT cudaError_t cudaFree(void* address) {
    StandIn& s = standin();
    Guard guard(s.lock);
    if (!address) return cudaSuccess;
    if (failed() || refused("cudaFree")) return cudaPeekAtLastError();
    auto found = s.memory.find((uintptr_t)address);
    if (found == s.memory.end()) return fail(cudaErrorInvalidValue);
    if (found->second.device >= 0) s.used[found->second.device] -= found->second.bytes;
    note("frees", "%zu", found->second.bytes);
    munmap(address, found->second.bytes);
    s.memory.erase(found);
    return cudaSuccess;
}
EXPORT cudaError_t cudaFreeAsync(void* address, cudaStream_t) { return cudaFree(address); }
EXPORT cudaError_t cudaFreeHost(void* address) { return cudaFree(address); }
EXPORT cudaError_t cudaHostGetDevicePointer(void** address, void* host, unsigned) {
    *address = host;
    return cudaSuccess;
}
EXPORT cudaError_t cudaHostRegister(void*, size_t, unsigned) { return cudaSuccess; }
EXPORT cudaError_t cudaHostUnregister(void*) { return cudaSuccess; }
EXPORT cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
    *total = standin().total;
    size_t used = standin().used[device()];
    *free = used > *total ? 0 : *total - used;
    return cudaSuccess;
}
EXPORT cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* a, const void* address) {
    int place = where(address);
    memset(a, 0, sizeof *a);
    a->type = place >= 0 ? cudaMemoryTypeDevice : place == -1 ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    a->device = place >= 0 ? place : device();
    a->devicePointer = place == -2 ? nullptr : (void*)address;
    a->hostPointer = place == -1 ? (void*)address : nullptr;
    return cudaSuccess;
}
EXPORT cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
    *pool = (cudaMemPool_t)1;
    return cudaSuccess;
}
EXPORT cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
EXPORT cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
EXPORT cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }

// --- copies

/** Fills in what kernels that do not run would have computed: the answers of a trial, and best tokens. */
static bool pretended(void* to, size_t bytes) {
    StandIn& s = standin();
    if (s.probe != 0 && bytes == TRIED * sizeof(float)) {
        for (size_t i = 0; i < TRIED; i++) ((float*)to)[i] = s.probe;
        return true;
    }
    if (s.probe != 0 && bytes == TRIED * sizeof(short)) {  // bfloat16: the upper half of a float
        for (size_t i = 0; i < TRIED; i++) memcpy((short*)to + i, (char*)&s.probe + sizeof(short), sizeof(short));
        return true;
    }
    if (s.token >= 0 && bytes % 8 == 0 && bytes <= PAGE) {
        for (size_t i = 0; i < bytes / 8; i++) ((long*)to)[i] = s.token;
        return true;
    }
    return false;
}

static cudaError_t copy(void* to, const void* from, size_t bytes, cudaStream_t stream) {
    if (failed()) return cudaPeekAtLastError();
    int a = where(from), b = where(to);
    const char* way = a >= 0 && b >= 0 ? (a == b ? "moves" : "peers") : b >= 0 ? "uploads" : a >= 0 ? "downloads" : "host";
    note(way, "%zu from %d to %d stream %p", bytes, a, b, (void*)stream);
    {
        Guard guard(standin().lock);
        if (Capture* capture = captured(stream)) {
            capture->copies++;
            if (a == -2 || b == -2) note("pageable", "%zu", bytes);
        }
    }
    if (a >= 0 && b < 0 && pretended(to, bytes)) return cudaSuccess;
    if (bytes <= standin().copied) memmove(to, from, bytes);
    return cudaSuccess;
}

EXPORT cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
    return copy(to, from, bytes, stream);
}
EXPORT cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
    if (refused("cudaMemcpy")) return cudaPeekAtLastError();
    note("syncs", "copy");
    return copy(to, from, bytes, nullptr);
}
EXPORT cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t bytes, cudaStream_t stream) {
    return copy(to, from, bytes, stream);
}
EXPORT cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
    note("fills", "%zu", bytes);
    Guard guard(standin().lock);
    if (Capture* capture = captured(stream)) capture->kernels++;
    if (bytes <= standin().copied) memset(to, value, bytes);
    return cudaSuccess;
}
EXPORT cudaError_t cudaMemset(void* to, int value, size_t bytes) { return cudaMemsetAsync(to, value, bytes, nullptr); }

// --- streams and events

static cudaError_t synchronize(const char* what, cudaStream_t stream) {
    if (failed()) return cudaPeekAtLastError();
    Guard guard(standin().lock);
    if (captured(stream)) {
        note("illegal", "%s", what);
        return fail((cudaError_t)900);
    }
    note("syncs", "%s %p", what, (void*)stream);
    return cudaSuccess;
}

EXPORT cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return synchronize("stream", stream); }
EXPORT cudaError_t cudaDeviceSynchronize() {
    return refused("cudaDeviceSynchronize") ? cudaPeekAtLastError() : synchronize("device", (cudaStream_t)-1);
}
EXPORT cudaError_t cudaStreamQuery(cudaStream_t) { return failed() ? cudaPeekAtLastError() : cudaSuccess; }
EXPORT cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) {
    count("waits");
    return cudaSuccess;
}
EXPORT cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) {
    *stream = (cudaStream_t)malloc(16);
    count("streams");
    return cudaSuccess;
}
EXPORT cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return cudaStreamCreateWithPriority(stream, flags, 0);
}
EXPORT cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t call, void* data, unsigned) {
    call(stream, cudaSuccess, data);
    return cudaSuccess;
}
EXPORT cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
    *event = (cudaEvent_t)malloc(16);
    return cudaSuccess;
}
EXPORT cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
EXPORT cudaError_t cudaEventDestroy(cudaEvent_t event) {
    free(event);
    return cudaSuccess;
}
EXPORT cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
EXPORT cudaError_t cudaEventQuery(cudaEvent_t) {
    return failed() || refused("cudaEventQuery") ? cudaPeekAtLastError() : cudaSuccess;
}
EXPORT cudaError_t cudaEventSynchronize(cudaEvent_t) {
    if (failed() || refused("cudaEventSynchronize")) return cudaPeekAtLastError();
    note("syncs", "event");
    return cudaSuccess;
}
EXPORT cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
    *milliseconds = 0.1f;
    return cudaSuccess;
}

// --- captures

EXPORT cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
    std::swap(exchanged, *(int*)mode);
    return cudaSuccess;
}
EXPORT cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    Guard guard(standin().lock);
    if (stream == nullptr || stream == (cudaStream_t)1) {
        note("illegal", "capture of the default stream");
        return fail((cudaError_t)900);
    }
    standin().captures[stream] = {(int)mode, 0, 0, std::this_thread::get_id()};
    note("captures", "stream %p mode %d", (void*)stream, mode);
    return cudaSuccess;
}

/** A graph is what its capture counted. */
EXPORT cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    Guard guard(standin().lock);
    Capture* capture = captured(stream);
    if (!capture) return fail((cudaError_t)901);
    *graph = (cudaGraph_t) new Capture(*capture);
    note("graphs", "%ld kernels %ld copies", capture->kernels, capture->copies);
    standin().counters["nodes"] = capture->kernels + capture->copies;
    standin().captures.erase(stream);
    return cudaSuccess;
}
EXPORT cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    Guard guard(standin().lock);
    *status = captured(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return cudaSuccess;
}
EXPORT cudaError_t cudaStreamGetCaptureInfo_v2(
        cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id, cudaGraph_t*, const cudaGraphNode_t**, size_t*) {
    if (id) *id = 7;
    return cudaStreamIsCapturing(stream, status);
}
EXPORT cudaError_t cudaGraphInstantiate(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
    *made = (cudaGraphExec_t)graph;
    return cudaSuccess;
}
EXPORT cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long flags) {
    return cudaGraphInstantiate(made, graph, flags);
}
EXPORT cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t) {
    if (failed()) return cudaPeekAtLastError();
    note("replays", "%ld kernels", ((Capture*)graph)->kernels);
    return cudaSuccess;
}
EXPORT cudaError_t cudaGraphDestroy(cudaGraph_t) { return cudaSuccess; }
EXPORT cudaError_t cudaGraphExecDestroy(cudaGraphExec_t) { return cudaSuccess; }
EXPORT cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t*, size_t* n) {
    *n = ((Capture*)graph)->kernels;
    return cudaSuccess;
}
EXPORT cudaError_t cudaGraphDebugDotPrint(cudaGraph_t, const char*, unsigned) { return cudaSuccess; }
