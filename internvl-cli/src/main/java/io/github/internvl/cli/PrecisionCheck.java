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
import java.util.List;
import java.util.Locale;

/**
 * A comparison of a model's answers on a device with those on the CPU, token by token and logit by logit, in each precision. Questions
 * are answered greedily; the first of them has a picture.
 */
final class PrecisionCheck {
    private static final List<String> QUESTIONS =
            List.of("Describe the image.", "How many shapes are there?", "What color is the square?");
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

    /** Compares in all precisions. */
    void run() {
        report.title("## Answers on " + device + " against the CPU");
        report.line(
                "| precision | tokens as the CPU's in float32 | largest difference of a logit | as the CPU's in the same "
                        + "| largest difference | 8 together as alone | 8 from CUDA graphs |");
        report.line("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        List<Answer> exact = answers(Precision.FLOAT32, "cpu");
        List<String> faults = new ArrayList<>();
        for (Precision precision : Precision.values()) {
            String name = precision.name().toLowerCase(Locale.ROOT);
            try {
                List<Answer> found = answers(precision, device);
                Difference fromExact = difference(found, exact);
                Difference fromSame = difference(found, device.equals("cpu") ? found : answers(precision, "cpu"));
                int together = together(precision, found, false);
                long before = Machine.capturedGraphs();
                int replayed = device.equals("cpu") ? together : together(precision, found, true);
                boolean graphs = Machine.capturedGraphs() > before;
                report.line("| " + name + " | " + fromExact.text() + " | " + fromSame.text() + " | "
                        + together + " of " + TOGETHER + " | "
                        + (graphs ? replayed + " of " + TOGETHER : "none") + " |");
                if (precision == Precision.FLOAT32 && Math.min(together, replayed) < TOGETHER) {
                    faults.add("answers in float32 must be the same together as alone, with CUDA graphs and without: "
                            + replayed + " and " + together + " of " + TOGETHER
                            + " are; attach this report to an issue");
                }
                if (!fromSame.isWithin(bound(precision))) {
                    faults.add(device + " and the CPU must compute the same in " + name + " but for rounding: "
                            + fromSame.text().replace(" | ", " tokens are equal, and a logit differs by ")
                            + "; attach this report to an issue");
                }
            } catch (RuntimeException e) {
                String reason = String.valueOf(e instanceof InternVLException ? e.getMessage() : e);
                report.line("| " + name + " | not computed: " + reason.replace("\n", " ") + " | | | | | |");
                if (!isRefusal(e)) {
                    faults.add(device + " must answer in " + name + ": " + reason);
                }
            }
        }
        report.line("");
        faults.forEach(report::fault);
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
        List<Answer> answers = new ArrayList<>();
        try (InternVL model =
                InternVL.builder(folder).precision(precision).device(place).load()) {
            for (String question : QUESTIONS) {
                List<float[]> logits = new ArrayList<>();
                GenerationConfig config = GenerationConfig.builder()
                        .maxNewTokens(TOKENS)
                        .processors((ids, row) -> logits.add(row.clone()))
                        .build();
                ChatResponse response = model.chat(request(question, config));
                answers.add(new Answer(response.ids(), logits));
            }
        }
        return answers;
    }

    /** How many of several answers that are computed in one batch, and from CUDA graphs if there are any, have the tokens of those that were computed alone. */
    private int together(Precision precision, List<Answer> alone, boolean graphs) {
        GenerationConfig config =
                GenerationConfig.builder().maxNewTokens(TOKENS).build();
        List<ChatRequest> batch = new ArrayList<>();
        for (int i = 0; i < TOGETHER; i++) {
            batch.add(request(QUESTIONS.get(i % QUESTIONS.size()), config));
        }
        int same = 0;
        try (InternVL model = InternVL.builder(folder)
                .precision(precision)
                .device(device)
                .cudaGraphs(graphs)
                .load()) {
            List<ChatResponse> responses = model.batchChat(batch);
            for (int i = 0; i < TOGETHER; i++) {
                List<Integer> expected = alone.get(i % QUESTIONS.size()).ids();
                same += responses.get(i).ids().equals(expected) ? 1 : 0;
            }
        }
        return same;
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
