package io.github.internvl.langchain4j;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.LogitsProcessor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The knowledge that the conformance classes ask for and the demo model lacks: an answer for each dialogue. The next token of the answer
 * is lifted among the model's logits, and nothing is forbidden, so that template, pictures, prefill, format, stop rules, counting,
 * streaming and cancelling are those of any answer. A format still masks a token that it does not allow.
 *
 * <p>The script is a list of answers, each after the words that a dialogue must hold, in any order; the first that fits is taken.
 */
record Knowledge(InternVL model, List<Entry> entries) implements UnaryOperator<ChatRequest> {
    private static final float LIFT = 1e4f;

    /** An answer, and the words of the dialogues that it belongs to. */
    record Entry(List<String> words, String answer) {}

    static Knowledge of(InternVL model) {
        List<Entry> entries = new ArrayList<>();
        for (String block : script().split("\n\n", -1)) {
            List<String> lines =
                    block.lines().filter(line -> !line.startsWith("#")).toList();
            if (!lines.isEmpty()) {
                entries.add(new Entry(
                        Arrays.stream(lines.get(0).split(" \\| ", -1)).toList(),
                        String.join("\n", lines.subList(1, lines.size()))));
            }
        }
        return new Knowledge(model, entries);
    }

    private static String script() {
        try (InputStream file = Knowledge.class.getResourceAsStream("knowledge.txt")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public ChatRequest apply(ChatRequest request) {
        String dialogue = dialogue(request);
        return entries.stream()
                .filter(entry -> entry.words().stream().allMatch(dialogue::contains))
                .findFirst()
                .map(entry -> scripted(request, entry.answer()))
                .orElse(request);
    }

    /** The dialogue as the model gets it, with what else the answer depends on. */
    private static String dialogue(ChatRequest request) {
        return Stream.of(
                        Stream.of("system: " + request.systemMessage()),
                        request.history().stream().map(turn -> turn.question() + "\n" + turn.answer()),
                        Stream.of(
                                request.text(),
                                "pictures: " + request.images().size(),
                                "format: " + request.format().kind()),
                        request.tools().stream().map(tool -> "tool: " + tool.name()))
                .flatMap(lines -> lines)
                .collect(Collectors.joining("\n"));
    }

    private ChatRequest scripted(ChatRequest request, String answer) {
        int[] ids = model.tokenizer().encode(answer);
        int end = model.tokenizer().id("<|im_end|>").orElseThrow();
        LogitsProcessor script = (generated, logits) -> {
            if (generated.length <= ids.length) {
                logits[generated.length < ids.length ? ids[generated.length] : end] += LIFT;
            }
        };
        GenerationConfig settings =
                request.generation().toBuilder().processors(script).build();
        return request.toBuilder().generation(settings).build();
    }
}
