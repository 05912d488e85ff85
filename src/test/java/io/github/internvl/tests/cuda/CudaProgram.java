package io.github.internvl.tests.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.ChatRequest;
import io.github.internvl.DeviceMap;
import io.github.internvl.DevicePlan;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.ModelInfo;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.Machine;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.vision.Image;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The program that runs on the stand-in, in parts; each prints what it finds, a line for each finding. */
public final class CudaProgram {
    private static final String GPU = "cuda:0";
    private static final int LARGEST = 127 * 128; // that trials of linears look for
    private static final int SLOTS = 8;
    private static final int PLACES = 1024;
    private static final int CHUNK = 512;
    private static final int AT = 300;
    private static final int TOKEN = Integer.parseInt(System.getenv().getOrDefault("STANDIN_TOKEN", "5"));
    private static final int CONTEXT = 4096;
    private static final long HEADROOM = 1L << 30; // of a plan
    private static final Pattern LANGUAGE_LAYER = Pattern.compile("language_model.*\\.layers\\.(\\d+)\\.");
    private static final List<String> COUNTERS =
            List.of("kernels", "syncs", "uploads", "downloads", "moves", "peers", "mallocs", "switches");

    /** The parts. */
    enum Part {
        /** Tells of the machine. */
        FACTS,
        /** Counts the work of steps: precision, layers of the model, devices. */
        COUNTS,
        /** Answers about a picture, alone and in a batch, over all devices. */
        ANSWERS,
        /** Loads and closes. */
        MEMORY,
        /** Loads where so many megabytes are left beside what the plan has room for. */
        ROOM,
        /** Runs out of memory while loading. */
        LOADING,
        /** Runs out of memory while answering. */
        ANSWERING,
        /** Has a launch fail while answering: the code. */
        ERROR,
        /** Has each launch fail while loading: the code. */
        NO_CODE,
        /** Answers with steps that are captured. */
        GRAPHS,
        /** Computes the layers that have no room on the CPU. */
        OFFLOAD
    }

    private CudaProgram() {}

    public static void main(String[] args) throws Exception {
        switch (Part.valueOf(args[0])) {
            case FACTS -> facts();
            case COUNTS -> counts(Precision.valueOf(args[1]), Integer.parseInt(args[2]), args[3].equals("2"));
            case ANSWERS -> answers();
            case MEMORY -> memory();
            case ROOM -> room(Long.parseLong(args[1]) << 20);
            case LOADING -> loading();
            case ANSWERING -> answering();
            case ERROR -> error(Integer.parseInt(args[1]));
            case NO_CODE -> {
                StandIn.fail(0, Integer.parseInt(args[1]));
                load();
            }
            case GRAPHS -> graphs();
            case OFFLOAD -> offload();
        }
        System.exit(0);
    }

    private static void print(String name, Object value) {
        System.out.println("> " + name + " " + value);
    }

    private static void facts() {
        Machine machine = Machine.look();
        print("libtorch for CUDA", machine.forCuda());
        print("driver", machine.driver().orElse("unknown"));
        print("runtime", machine.runtime().orElse("unknown"));
        machine.gpus().forEach(gpu -> print(gpu.device(), gpu));
        print("free", DeviceMap.freeMemory());
    }

    // --- counts

    private static void counts(Precision precision, int layers, boolean two) throws IOException {
        List<String> places = IntStream.range(0, layers)
                .mapToObj(i -> two && i > 0 ? "cuda:1" : GPU)
                .toList();
        DevicePlan plan = new DevicePlan(precision, GPU, GPU, GPU, places, GPU, Map.of());
        Checkpoint checkpoint = Checkpoint.open(withLayers(layers));
        for (boolean whole : new boolean[] {false, true}) {
            StandIn.probe(LARGEST);
            try (Models models = Models.load(checkpoint, Models.Format.of(plan, false, false), bytes -> {})) {
                StandIn.probe(0);
                TorchRuntime.prepareThread();
                if (whole) {
                    models.allocate(SLOTS, PLACES);
                } else {
                    for (int slot = 0; slot < SLOTS; slot++) {
                        models.language().reserve(slot, PLACES, 0);
                    }
                }
                steps(models.language(), whole ? "static_" : "rows_");
            }
        }
    }

