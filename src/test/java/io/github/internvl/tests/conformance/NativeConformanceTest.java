package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.RequestBudget;
import io.github.internvl.internal.chat.PromptBuilder;
import io.github.internvl.internal.checkpoint.ChatTemplate;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Checkpoints in transformers' own layout against what transformers' own processor and model make of messages: prompts,
 * logits and ids. Its processor resizes pictures otherwise than the reference, whose pixels we keep; so its visual tokens
 * are fed in here. All goldens of the official layout hold for these checkpoints too, and run in the other tests.
 */
class NativeConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("native layout");
    private static final Conformance<Subject> CONFORMANCE = new Conformance<>(REPORT, Subject::load);

    /** Messages as a dialogue. */
    private record Dialogue(@Nullable String system, List<ChatTemplate.Turn> turns) {
        static Dialogue of(JsonArray messages) {
            String system = null;
            List<ChatTemplate.Turn> turns = new ArrayList<>();
            for (JsonElement element : messages) {
                JsonObject message = element.getAsJsonObject();
                String text = text(message.get("content"));
                switch (message.get("role").getAsString()) {
                    case "system" -> system = text;
                    case "user" -> turns.add(new ChatTemplate.Turn(text));
                    default ->
                        turns.add(new ChatTemplate.Turn(
                                turns.remove(turns.size() - 1).question(), text));
                }
            }
            return new Dialogue(system, turns);
        }

        private static String text(JsonElement content) {
            if (content.isJsonPrimitive()) {
                return content.getAsString();
            }
            StringBuilder text = new StringBuilder();
            for (JsonElement part : content.getAsJsonArray()) {
                JsonObject object = part.getAsJsonObject();
                boolean image = object.get("type").getAsString().equals("image");
                text.append(
                        image
                                ? PromptBuilder.IMAGE_TAG + "\n"
                                : object.get("text").getAsString());
            }
            return text.toString();
        }
    }

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> answersAsTransformersOwnProcessor() {
        return cases(NativeConformanceTest::compare);
    }

    @TestFactory
    Stream<DynamicNode> chatAnswersTextsWithoutADefaultSystemMessage() {
        return cases((golden, subject) -> {
            if (golden.json().getAsJsonArray("images").isEmpty()) {
                chat(golden);
            }
        });
    }

    private static Stream<DynamicNode> cases(Conformance.Check<Subject> check) {
        return Goldens.all().stream()
                .flatMap(goldens -> goldens.variants().stream())
                .filter(GoldenVariant::isNative)
                .map(variant -> dynamicContainer(
                        variant.name(),
                        variant.processorCases().stream()
                                .map(golden -> dynamicTest(
                                        golden.name(), () -> check.of(golden, CONFORMANCE.load(variant))))));
    }

    private static void compare(GoldenCase golden, Subject subject) {
        GoldenVariant variant = golden.variant();
        GoldenTensors tensors =
                GoldenTensors.read(variant.name(), variant.folder().resolve("golden.safetensors"));
        TokenPrompt prompt = prompt(golden, subject);
        Goldens.compareIds(golden + ": input_ids", Goldens.ints(golden.json().get("input_ids")), prompt.ids());
        REPORT.checked(variant.name(), "prompts");
        int[] answer = Goldens.ints(golden.json().get("generated_ids"));
        String projector = golden.name() + ".projector";
        Numbers visual =
                tensors.has(projector) ? new Numbers(tensors.floats(projector), tensors.shape(projector)) : null;
        if (visual != null && tensors.has(golden.name() + ".pixel_values")) {
            Numbers found = projected(new Stages(subject), tensors, golden.name() + ".pixel_values");
            REPORT.checked(variant.name(), "projector", tensors.compare(projector, found, Conformance.VISION));
        }
        List<float[]> steps = new Stages(subject).logits(prompt, visual, answer);
        new LogitChecks(REPORT, golden, tensors).single(golden.name(), steps);
        for (int i = 0; i < answer.length; i++) {
            assertThat(best(steps.get(i)))
                    .as("%s: generated_ids[%d]", golden, i)
                    .isEqualTo(answer[i]);
        }
        REPORT.checked(variant.name(), "ids");
    }

    private static TokenPrompt prompt(GoldenCase golden, Subject subject) {
        Dialogue dialogue = Dialogue.of(golden.json().getAsJsonArray("messages"));
        int[] visual = pictureTokens(golden);
        PromptBuilder prompts = new PromptBuilder(subject.template().withoutSystemMessage(), subject.tokenizer());
        return prompts.tokens(
                prompts.text(dialogue.system(), dialogue.turns(), visual.length), visual, RequestBudget.defaults());
    }

    /** Lengths of the runs of context tokens in the golden prompt, one for each picture. */
    private static int[] pictureTokens(GoldenCase golden) {
        int context = golden.variant()
                .json()
                .getAsJsonObject("token_ids")
                .get("<IMG_CONTEXT>")
                .getAsInt();
        List<Integer> runs = new ArrayList<>();
        boolean inside = false;
        for (int id : Goldens.ints(golden.json().get("input_ids"))) {
            if (id == context && inside) {
                runs.set(runs.size() - 1, runs.get(runs.size() - 1) + 1);
            } else if (id == context) {
                runs.add(1);
            }
            inside = id == context;
        }
        return runs.stream().mapToInt(Integer::intValue).toArray();
    }

    private static Numbers projected(Stages stages, GoldenTensors tensors, String name) {
        Numbers pixels = new Numbers(tensors.floats(name), tensors.shape(name));
        Numbers hidden = stages.hidden(pixels, stages.selectedLayer());
        return stages.projected(stages.unshuffled(hidden, stages.isUnshuffledByColumns()));
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    private static void chat(GoldenCase golden) {
        Dialogue dialogue = Dialogue.of(golden.json().getAsJsonArray("messages"));
        ChatRequest.Builder request =
                ChatRequest.builder().text(dialogue.turns().get(0).question()).maxNewTokens(golden.maxNewTokens());
        if (dialogue.system() != null) {
            request.systemMessage(dialogue.system());
        }
        try (InternVL model = InternVL.builder(golden.variant().model())
                .precision(Precision.FLOAT32)
                .device(Goldens.DEVICE)
                .load()) {
            String text = golden.json().get("text").getAsString();
            assertThat(model.chat(request.build()).text()).isEqualTo(text.strip());
            GenerationConfig penalized = GenerationConfig.builder()
                    .maxNewTokens(golden.maxNewTokens())
                    .repetitionPenalty(1.2)
                    .logprobs(0)
                    .build();
            int[] ids = model.chat(request.generation(penalized).build()).tokens().stream()
                    .mapToInt(ChatResponse.TokenScore::id)
                    .toArray();
            String key = "penalty_1.2_ids_history_includes_prompt";
            if (golden.json().has(key)) {
                Goldens.compareIds(
                        golden + ": " + key, Goldens.ints(golden.json().get(key)), ids);
                REPORT.checked(golden.variant().name(), "ids with a penalty");
            }
        }
        REPORT.checked(golden.variant().name(), "texts of chat");
    }
}
