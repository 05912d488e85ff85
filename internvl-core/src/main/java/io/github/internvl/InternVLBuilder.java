package io.github.internvl;

import io.github.internvl.hub.DownloadException;
import io.github.internvl.hub.Hub;
import io.github.internvl.hub.ProgressListener;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.model.Footprint;
import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.vision.PassOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects how to load a model. Not thread-safe. */
public final class InternVLBuilder {
    private static final Logger LOG = LoggerFactory.getLogger(InternVL.class);
    private static final int CHUNK_TOKENS = 512;
    private static final int CPU_CHUNK_TOKENS = 128; // as fast a token, and nobody waits long for it
    private static final int USUAL_KEY_TOKENS = 4096;
    private static final int USUAL_CONTEXT = 8192;
    private static final int LONGEST_CONTEXT = 1 << 20;

    private final Function<Supplier<Hub>, Path> source;
    private Supplier<Hub> hub = Hub::fromEnvironment;
    private @Nullable Precision precision;
    private @Nullable DeviceMap devices;
    private OptionalInt contextLength = OptionalInt.empty();
    private int maxConcurrent = 8;
    private int maxWaiting = 1000;
    private int tilesPerStep = 4;
    private OptionalLong kvCacheTokens = OptionalLong.empty();
    private boolean staticSlots;
    private @Nullable Precision kvCachePrecision;
    private long visualCacheBytes = 256L << 20;
    private OptionalInt threads = OptionalInt.empty();
    private boolean copyWeights;
    private PassOrder passOrder = PassOrder.ROWS_FIRST;
    private ProgressListener progress = (bytes, total) -> {};
    private MetricsListener metrics = new MetricsListener() {};

    InternVLBuilder(Function<Supplier<Hub>, Path> source) {
        this.source = source;
    }

    /** Sets where a model that is named by its id comes from; without it, where the environment says. */
    public InternVLBuilder hub(Hub place) {
        this.hub = () -> place;
        return this;
    }

    /** Sets the number format to compute in; without it, the best for the device and the checkpoint. */
    public InternVLBuilder precision(Precision format) {
        this.precision = format;
        return this;
    }

    /** Sets where to compute: {@code cpu} or {@code cuda:0}; without it, the first GPU if there is one. */
    public InternVLBuilder device(String name) {
        return devices(DeviceMap.single(name));
    }

    /** Sets how to spread the model over devices; without it, everything is on the first GPU if there is one. */
    public InternVLBuilder devices(DeviceMap map) {
        this.devices = map;
        return this;
    }

    /**
     * Sets the most tokens of a prompt and its answer together, 1 to 1048576; without it 8192, or what the model was made
     * for if that is less. Beyond {@link ModelInfo#positions} answers get worse. Memory is taken only for what requests
     * need, unless with {@link #staticSlots}.
     */
    public InternVLBuilder contextLength(int tokens) {
        if (tokens > LONGEST_CONTEXT) {
            throw new IllegalArgumentException("contextLength must be 1.." + LONGEST_CONTEXT + ": " + tokens);
        }
        this.contextLength = OptionalInt.of(atLeastOne("contextLength", tokens));
        return this;
    }

    /** Sets how many requests are computed together; more wait. Without it 8. */
    public InternVLBuilder maxConcurrent(int requests) {
        this.maxConcurrent = atLeastOne("maxConcurrent", requests);
        return this;
    }

    /** Sets how many requests may wait beyond those; more are refused with {@link QueueFullException}. Without it 1000. */
    public InternVLBuilder maxWaiting(int requests) {
        if (requests < 0) {
            throw new IllegalArgumentException("maxWaiting must not be negative: " + requests);
        }
        this.maxWaiting = requests;
        return this;
    }

