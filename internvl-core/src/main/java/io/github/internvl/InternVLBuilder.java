package io.github.internvl;

import io.github.internvl.hub.DownloadException;
import io.github.internvl.hub.Hub;
import io.github.internvl.hub.ProgressListener;
import io.github.internvl.internal.chat.ChatService;
import io.github.internvl.internal.chat.CheckpointText;
import io.github.internvl.internal.chat.PictureTiler;
import io.github.internvl.internal.chat.PromptCheck;
import io.github.internvl.internal.checkpoint.Catalogue;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.model.Footprint;
import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.vision.PassOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The settings of loading, each with a default, and {@link #load}. Not thread-safe. */
public final class InternVLBuilder {
    private static final Logger LOG = LoggerFactory.getLogger(InternVLBuilder.class.getPackageName());
    private static final int CHUNK_TOKENS = 512;
    private static final int GPU_CHUNK_TOKENS = 2048; // launching a step's kernels costs as much for fewer
    private static final int SLOW_CHUNK_TOKENS = 128; // as fast per token without bfloat16, with shorter steps
    private static final int USUAL_KEY_TOKENS = 4096;
    private static final int USUAL_CONTEXT = 8192;
    private static final int LONGEST_CONTEXT = 1 << 20;

    private final Supplier<Path> source;
    private @Nullable Hub hub;
    private @Nullable Precision precision;
    private @Nullable DeviceMap devices;
    private OptionalInt contextLength = OptionalInt.empty();
    private int maxConcurrent = 8;
    private int maxWaiting = 1000;
    private int tilesPerStep = 4;
    private OptionalLong kvCacheTokens = OptionalLong.empty();
    private @Nullable Boolean staticSlots; // null: on GPUs that have the memory
    private boolean cudaGraphs;
    private @Nullable Precision kvCachePrecision;
    private @Nullable Precision visionPrecision;
    private long visualCacheBytes = 256L << 20;
    private OptionalInt threads = OptionalInt.empty();
    private boolean copyWeights;
    private boolean ropeScaling = true;
    private PassOrder passOrder = PassOrder.ROWS_FIRST;
    private ProgressListener progress = (bytes, total) -> {};
    private MetricsListener metrics = new MetricsListener() {};

    InternVLBuilder(Path folder) {
        this.source = () -> folder;
    }

    InternVLBuilder(String idOrFolder) {
        this.source = () -> {
            if (!Files.isDirectory(Path.of(idOrFolder))) {
                Catalogue.unsupported(idOrFolder).ifPresent(reason -> {
                    throw new CheckpointException(reason); // before its files are downloaded
                });
            }
            return (hub == null ? Hub.fromEnvironment() : hub).find(idOrFolder);
        };
    }

    /** Sets the hub from which a model is fetched by its id; without it, the one that the environment names. */
    public InternVLBuilder hub(Hub place) {
        this.hub = place;
        return this;
    }

    /** Sets the number format to compute in; without it, the best for the device and the checkpoint. */
    public InternVLBuilder precision(Precision format) {
        this.precision = format;
        return this;
    }

    /** Sets the device, {@code cpu} or {@code cuda:0}; without it, the first GPU if there is one. */
    public InternVLBuilder device(String name) {
        return devices(DeviceMap.single(name));
    }

    /** Sets the spread of the model over devices; without it, everything is on the first GPU if there is one. */
    public InternVLBuilder devices(DeviceMap map) {
        this.devices = map;
        return this;
    }

    /**
     * Sets the most tokens of a prompt and its answer together, 1 to 1048576; without it 8192, or the positions of the model
     * if they are fewer. Beyond {@link ModelInfo#positions} answers get worse. Memory is allocated as requests need it,
     * unless {@link #staticSlots} is set.
     */
    public InternVLBuilder contextLength(int tokens) {
        if (tokens > LONGEST_CONTEXT) {
            throw new IllegalArgumentException("contextLength must be 1.." + LONGEST_CONTEXT + ": " + tokens);
        }
        this.contextLength = OptionalInt.of(atLeastOne("contextLength", tokens));
        return this;
    }

    /** Sets the most requests that are computed together; more wait. Without it 8. */
    public InternVLBuilder maxConcurrent(int requests) {
        this.maxConcurrent = atLeastOne("maxConcurrent", requests);
        return this;
    }

    /** Sets the most requests that wait; more are rejected with {@link QueueFullException}. Without it 1000. */
    public InternVLBuilder maxWaiting(int requests) {
        if (requests < 0) {
            throw new IllegalArgumentException("maxWaiting must not be negative: " + requests);
        }
        this.maxWaiting = requests;
        return this;
    }

    /**
     * Sets the size of the KV cache in tokens, of all requests together; it is never exceeded. A request takes its prompt and
     * {@code maxNewTokens}, for each of its answers or beams, and waits until there is room. The rest of the cache keeps
     * earlier prompts, so that requests which begin like them need not compute them again. Without it 4096 for each
     * concurrent request, but at least one {@link #contextLength}; on a GPU fewer, if it has no memory for them. It is rounded up
     * to a multiple of 256. Its size in bytes is logged at loading.
     */
    public InternVLBuilder kvCacheTokens(long tokens) {
        if (tokens < 1) {
            throw new IllegalArgumentException("kvCacheTokens must be at least 1: " + tokens);
        }
        this.kvCacheTokens = OptionalLong.of(tokens);
        return this;
    }

    /**
     * Sets whether each of the {@link #maxConcurrent} requests has its whole {@link #contextLength} of KV cache from loading
     * on, in place of {@link #kvCacheTokens}; otherwise memory is allocated as requests need it. When two or more answers
     * decode at once, each layer then runs one attention kernel for all of them. That helps on GPUs, where starting a
     * kernel costs more than computing it; it is no gain for few answers or very different lengths. Without this setting, it is
     * done where the whole model is on GPUs, contexts have up to 8192 tokens, and all of them take up to half of the memory that is
     * free after loading.
     */
    public InternVLBuilder staticSlots(boolean whole) {
        this.staticSlots = whole;
        return this;
    }

    /**
     * Sets whether steps that compute nothing but next tokens are captured into CUDA graphs: one launch in place of hundreds. Without it
     * they are not. It takes Linux, one GPU for the whole model, {@link #staticSlots}, and no mixture of experts; where a part is missing or a capture fails,
     * a line is logged and steps are computed without. Answers are the same up to rounding. Experimental: it was tried without a GPU.
     */
    public InternVLBuilder cudaGraphs(boolean capture) {
        this.cudaGraphs = capture;
        return this;
    }

    /**
     * Sets the number format of the KV cache: {@link Precision#INT8} takes a half to a quarter of the memory, and answers
     * may differ. Without it, the format that the model computes in.
     */
    public InternVLBuilder kvCachePrecision(Precision format) {
        if (format != Precision.INT8) {
            throw new IllegalArgumentException(
                    "kvCachePrecision must be INT8: " + format + "; leave it out for the format of the model");
        }
        this.kvCachePrecision = format;
        return this;
    }

    /**
     * Sets the number format of the ViT's linears: {@link Precision#INT8} rounds their weights and inputs to 8 bits, one scale
     * for each output and each position. Answers may differ; the projector stays as it is. Without it, the format that the model
     * computes in. It takes a CPU with VNNI; where AMX multiplies bfloat16 it was slower than that, so measure it first.
     */
    public InternVLBuilder visionPrecision(Precision format) {
        if (format != Precision.INT8) {
            throw new IllegalArgumentException(
                    "visionPrecision must be INT8: " + format + "; leave it out for the format of the model");
        }
        this.visionPrecision = format;
        return this;
    }

    /**
     * Sets the most bytes of visual tokens to cache, so that another question about a picture need not encode it again; 0
     * caches none. Without it 256 MiB.
     */
    public InternVLBuilder visualCacheBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("visualCacheBytes must not be negative: " + bytes);
        }
        this.visualCacheBytes = bytes;
        return this;
    }

    /** Sets the most tiles that the ViT encodes at once, which bounds its memory. Without it 4. */
    public InternVLBuilder tilesPerStep(int tiles) {
        this.tilesPerStep = atLeastOne("tilesPerStep", tiles);
        return this;
    }

    /**
     * Sets the number of threads that compute on CPUs; without it {@code OMP_NUM_THREADS} of the environment, or one for each
     * physical core. libtorch has one setting for the process, so load several models with the same. On a machine that does
     * other work as well, fewer are faster, since all of them wait for the last.
     */
    public InternVLBuilder threads(int count) {
        this.threads = OptionalInt.of(atLeastOne("threads", count));
        return this;
    }

    /** Sets the version of Pillow whose resize is followed; without it, every version up to 12. */
    public InternVLBuilder passOrder(PassOrder order) {
        this.passOrder = order;
        return this;
    }

    /** Sets a callback for the progress of loading. */
    public InternVLBuilder progress(ProgressListener listener) {
        this.progress = listener;
        return this;
    }

    /** Sets a callback for the metrics of the model; one listener serves one model. */
    public InternVLBuilder metrics(MetricsListener listener) {
        this.metrics = listener;
        return this;
    }

    /**
     * Sets whether weights are read into memory instead of mapped from the file; without it they are mapped. A file that is
     * overwritten or truncated after loading then does not affect the model; a mapped one ends the process where a page is
     * missing. Weights that are read take memory of this process and are not shared with others.
     */
    public InternVLBuilder copyWeights(boolean copy) {
        this.copyWeights = copy;
        return this;
    }

    /**
     * Sets whether rotary embeddings are scaled where config.json asks for it; without it they are. Transformers 4.37.2 did not
     * scale those of Qwen2: {@code false} gives its answers. The two differ only where a prompt and its answer together exceed
     * {@link ModelInfo#positions} tokens.
     */
    public InternVLBuilder ropeScaling(boolean scaled) {
        this.ropeScaling = scaled;
        return this;
    }

    private static int atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1: " + value);
        }
        return value;
    }

    /**
     * Loads the model; the caller closes it.
     *
     * @throws CheckpointException if a file is missing or damaged, or has an unknown setting
     * @throws DownloadException if the model is named by its id, and neither cached nor available
     * @throws InternVLException if a device is missing, the model does not fit, or libtorch cannot be loaded
     * @throws IllegalArgumentException if both static slots and the KV cache's tokens are set
     */
    public InternVL load() {
        boolean allStatic = Boolean.TRUE.equals(staticSlots);
        if (allStatic && kvCacheTokens.isPresent()) {
            throw new IllegalArgumentException("staticSlots and kvCacheTokens must not both be set: "
                    + kvCacheTokens.getAsLong() + "; with static slots, set maxConcurrent and contextLength");
        }
        requireModules("java.logging", "jdk.jfr");
        Path folder = source.get();
        long start = System.nanoTime();
        TorchRuntime.threads(threads);
        Checkpoint stored = Checkpoint.open(folder).copied(copyWeights);
        Checkpoint checkpoint = ropeScaling ? stored : stored.withoutRopeScaling();
        ModelConfig config = checkpoint.config();
        ModelInfo info = ModelInfo.of(checkpoint);
        TorchRuntime.prepareTokenizers();
        CheckpointText text = CheckpointText.open(folder, config);
        try {
            int context = contextLength.orElse(usualContext(config));
            ModelConfig.GenerationDefaults own = config.generation();
            PromptCheck prompts = new PromptCheck(
                    config,
                    text,
                    context,
                    passOrder,
                    settings -> settings.withDefaults(own.temperature(), own.topK(), own.topP()));
            long planned = allStatic ? wholeSlots(context) : kvCacheTokens.orElse(context);
            boolean shortKeys = kvCachePrecision == Precision.INT8;
            DeviceMap.Keys keys = new DeviceMap.Keys((int) Math.min(Integer.MAX_VALUE, planned), shortKeys, allStatic);
            DevicePlan plan = DeviceMap.choose(precision, devices, info, keys);
            Models.Format format = Models.Format.of(plan, shortKeys, visionPrecision == Precision.INT8);
            Models models = models(checkpoint, info, format);
            KeyMemory memory = new KeyMemory(new Footprint(config), format, CudaDevices::freeBytes);
            Engine.Limits limits = prepareSlots(models, limits(context, plan), memory);
            if (cudaGraphs) {
                captureSteps(models.language(), plan);
            }
            ChatService service = new ChatService(
                    prompts,
                    new PictureTiler(config.tokensPerTile()),
                    new Engine(models, text.tokenizer(), limits),
                    metrics,
                    ahead(limits));
            LOG.info(
                    "InternVL {} on {} in {}, KV cache of up to {} tokens in {} MB, loaded in {} ms",
                    folder.getFileName(),
                    String.join(" and ", plan.bytes().keySet()),
                    plan.precision().name().toLowerCase(Locale.ROOT),
                    limits.keyTokens(),
                    (limits.keyTokens() * new Footprint(config).keyBytes(format)) >> 20,
                    Duration.ofNanos(System.nanoTime() - start).toMillis());
            LOG.info("InternVL {}: {}", folder.getFileName(), config.summary());
            if (config.videoFault() != null) {
                LOG.warn("InternVL {}: refuses videos, not pictures: {}", folder.getFileName(), config.videoFault());
            }
            return listened(new InternVL(info, plan, limits, text.tokenizer(), metrics, service));
        } catch (RuntimeException | Error e) {
            text.tokenizer().close();
            throw e;
        }
    }

    /**
     * Refuses to go on without a module of the JDK; else a class would not be found somewhere on the way. A full JDK has them all,
     * and an image that jlink made may lack some.
     */
    private static void requireModules(String... names) {
        String missing = Stream.of(names)
                .filter(name -> ModuleLayer.boot().findModule(name).isEmpty())
                .collect(Collectors.joining(" and "));
        if (!missing.isEmpty()) {
            throw new InternVLException("a model needs the modules " + String.join(", ", names)
                    + " of the JDK: this Java, " + System.getProperty("java.home") + ", has no " + missing
                    + "; add it to jlink's --add-modules");
        }
    }

    /** The number of requests of a batch that are tiled before the first is answered. */
    private static int ahead(Engine.Limits limits) {
        return limits.slots() + Math.min(limits.slots(), limits.waiting());
    }

    private InternVL listened(InternVL model) {
        try {
            metrics.onLoad(model.info().name(), model::stats);
            return model;
        } catch (RuntimeException | Error e) {
            model.release();
            throw e;
        }
    }

    private Models models(Checkpoint checkpoint, ModelInfo info, Models.Format format) {
        long total = checkpoint.bytes();
        String device = format.places().embedding();
        String computed = format.places().precision().name().toLowerCase(Locale.ROOT);
        Trace.Span span = Trace.load(info.name(), computed, device, total);
        long[] bound = {0};
        Models models = Models.load(checkpoint, format, bytes -> {
            bound[0] += bytes;
            progress.onProgress(bound[0], total);
        });
        span.commit();
        return models;
    }

    /** Allocates static slots, if they are set or the default here; the limits that hold then. */
    private Engine.Limits prepareSlots(Models models, Engine.Limits limits, KeyMemory memory) {
        Engine.Limits whole = limits.withKeyTokens(wholeSlots(limits.contextTokens()));
        if (Boolean.TRUE.equals(staticSlots)) {
            try {
                models.allocate(whole.slots(), whole.slotTokens());
            } catch (InternVLException e) {
                models.close();
                throw e;
            }
            return whole;
        }
        if (kvCacheTokens.isPresent()) {
            return limits; // the plan had room for all of them
        }
        boolean suits = staticSlots == null && memory.suitsStaticSlots(whole);
        return suits && memory.allocateByDefault(models, whole) ? whole : memory.within(limits);
    }

    private void captureSteps(LanguageModel model, DevicePlan plan) {
        Set<String> devices = plan.bytes().keySet();
        if (model.hasEqualSteps() && devices.size() == 1 && KeyMemory.areGpus(devices)) {
            model.captureSteps(plan.head());
        } else {
            LOG.warn("no CUDA graphs: they take static slots, one GPU, and no mixture of experts: {}", devices);
        }
    }

    private Engine.Limits limits(int context, DevicePlan plan) {
        return new Engine.Limits(
                maxConcurrent,
                context,
                chunkTokens(plan),
                tilesPerStep,
                maxWaiting,
                keyTokens(context),
                visualCacheBytes);
    }

    private static int chunkTokens(DevicePlan plan) {
        if (KeyMemory.areGpus(plan.bytes().keySet())) {
            return GPU_CHUNK_TOKENS;
        }
        boolean slow = plan.embedding().equals("cpu") && !TorchRuntime.cpuHasBfloat16();
        return slow ? SLOW_CHUNK_TOKENS : CHUNK_TOKENS;
    }

    private long wholeSlots(int context) {
        return maxConcurrent * LanguageModel.room(context);
    }

    private long keyTokens(int context) {
        return kvCacheTokens.orElse(Math.max(context, (long) maxConcurrent * Math.min(context, USUAL_KEY_TOKENS)));
    }

    private static int usualContext(ModelConfig config) {
        ModelConfig.LanguageConfig llm = config.language();
        return llm.rope().isScaled() ? USUAL_CONTEXT : Math.min(USUAL_CONTEXT, llm.positions());
    }
}
