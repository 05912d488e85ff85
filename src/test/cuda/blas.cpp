// cuBLAS and cuBLASLt of the stand-in: each product is one launch, named with its sizes.
#include "standin.h"

#include <cublasLt.h>
#include <cublas_v2.h>

#include <cstdlib>
#include <cstring>

struct Handle {
    cudaStream_t stream = nullptr;
    cublasMath_t math = CUBLAS_DEFAULT_MATH;
    cublasPointerMode_t mode = CUBLAS_POINTER_MODE_HOST;
};

static Handle* at(cublasHandle_t handle) { return (Handle*)handle; }

EXPORT cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
    *handle = (cublasHandle_t) new Handle;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasDestroy_v2(cublasHandle_t) { return CUBLAS_STATUS_SUCCESS; }
EXPORT cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
    at(handle)->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t, void*, size_t) { return CUBLAS_STATUS_SUCCESS; }
EXPORT cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t math) {
    at(handle)->math = math;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* math) {
    *math = at(handle)->math;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode) {
    at(handle)->mode = mode;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasGetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t* mode) {
    *mode = at(handle)->mode;
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t product(const char* what, cudaStream_t stream, long m, long n, long k, long batch = 1) {
    char name[200] = "";
    if (standin().log) snprintf(name, sizeof name, "%s m=%ld n=%ld k=%ld batch=%ld", what, m, n, k, batch);
    return launch(name, dim3(1), dim3(1), stream) == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

EXPORT cublasStatus_t cublasGemmEx(
        cublasHandle_t handle, cublasOperation_t, cublasOperation_t, int m, int n, int k, const void*, const void*, cudaDataType,
        int, const void*, cudaDataType, int, const void*, void*, cudaDataType, int, cublasComputeType_t, cublasGemmAlgo_t) {
    return product("cublasGemmEx", at(handle)->stream, m, n, k);
}
EXPORT cublasStatus_t cublasGemmStridedBatchedEx(
        cublasHandle_t handle, cublasOperation_t, cublasOperation_t, int m, int n, int k, const void*, const void*, cudaDataType,
        int, long long, const void*, cudaDataType, int, long long, const void*, void*, cudaDataType, int, long long, int batch,
        cublasComputeType_t, cublasGemmAlgo_t) {
    return product("cublasGemmStridedBatchedEx", at(handle)->stream, m, n, k, batch);
}
EXPORT cublasStatus_t cublasSgemm_v2(
        cublasHandle_t handle, cublasOperation_t, cublasOperation_t, int m, int n, int k, const float*, const float*, int,
        const float*, int, const float*, float*, int) {
    return product("cublasSgemm", at(handle)->stream, m, n, k);
}
EXPORT cublasStatus_t cublasSgemmStridedBatched(
        cublasHandle_t handle, cublasOperation_t, cublasOperation_t, int m, int n, int k, const float*, const float*, int,
        long long, const float*, int, long long, const float*, float*, int, long long, int batch) {
    return product("cublasSgemmStridedBatched", at(handle)->stream, m, n, k, batch);
}
EXPORT cublasStatus_t cublasSgemv_v2(
        cublasHandle_t handle, cublasOperation_t, int m, int n, const float*, const float*, int, const float*, int, const float*,
        float*, int) {
    return product("cublasSgemv", at(handle)->stream, m, n, 1);
}

// --- cuBLASLt

struct Layout {
    long rows, columns;
};
struct Product {
    int turned = 0;  // whether the first matrix is
};

EXPORT cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t, cudaDataType_t) {
    *made = (cublasLtMatmulDesc_t) new Product;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product) {
    delete (Product*)product;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatmulDescSetAttribute(
        cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute, const void* value, size_t) {
    if (attribute == CUBLASLT_MATMUL_DESC_TRANSA) ((Product*)product)->turned = *(int*)value;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatrixLayoutCreate(
        cublasLtMatrixLayout_t* made, cudaDataType, uint64_t rows, uint64_t columns, int64_t) {
    *made = (cublasLtMatrixLayout_t) new Layout{(long)rows, (long)columns};
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
    delete (Layout*)layout;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatrixLayoutSetAttribute(
        cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t, const void*, size_t) {
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
    *made = (cublasLtMatmulPreference_t)malloc(8);
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
    free((void*)preference);
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
        cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t, const void*, size_t) {
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
        cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
        cublasLtMatrixLayout_t, cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t* found, int* n) {
    memset(found, 0, sizeof *found);
    *n = 1;
    return CUBLAS_STATUS_SUCCESS;
}
EXPORT cublasStatus_t cublasLtMatmul(
        cublasLtHandle_t, cublasLtMatmulDesc_t how, const void*, const void*, cublasLtMatrixLayout_t a, const void*,
        cublasLtMatrixLayout_t, const void*, const void*, cublasLtMatrixLayout_t, void*, cublasLtMatrixLayout_t c,
        const cublasLtMatmulAlgo_t*, void*, size_t, cudaStream_t stream) {
    Layout *first = (Layout*)a, *result = (Layout*)c;
    long inner = ((Product*)how)->turned ? first->rows : first->columns;
    return product("cublasLtMatmul", stream, result->rows, result->columns, inner);
}
