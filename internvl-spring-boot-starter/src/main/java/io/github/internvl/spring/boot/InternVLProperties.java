package io.github.internvl.spring.boot;

import io.github.internvl.Precision;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of an application that begin with {@code internvl}. Editors show the lines below as their descriptions.
 *
 * @param enabled Whether a model is loaded.
 * @param model Id of the model on the hub, such as OpenGVLab/InternVL2_5-1B, or its folder.
 * @param precision Number format to compute in. Default: the best for the device and the checkpoint.
 * @param visionPrecision Number format of the ViT: int8. Default: as the rest of the model.
 * @param device Device: cpu, cuda:0, or auto to spread the model over all GPUs. Default: the first GPU if there is one.
 * @param offloadToCpu Whether layers that no GPU has room for are computed on the CPU; takes the device auto.
 * @param contextLength Maximum number of tokens in a prompt and its answer together. Default: 8192, or the positions of the model.
 * @param maxConcurrent Maximum number of requests that are computed at once. Default: 8.
 * @param maxWaiting Maximum number of requests that wait; more are rejected. Default: 1000.
 * @param threads CPU compute threads. Default: OMP_NUM_THREADS, or one for each physical core.
 * @param kvCache The keys and values of the tokens.
 * @param hub The source of models that are named by their ids.
 * @param closePatience Time that requests may take to finish when the application stops; then they fail.
 */
@ConfigurationProperties("internvl")
record InternVLProperties(
        @DefaultValue("true") boolean enabled,
        @Nullable String model,
        @Nullable Precision precision,
        @Nullable Precision visionPrecision,
        @Nullable String device,
        @DefaultValue("false") boolean offloadToCpu,
        @Nullable Integer contextLength,
        @Nullable Integer maxConcurrent,
        @Nullable Integer maxWaiting,
        @Nullable Integer threads,
        @DefaultValue KvCache kvCache,
        @DefaultValue Hub hub,
        @DefaultValue("20s") Duration closePatience) {

    /**
     * The keys and values of the tokens.
     *
     * @param tokens Size in tokens, of all requests together. Default: 4096 for each concurrent request.
     * @param precision Number format: int8. Default: the format that the model computes in.
     * @param staticSlots Whether each concurrent request has its whole context from loading on. Default: on GPUs with the memory for it.
     */
    record KvCache(
            @Nullable Long tokens,
            @Nullable Precision precision,
            @Nullable Boolean staticSlots) {}

    /**
     * The source of models that are named by their ids.
     *
     * @param revision Branch, tag or commit of the model. Default: main.
     * @param endpoint Address of the hub. Default: HF_ENDPOINT, or the Hugging Face hub.
     * @param cache Folder of the cache. Default: HF_HUB_CACHE, or the cache that Python uses.
     * @param token Token for gated and private models. Default: HF_TOKEN, or the one that Python stored.
     * @param offline Whether only the cache is used. Default: HF_HUB_OFFLINE, or false.
     */
    record Hub(
            @Nullable String revision,
            @Nullable URI endpoint,
            @Nullable Path cache,
            @Nullable String token,
            @Nullable Boolean offline) {
        /** All but the token. */
        @Override
        public String toString() {
            return "Hub[revision=" + revision + ", endpoint=" + endpoint + ", cache=" + cache + ", offline=" + offline
                    + "]";
        }
    }
}
