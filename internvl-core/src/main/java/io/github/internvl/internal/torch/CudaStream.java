package io.github.internvl.internal.torch;

import ai.djl.engine.EngineException;
import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CUDA stream of one thread, which captures what the thread computes into CUDA graphs. libtorch has an operator for the stream, and none
 * for captures; these are calls of its C++ class {@code CUDAGraph} by symbol, and of CUDA's runtime. An exception of C++ would end the
 * JVM, so that each step is checked by a call of the runtime before the class may find fault with it. The end of a capture also makes the
 * graph executable, which no call can check beforehand; it fails for want of memory, so that a capture begins only with memory to spare.
 *
 * <p>Where a capture fails once, there is none any more in this process: libtorch's allocator then believes one under way. All else
 * goes on.
 */
public final class CudaStream implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CudaStream.class);
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final int OBJECT = 4096; // bytes, many times what the class has
    private static final int EXECUTABLE = 8; // the offset of what is launched
    private static final int THREAD_LOCAL = 1; // other threads may allocate memory while this one captures
    private static final int ACTIVE = 1;
    private static final long OWN_POOLS = 1L << 40; // beyond libtorch's own numbers
    private static final AtomicLong POOLS = new AtomicLong(OWN_POOLS);
    private static final long SPARE = 256L << 20; // bytes that must be free on the device for a capture

    /** The objects of captures that have not ended, or that failed: libtorch's allocator goes on asking them. */
    private static final List<Memory> BEGUN = new CopyOnWriteArrayList<>();

    private static final AtomicLong CAPTURED = new AtomicLong();
    private static volatile boolean failed;

    private final ScriptModule text;
    private final Map<String, NativeLibrary> libraries;
    private final Pointer stream;
    private final Memory status = new Memory(2 * Long.BYTES); // of calls that write their results
    private final long pool = POOLS.incrementAndGet();

    private CudaStream(ScriptModule text, Map<String, NativeLibrary> libraries, Pointer stream) {
        this.text = text;
        this.libraries = libraries;
        this.stream = stream;
    }

    /** Something that was captured. Not thread-safe. */
    public final class Graph implements AutoCloseable {
        private final Memory object;
        private final Pointer executable;
        private final Function launch = function("cudart", "cudaGraphLaunch");

        private Graph(Memory object) {
            this.object = object;
            this.executable = object.getPointer(EXECUTABLE);
        }

        /** Computes it again, with what is in its inputs now. */
        public void launch() {
            check(launch.invokeInt(new Object[] {executable, stream}), "cudaGraphLaunch");
        }

        /** Frees it. Nothing may be under way. */
        @Override
        public void close() {
            function("torch_cuda", "_ZN2at4cuda9CUDAGraphD1Ev").invokeVoid(new Object[] {object});
        }
    }

    /** The number of graphs that this process has captured. */
    public static long captured() {
        return CAPTURED.get();
    }

    /** Makes a stream that all further work of the calling thread is in; null where this machine lacks a part of it. */
    public static @Nullable CudaStream enter(String device) {
        if (failed || !System.getProperty("os.name").equals("Linux")) {
            LOG.info("no CUDA graphs: {}", failed ? "a capture has failed before" : "they need Linux");
            return null;
        }
        ScriptModule text = null;
        try {
            Map<String, NativeLibrary> libraries = Map.of(
                    "c10_cuda", loaded("libc10_cuda"),
                    "torch_cuda", loaded("libtorch_cuda"),
                    "cudart", NativeLibrary.getInstance("cudart"));
            text = ScriptModule.compile("stream", Map.of());
            CudaStream made = new CudaStream(text, libraries, Pointer.NULL);
            made.requireFunctions();
            return made.entered(device);
        } catch (RuntimeException | LinkageError | IOException e) {
            LOG.warn("no CUDA graphs: libtorch or CUDA's runtime lacks a part of them", e);
            if (text != null) {
                text.close();
            }
            return null;
        }
    }

    private static NativeLibrary loaded(String name) throws IOException {
        try (Stream<String> maps = Files.lines(MAPS)) {
            String file = maps.filter(line -> line.contains("/" + name + ".so"))
                    .map(line -> line.substring(line.indexOf('/')))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(name + " is not loaded"));
            return NativeLibrary.getInstance(file);
        }
    }

    private void requireFunctions() {
        List.of(
                        "_ZN2at4cuda9CUDAGraphC1Ev",
                        "_ZN2at4cuda9CUDAGraphD1Ev",
                        "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode",
                        "_ZN2at4cuda9CUDAGraph11capture_endEv")
                .forEach(symbol -> function("torch_cuda", symbol));
        List.of(
                        "cudaGraphLaunch",
                        "cudaStreamIsCapturing",
                        "cudaStreamEndCapture",
                        "cudaGetLastError",
                        "cudaMemGetInfo")
                .forEach(symbol -> function("cudart", symbol));
        function("c10_cuda", "_ZNK3c104cuda10CUDAStream6streamEv");
    }

    private CudaStream entered(String device) {
        try (Memory wrapped = new Memory(2 * Long.BYTES);
                Tensor id = text.call("enter", device)) {
            wrapped.clear(); // a c10::Stream: the kind of the device, its index, 6 bytes of nothing, the number
            wrapped.setByte(0, (byte) 1);
            wrapped.setByte(1, (byte) Integer.parseInt(device.substring(device.indexOf(':') + 1)));
            wrapped.setLong(Long.BYTES, id.longs()[0]);
            Pointer raw =
                    function("c10_cuda", "_ZNK3c104cuda10CUDAStream6streamEv").invokePointer(new Object[] {wrapped});
            return new CudaStream(text, libraries, raw);
        }
    }

    private Function function(String library, String symbol) {
        return Objects.requireNonNull(libraries.get(library), library).getFunction(symbol);
    }

    /**
     * Captures what a piece of work launches; nothing of it is computed. The same work must have run before, so that nothing is loaded or
     * allocated from the driver for the first time. Null if it cannot be captured: for want of memory, or because a capture failed, after
     * which nothing can be captured.
     */
    public @Nullable Graph capture(Runnable work) {
        if (failed || isCapturing() || !hasMemory()) {
            return null;
        }
        Memory object = new Memory(OBJECT);
        object.clear();
        BEGUN.add(object);
        function("torch_cuda", "_ZN2at4cuda9CUDAGraphC1Ev").invokeVoid(new Object[] {object});
        function("torch_cuda", "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode")
                .invokeVoid(new Object[] {object, 0L, pool, THREAD_LOCAL});
        Throwable cause = null;
        try {
            work.run();
            if (isCapturing()) {
                function("torch_cuda", "_ZN2at4cuda9CUDAGraph11capture_endEv").invokeVoid(new Object[] {object});
                Graph graph = new Graph(object);
                BEGUN.remove(object);
                CAPTURED.incrementAndGet();
                return graph;
            }
        } catch (Throwable e) { // an Error, too, would leave the stream capturing
            cause = e;
        }
        abandon(cause);
        if (cause instanceof Error error) {
            throw error;
        }
        return null;
    }

    /** Ends a capture that has gone wrong, by the runtime: the class would throw. Its object stays, since its destructor would too. */
    private void abandon(@Nullable Throwable cause) {
        failed = true;
        function("cudart", "cudaStreamEndCapture").invokeInt(new Object[] {stream, status});
        function("cudart", "cudaGetLastError").invokeInt(new Object[] {});
        LOG.warn("no CUDA graphs from now on: a step was not captured; steps are computed without", cause);
    }

    private boolean hasMemory() {
        check(
                function("cudart", "cudaMemGetInfo").invokeInt(new Object[] {status, status.share(Long.BYTES)}),
                "cudaMemGetInfo");
        long free = status.getLong(0);
        if (free < SPARE) {
            LOG.info("a step is not captured: {} bytes must be free on the device, and {} are", SPARE, free);
        }
        return free >= SPARE;
    }

    private boolean isCapturing() {
        check(
                function("cudart", "cudaStreamIsCapturing").invokeInt(new Object[] {stream, status}),
                "cudaStreamIsCapturing");
        return status.getInt(0) == ACTIVE;
    }

    private static void check(int code, String call) {
        if (code != 0) {
            throw new EngineException("CUDA error: " + call + " returned " + code);
        }
    }

    /** Lets go of the text; the stream itself is one of libtorch's own, which stay. */
    @Override
    public void close() {
        text.close();
    }
}
