package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.internal.model.Machine;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A comparison of a model's answers on a device with those on the CPU, token by token and logit by logit, in each precision, alone and in
 * a batch. Questions of different lengths are answered greedily, each about a picture.
 */
final class PrecisionCheck {
    private static final List<String> QUESTIONS = List.of(
            "Describe the image.",
            "How many shapes are there?",
            "A red square, a blue one. ".repeat(24) + "What color is the square?"); // many times as long as the others
    private static final int TOKENS = 24;
    private static final int TOGETHER = 8;
    private static final int SIDE = 448;

    /** Messages of refusals that say something of the model or of the memory, and nothing of the device. */
    private static final List<String> REFUSALS =
            List.of("for INT4: ", "4-bit weights cannot be loaded as ", "does not fit: ");

    private final Path folder;
    private final String device;
    private final DoctorReport report;

    PrecisionCheck(Path folder, String device, DoctorReport report) {
        this.folder = folder;
        this.device = device;
        this.report = report;
    }

    /** The tokens of an answer and the logits that each of them was chosen from. */
    private record Answer(List<Integer> ids, List<float[]> logits) {}

    /**
     * The difference of answers from others.
     *
     * @param same tokens up to the first that differs, of all answers
     * @param all tokens of all answers
     * @param largest the largest difference of a logit before the first token that differs
     * @param scale the largest logit
     */
    private record Difference(int same, int all, double largest, double scale) {
        boolean isWithin(double share) {
            return largest <= share * scale;
        }

        String text() {
            return String.format(Locale.ROOT, "%d of %d | %.2g of %.3g", same, all, largest, scale);
        }
    }

    /**
     * Answers of a batch.
     *
     * @param same how many have the tokens of those that were computed alone
     * @param difference from the CPU's answers
     */
    private record Batch(int same, Difference difference) {
        String text() {
            return String.format(
                    Locale.ROOT, "%d of %d | %.2g of %.3g", same, TOGETHER, difference.largest(), difference.scale());
        }
    }

    /** Compares in all precisions. */
    void run() {
        report.title("## Answers on " + device + " against the CPU");
        report.line(
                "| precision | tokens as the CPU's in float32 | largest difference of a logit | as the CPU's in the same "
                        + "| largest difference | 8 together as alone | largest difference | 8 from CUDA graphs "
                        + "| largest difference |");
        report.line("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        List<Answer> exact = answers(Precision.FLOAT32, "cpu");
        List<String> faults = new ArrayList<>();
        for (Precision precision : Precision.values()) {
            String name = precision.name().toLowerCase(Locale.ROOT);
            try {
                compare(precision, name, exact, faults);
            } catch (RuntimeException e) {
                String reason = String.valueOf(e instanceof InternVLException ? e.getMessage() : e);
                report.line("| " + name + " | not computed: " + reason.replace("\n", " ") + " | | | | | | | |");
                if (!isRefusal(e)) {
                    faults.add(device + " must answer in " + name + ": " + reason);
                }
            }
        }
        report.line("");
        faults.forEach(report::fault);
    }

    private void compare(Precision precision, String name, List<Answer> exact, List<String> faults) {
        boolean onCpu = device.equals("cpu");
        List<Answer> found = answers(precision, device);
        List<Answer> same = onCpu ? found : answers(precision, "cpu");
        Difference alone = difference(found, same);
        Batch together = together(precision, found, same, false);
        long before = Machine.capturedGraphs();
        Batch replayed = onCpu ? together : together(precision, found, same, true);
        boolean graphs = Machine.capturedGraphs() > before;
        report.line("| " + name + " | " + difference(found, exact).text() + " | " + alone.text() + " | "
                + together.text() + " | " + (graphs ? replayed.text() : "none | ") + " |");
        if (precision == Precision.FLOAT32 && Math.min(together.same(), replayed.same()) < TOGETHER) {
            faults.add("answers in float32 must be the same together as alone, with CUDA graphs and without: "
                    + replayed.same() + " and " + together.same() + " of " + TOGETHER
                    + " are; attach this report to an issue");
        }
        Map<String, Difference> ways = new LinkedHashMap<>();
        ways.put("alone", alone);
        ways.put("in a batch", together.difference());
        ways.put("in a batch with CUDA graphs", replayed.difference());
        ways.forEach((way, difference) -> {
            if (!difference.isWithin(bound(precision))) {
                faults.add(device + " and the CPU must compute the same in " + name + " but for rounding, " + way + ": "
                        + difference.text().replace(" | ", " tokens are equal, and a logit differs by ")
                        + "; attach this report to an issue");
            }
        });
    }

    /** Whether a model or the memory of a device rules a precision out, which is no fault of the device. */
    static boolean isRefusal(RuntimeException e) {
        return e instanceof InternVLException && REFUSALS.stream().anyMatch(String.valueOf(e.getMessage())::contains);
    }

    /** The share of the largest logit by which a logit may differ between kernels. */
    private static double bound(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> 1e-3;
            case BFLOAT16, FLOAT16 -> 0.05;
            default -> 0.2; // some kernels round inputs as well
        };
    }

