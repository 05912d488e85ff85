package io.github.internvl;

/**
 * The limits of a model's device, against which its speed is judged ({@link InternVL#machineLimits}). Decoding one request reads all weights
 * for each token, so the bandwidth is its limit; prompts multiply large matrices, and are limited by that.
 *
 * @param readBandwidth bytes of memory that are read in a second
 * @param gemm floating-point operations in a second, of a linear in the model's format with 512 rows
 * @param bytesPerToken bytes of weights that computing one token reads; a step for several requests reads them once
 * @param operationsPerToken floating-point operations that a token of a prompt takes, but for attention and the head
 * @param threads how many threads computed on the CPU; models that are loaded later may have set another number
 */
public record MachineLimits(
        double readBandwidth, double gemm, long bytesPerToken, long operationsPerToken, int threads) {

    /** Most tokens a second of one request, were nothing read but weights. */
    public double decode() {
        return readBandwidth / bytesPerToken;
    }

    /** Most prompt tokens a second, were there nothing but linears. */
    public double prefill() {
        return gemm / operationsPerToken;
    }
}
