// The calls of the driver that libraries make beside those of the runtime, and the calls of NVML that JavaCPP's presets make.
#include <stdio.h>
#include <string.h>

int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int* version) {
    *version = 12080;
    return 0;
}
int cuDeviceGetCount(int* n) {
    *n = 1;
    return 0;
}
int cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
    *flags = 0;
    *active = 1;
    return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int device) {
    *context = (void*)16;
    return 0;
}
int cuCtxGetCurrent(void** context) {
    *context = (void*)16;
    return 0;
}
int cuCtxSetCurrent(void* context) { return 0; }

// Calls that nothing here makes, for libraries that need the symbols.
#define UNUSED(name)                                                          \
    int name() {                                                              \
        fprintf(stderr, "the stand-in for CUDA has no " #name "\n");          \
        return 801;                                                           \
    }
UNUSED(cuDeviceGetAttribute)
UNUSED(cuFuncGetAttribute)
UNUSED(cuFuncSetAttribute)
UNUSED(cuGetErrorString)
UNUSED(cuLaunchCooperativeKernel)
UNUSED(cuLaunchKernel)
UNUSED(cuLinkAddData_v2)
UNUSED(cuLinkComplete)
UNUSED(cuLinkCreate_v2)
UNUSED(cuMemAddressFree)
UNUSED(cuMemAddressReserve)
UNUSED(cuMemCreate)
UNUSED(cuMemExportToShareableHandle)
UNUSED(cuMemGetAllocationGranularity)
UNUSED(cuMemImportFromShareableHandle)
UNUSED(cuMemMap)
UNUSED(cuMemRelease)
UNUSED(cuMemSetAccess)
UNUSED(cuMemUnmap)
UNUSED(cuMemsetD32Async)
UNUSED(cuModuleGetFunction)
UNUSED(cuModuleLoadData)
UNUSED(cuModuleLoadDataEx)
UNUSED(cuModuleUnload)
UNUSED(cuMulticastAddDevice)
UNUSED(cuMulticastBindMem)
UNUSED(cuMulticastCreate)
UNUSED(cuOccupancyMaxActiveBlocksPerMultiprocessor)
UNUSED(cuStreamWriteValue32)
UNUSED(cuTensorMapEncodeTiled)

UNUSED(nvmlDeviceGetNvLinkRemoteDeviceType)
UNUSED(nvmlDeviceGetNvLinkRemotePciInfo_v2)

// libtorch names the processes that hold a device's memory where there is too little.
int nvmlDeviceGetHandleByPciBusId_v2(const char* id, void** device) {
    *device = (void*)16;
    return 0;
}
int nvmlDeviceGetComputeRunningProcesses(void* device, unsigned* n, void* processes) {
    *n = 0;
    return 0;
}
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char* version, unsigned length) {
    strncpy(version, "570.00 (stand-in)", length);
    return 0;
}