    private List<Answer> answers(Precision precision, String place) {
        try (InternVL model =
                InternVL.builder(folder).precision(precision).device(place).load()) {
            return QUESTIONS.stream()
                    .map(question -> recorded(List.of(question), requests -> List.of(model.chat(requests.get(0))))
                            .get(0))
                    .toList();
        }
    }

    /** Answers to questions, with the logits that their tokens were chosen from. */
    private static List<Answer> recorded(
            List<String> questions, Function<List<ChatRequest>, List<ChatResponse>> asked) {
        List<List<float[]>> logits = new ArrayList<>();
        List<ChatRequest> requests = new ArrayList<>();
        for (String question : questions) {
            List<float[]> rows = new ArrayList<>();
            logits.add(rows);
            GenerationConfig.Builder config = GenerationConfig.builder().maxNewTokens(TOKENS);
            requests.add(request(
                    question,
                    config.processors((ids, row) -> rows.add(row.clone())).build()));
        }
        List<ChatResponse> responses = asked.apply(requests);
        return IntStream.range(0, questions.size())
                .mapToObj(i -> new Answer(responses.get(i).ids(), logits.get(i)))
                .toList();
    }

    /** Several answers that are computed in one batch, and from CUDA graphs if there are any: as greedy ones, and with their logits. */
    private Batch together(Precision precision, List<Answer> alone, List<Answer> onCpu, boolean graphs) {
        GenerationConfig config =
                GenerationConfig.builder().maxNewTokens(TOKENS).build();
        List<String> questions = IntStream.range(0, TOGETHER)
                .mapToObj(i -> QUESTIONS.get(i % QUESTIONS.size()))
                .toList();
        List<Answer> expected = IntStream.range(0, TOGETHER)
                .mapToObj(i -> onCpu.get(i % QUESTIONS.size()))
                .toList();
        int same = 0;
        try (InternVL model = InternVL.builder(folder)
                .precision(precision)
                .device(device)
                .cudaGraphs(graphs)
                .load()) {
            List<ChatResponse> responses = model.batchChat(questions.stream()
                    .map(question -> request(question, config))
                    .toList());
            for (int i = 0; i < TOGETHER; i++) {
                List<Integer> ids = alone.get(i % QUESTIONS.size()).ids();
                same += responses.get(i).ids().equals(ids) ? 1 : 0;
            }
            return new Batch(same, difference(recorded(questions, model::batchChat), expected));
        }
    }

    private static ChatRequest request(String question, GenerationConfig config) {
        ChatRequest.Builder request =
                ChatRequest.builder().text(question).maxTiles(1).generation(config);
        return request.images(List.of(picture())).build();
    }

    /** A red square and a blue one on white. */
    private static Image picture() {
        byte[] rgb = new byte[SIDE * SIDE * 3];
        Arrays.fill(rgb, (byte) 255);
        for (int y = SIDE / 4; y < SIDE / 2; y++) {
            for (int x = SIDE / 8; x < SIDE * 3 / 8; x++) {
                rgb[3 * (y * SIDE + x) + 1] = 0;
                rgb[3 * (y * SIDE + x) + 2] = 0;
                rgb[3 * (y * SIDE + x + SIDE / 2)] = 0;
                rgb[3 * (y * SIDE + x + SIDE / 2) + 1] = 0;
            }
        }
        return Image.ofRgb(SIDE, SIDE, rgb);
    }

    /** The number of first tokens that two answers share. */
    private static int prefix(List<Integer> one, List<Integer> other) {
        int equal = 0;
        while (equal < Math.min(one.size(), other.size()) && one.get(equal).equals(other.get(equal))) {
            equal++;
        }
        return equal;
    }

    private static Difference difference(List<Answer> found, List<Answer> expected) {
        int same = 0;
        int all = 0;
        double largest = 0;
        double scale = 0;
        for (int i = 0; i < found.size(); i++) {
            Answer one = found.get(i);
            Answer other = expected.get(i);
            int prefix = prefix(one.ids(), other.ids());
            same += prefix;
            all += other.ids().size();
            for (int row = 0;
                    row <= prefix
                            && row < one.logits().size()
                            && row < other.logits().size();
                    row++) {
                float[] a = one.logits().get(row);
                float[] b = other.logits().get(row);
                for (int j = 0; j < b.length; j++) {
                    scale = Math.max(scale, Math.abs(b[j]));
                    double apart = Math.abs(a[j] - b[j]);
                    largest = Double.isNaN(apart) ? Double.POSITIVE_INFINITY : Math.max(largest, apart);
                }
            }
        }
        return new Difference(same, all, largest, scale);
    }
}