    /**
     * Sets the most tokens whose keys and values are kept, of all requests together; it is never exceeded. A request takes
     * its prompt and {@code maxNewTokens}, for each of its answers or beams, and waits until there is room. The rest of
     * it keeps earlier prompts, so that requests which begin like them need not compute them again. Without it 4096 for each
     * request at once, but at least one {@link #contextLength}. It is rounded up to a multiple of 256. Its size in bytes is logged at loading.
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
     * on, and {@link #kvCacheTokens} may not be set; without it, memory is taken only for what requests need. While nothing
     * but answers is in the making, two or more, each layer then computes attention for all of them in one, which is
     * meant for GPUs, where starting a product costs more than computing it. It reads as much for each as the longest of
     * them needs, so for few answers, or such as differ much in length, it is no gain.
     */
    public InternVLBuilder staticSlots(boolean whole) {
        this.staticSlots = whole;
        return this;
    }

    /**
     * Sets the number format of the KV cache: {@link Precision#INT8} takes a half to a quarter of the memory, and answers
     * may differ; without it, the format that the model computes in.
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
     * Sets the most bytes of visual tokens that are kept, so that another question about a picture need not encode it
     * again; 0 keeps none. Without it 256 MiB.
     */
    public InternVLBuilder visualCacheBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("visualCacheBytes must not be negative: " + bytes);
        }
        this.visualCacheBytes = bytes;
        return this;
    }

    /** Sets how many tiles the ViT takes at once, which bounds its memory. Without it 4. */
    public InternVLBuilder tilesPerStep(int tiles) {
        this.tilesPerStep = atLeastOne("tilesPerStep", tiles);
        return this;
    }

    /**
     * Sets how many threads compute on CPUs; without it {@code OMP_NUM_THREADS} of the environment, or one for each physical
     * core. libtorch has one setting for the process, so load several models with the same. On a machine that does other work
     * as well, fewer are faster: all of them wait for the last.
     */
    public InternVLBuilder threads(int count) {
        this.threads = OptionalInt.of(atLeastOne("threads", count));
        return this;
    }

    /** Sets which Pillow the resize of pictures follows; without it, every one up to 12. */
    public InternVLBuilder passOrder(PassOrder order) {
        this.passOrder = order;
        return this;
    }

    /** Sets who hears how far loading has come. */
    public InternVLBuilder progress(ProgressListener listener) {
        this.progress = listener;
        return this;
    }

    /** Sets who hears what the model does, in numbers; one listener serves one model. */
    public InternVLBuilder metrics(MetricsListener listener) {
        this.metrics = listener;
        return this;
    }

    /**
     * Sets whether weights are read into memory, instead of mapped from the file; without it they are mapped. A file that is
     * written over or cut short after loading is then nothing to the model, which otherwise ends the process where a page of
     * it is gone. Weights take memory of this process then, and are not shared with others.
     */
    public InternVLBuilder copyWeights(boolean copy) {
        this.copyWeights = copy;
        return this;
    }

    private static int atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1: " + value);
        }
        return value;
    }

    /**
     * Loads the model.
     *
     * @throws CheckpointException if a file is missing, damaged, or says something unknown
     * @throws DownloadException if the model is named by its id, and neither in the cache nor available
     * @throws InternVLException if a device is not there, the model does not fit, or libtorch cannot be loaded
     * @throws IllegalArgumentException if both static slots and the KV cache's tokens are set
     */
    public InternVL load() {
        if (staticSlots && kvCacheTokens.isPresent()) {
            throw new IllegalArgumentException("staticSlots and kvCacheTokens must not both be set: "
                    + kvCacheTokens.getAsLong() + "; with static slots, set maxConcurrent and contextLength");
        }
        JdkModules.require("a model", "java.logging", "jdk.jfr");
        Path folder = source.apply(hub);
        long start = System.nanoTime();
        TorchRuntime.threads(threads);
        Checkpoint checkpoint = Checkpoint.open(folder).copied(copyWeights);
        ModelConfig config = checkpoint.config();
        ModelInfo info = ModelInfo.of(checkpoint);
        TorchRuntime.prepareTokenizers();
        CheckpointText text = CheckpointText.open(folder, config);
        try {
            int context = contextLength.orElse(usualContext(config));
            RequestPreparer preparer =
                    new RequestPreparer(config, text.template(), text.tokenizer(), context, passOrder);
            long planned = staticSlots ? keyTokens(context) : kvCacheTokens.orElse(context);
            boolean shortKeys = kvCachePrecision == Precision.INT8;
            Placement placement =
                    Placement.choose(precision, devices, info, (int) Math.min(Integer.MAX_VALUE, planned), shortKeys);
            Engine.Limits limits = limits(context, placement);
            Models.Format format = placement.format(shortKeys);
            Models models = models(checkpoint, info, placement, format, limits);
            Intake intake = new Intake(
                    preparer, new Engine(models, text.tokenizer(), limits), new Traffic(metrics), ahead(limits));
            LOG.info(
                    "InternVL {} on {} in {}, KV cache of up to {} tokens in {} MB, loaded in {} ms",
                    folder.getFileName(),
                    String.join(" and ", placement.devices().bytes().keySet()),
                    placement.precision().name().toLowerCase(Locale.ROOT),
                    limits.keyTokens(),
                    (limits.keyTokens() * Footprint.of(config).keyBytes(format)) >> 20,
                    Duration.ofNanos(System.nanoTime() - start).toMillis());
            LOG.info("InternVL {}: {}", folder.getFileName(), config.summary());
            if (config.videoFault() != null) {
                LOG.warn("InternVL {}: refuses videos, not pictures: {}", folder.getFileName(), config.videoFault());
            }
            return listened(new InternVL(info, placement, limits, text.tokenizer(), intake));
        } catch (RuntimeException | Error e) {
            text.tokenizer().close();
            throw e;
        }
    }

    /** Requests of a batch that are handed in before the first is answered. */
    private static int ahead(Engine.Limits limits) {
        return limits.slots() + Math.min(limits.slots(), limits.waiting());
    }

    private InternVL listened(InternVL model) {
        try {
            metrics.onLoad(model);
            return model;
        } catch (RuntimeException | Error e) {
            model.release();
            throw e;
        }
    }

    private Models models(
            Checkpoint checkpoint, ModelInfo info, Placement placement, Models.Format format, Engine.Limits limits) {
        long total = checkpoint.bytes();
        String device = placement.devices().embedding();
        String computed = placement.precision().name().toLowerCase(Locale.ROOT);
        Trace.Span span = Trace.load(info.name(), computed, device, total);
        long[] bound = {0};
        Models models = Models.load(checkpoint, format, bytes -> {
            bound[0] += bytes;
            progress.onProgress(bound[0], total);
        });
        if (staticSlots) {
            models.allocate(limits.slots(), Math.toIntExact(limits.keyTokens() / limits.slots()));
        }
        span.commit();
        return models;
    }

    private Engine.Limits limits(int context, Placement placement) {
        boolean cpu = placement.devices().embedding().equals("cpu");
        return new Engine.Limits(
                maxConcurrent,
                context,
                cpu ? CPU_CHUNK_TOKENS : CHUNK_TOKENS,
                tilesPerStep,
                maxWaiting,
                keyTokens(context),
                visualCacheBytes);
    }

    private long keyTokens(int context) {
        if (staticSlots) {
            return maxConcurrent * LanguageModel.room(context);
        }
        return kvCacheTokens.orElse(Math.max(context, (long) maxConcurrent * Math.min(context, USUAL_KEY_TOKENS)));
    }

    private static int usualContext(ModelConfig config) {
        ModelConfig.LanguageConfig llm = config.language();
        return llm.ropeFactor() > 0 ? USUAL_CONTEXT : Math.min(USUAL_CONTEXT, llm.positions());
    }
}