    private static void steps(LanguageModel model, String kind) {
        count(model, kind + "1", List.of(next(0)));
        count(
                model,
                kind + "8",
                IntStream.range(0, SLOTS).mapToObj(CudaProgram::next).toList());
        count(model, kind + "prompt", List.of(chunk(0, 0, CHUNK)));
        count(model, kind + "prompt_later", List.of(chunk(0, CHUNK - 1, CHUNK)));
        countAhead(model, kind + "1_ahead", 1);
        countAhead(model, kind + "8_ahead", SLOTS);
    }

    private static TokenChunk next(int slot) {
        return chunk(slot, AT, 1);
    }

    private static TokenChunk chunk(int slot, int start, int tokens) {
        int[] ids = new int[tokens];
        Arrays.fill(ids, TOKEN);
        return new TokenChunk(slot, start, ids, start + tokens, TokenChunk.Visual.NONE, 1);
    }

    private static void count(LanguageModel model, String name, List<TokenChunk> chunks) {
        for (int run = 0; run < 3; run++) {
            StandIn.reset();
            try (Tensor logits = model.step(chunks)) {
                model.argmax(logits);
            }
        }
        printCounts(name);
    }

    /** Counts a turn of an engine that launches a step before it knows the tokens of the one before. */
    private static void countAhead(LanguageModel model, String name, int slots) {
        for (int run = 0; run < 4; run++) {
            int at = AT + run;
            List<TokenChunk> chunks = IntStream.range(0, slots)
                    .mapToObj(slot -> chunk(slot, at, 1))
                    .toList();
            StandIn.reset();
            try (Tensor logits = model.step(chunks, true)) {
                model.argmax(logits);
            }
        }
        printCounts(name);
    }

    private static void printCounts(String name) {
        StringBuilder counts = new StringBuilder();
        COUNTERS.forEach(
                counter -> counts.append(' ').append(counter).append(' ').append(StandIn.count(counter)));
        print(name, counts.toString().strip());
    }

    /** The demo model without its last layers. */
    private static Path withLayers(int layers) throws IOException {
        Path copy = Files.createTempDirectory("internvl-layers");
        try (DirectoryStream<Path> files = Files.newDirectoryStream(DemoModel.path())) {
            for (Path file : files) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        Path file = copy.resolve("config.json");
        JsonObject config = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        config.getAsJsonObject("llm_config").addProperty("num_hidden_layers", layers);
        Files.writeString(file, config.toString());
        cut(copy.resolve("model.safetensors"), layers);
        return copy;
    }

    /** Rewrites a file of tensors without those of later layers. */
    private static void cut(Path file, int layers) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int begin = Long.BYTES + (int) all.getLong(0);
        JsonObject header = JsonParser.parseString(new String(all.array(), Long.BYTES, begin - Long.BYTES, UTF_8))
                .getAsJsonObject();
        JsonObject kept = new JsonObject();
        ByteArrayOutputStream numbers = new ByteArrayOutputStream();
        for (String name : header.keySet()) {
            Matcher layer = LANGUAGE_LAYER.matcher(name);
            if (name.startsWith("__") || (layer.find() && Integer.parseInt(layer.group(1)) >= layers)) {
                continue;
            }
            JsonObject tensor = header.getAsJsonObject(name);
            JsonArray places = tensor.getAsJsonArray("data_offsets");
            int from = places.get(0).getAsInt();
            int count = places.get(1).getAsInt() - from;
            JsonArray moved = new JsonArray();
            moved.add(numbers.size());
            moved.add(numbers.size() + count);
            tensor.add("data_offsets", moved);
            kept.add(name, tensor);
            numbers.write(all.array(), begin + from, count);
        }
        byte[] text = kept.toString().getBytes(UTF_8);
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + text.length).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(text.length).put(text);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(start.array());
            numbers.writeTo(out);
        }
    }

    // --- answers, memory and errors

    private static InternVL load() {
        try {
            InternVL model = InternVL.builder(DemoModel.path())
                    .device(GPU)
                    .contextLength(CONTEXT)
                    .load();
            print("precision", model.precision());
            return model;
        } catch (InternVLException e) {
            print("refused", e.getClass().getSimpleName() + ": " + e.getMessage());
            System.exit(0);
            throw e;
        }
    }

    private static String ask(InternVL model, String text) {
        GenerationConfig four =
                GenerationConfig.builder().maxNewTokens(4).ignoreEnd(true).build();
        try {
            return "ok "
                    + model.chat(ChatRequest.builder()
                                    .text(text)
                                    .generation(four)
                                    .build())
                            .usage()
                            .generatedTokens();
        } catch (InternVLException e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }

    private static void answers() {
        Image picture = Image.ofRgb(64, 64, new byte[64 * 64 * 3]);
        try (InternVL model =
                InternVL.builder(DemoModel.path()).devices(DeviceMap.auto()).load()) {
            print("devices", model.devices().bytes().keySet());
            ChatRequest request = ChatRequest.builder()
                    .text("How many?")
                    .images(List.of(picture))
                    .generation(GenerationConfig.builder()
                            .maxNewTokens(4)
                            .ignoreEnd(true)
                            .build())
                    .build();
            print("alone", model.chat(request).usage().generatedTokens());
            print("batch", model.batchChat(List.of(request, request, request)).size());
        }
        print("closed", true);
    }

    private static void memory() {
        TorchRuntime.gpuCount();
        for (int run = 0; run < 2; run++) {
            try (InternVL model = load()) {
                print("answer", ask(model, "Hello"));
                print("open", StandIn.used(0) >> 20);
            }
            print("closed", StandIn.used(0) >> 20);
        }
    }

    /** Bytes of the demo model with the keys and values of a context. */
    private static long planned(Precision precision, int context) {
        DevicePlan plan =
                DeviceMap.auto().plan(ModelInfo.of(DemoModel.path()), precision, context, Map.of(GPU, Long.MAX_VALUE));
        return plan.bytes().values().stream().mapToLong(Long::longValue).sum();
    }

    private static void room(long spare) {
        StandIn.total(HEADROOM + planned(Precision.BFLOAT16, CONTEXT) + spare);
        load();
    }

    private static void loading() {
        try {
            InternVL.builder(DemoModel.path())
                    .device(GPU)
                    .progress((bytes, total) -> StandIn.total(StandIn.used(0)))
                    .load();
        } catch (InternVLException e) {
            print("refused", e.getClass().getSimpleName() + ": " + e.getMessage());
        }
        print("left", StandIn.used(0) >> 20);
    }

    private static void answering() {
        InternVL model = load();
        print("first", ask(model, "Hello"));
        StandIn.total(StandIn.used(0));
        print("without memory", ask(model, "word ".repeat(900)));
        StandIn.total(80L << 30);
        print("with memory", ask(model, "word ".repeat(900)));
        model.close();
    }

    private static void error(int code) {
        InternVL model = load();
        print("first", ask(model, "Hello"));
        StandIn.fail(20, code);
        print("failing", ask(model, "Hello"));
        print("later", ask(model, "Hello"));
        model.close();
        print("closed", true);
    }

    private static void graphs() {
        try (InternVL model = InternVL.builder(DemoModel.path())
                .device(GPU)
                .contextLength(1024)
                .cudaGraphs(true)
                .load()) {
            StandIn.reset();
            print("answer", ask(model, "Hello"));
            print("again", ask(model, "Hello there"));
            for (String counter : new String[] {"graphs", "nodes", "replays", "illegal", "pageable", "outside"}) {
                print(counter, StandIn.count(counter));
            }
        }
        print("closed", true);
    }

    private static void offload() {
        StandIn.total(HEADROOM + planned(Precision.FLOAT32, CONTEXT) * 3 / 4);
        try (InternVL model = InternVL.builder(DemoModel.path())
                .devices(DeviceMap.auto().offloadToCpu())
                .precision(Precision.FLOAT32)
                .contextLength(CONTEXT)
                .load()) {
            print("devices", model.devices().layers());
            print("answer", ask(model, "Hello"));
        }
    }
}
