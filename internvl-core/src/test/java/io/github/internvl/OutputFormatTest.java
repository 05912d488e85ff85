package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.chat.ToolPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Formats through the whole of a model, and tools. */
@Timeout(120)
class OutputFormatTest {
    private static final OutputFormat COLOURS = OutputFormat.choice(" red .", "green", "ok , 'm fine");
    private static final Tool WEATHER = new Tool(
            "weather",
            "Tells the weather of a place.",
            "{\"type\":\"object\",\"properties\":{\"place\":{\"enum\":[\"Paris\",\"Rome\"]},\"days\":{\"type\":\"integer\","
                    + "\"minimum\":1,\"maximum\":9}},\"required\":[\"place\"]}");
    private static final Tool CLOCK = new Tool("clock", "");

    private static InternVL qwen;
    private static InternVL internlm2;

    @BeforeAll
    static void load() {
        qwen = load(InternVL.builder(TinyCheckpoint.qwen()));
        internlm2 = load(InternVL.builder(TinyCheckpoint.internlm2()));
    }

    private static InternVL load(InternVLBuilder builder) {
        return builder.precision(Precision.FLOAT32)
                .device("cpu")
                .maxConcurrent(4)
                .load();
    }

    @AfterAll
    static void close() {
        qwen.close();
        internlm2.close();
    }

    private static ChatRequest.Builder ask(OutputFormat format) {
        return ChatRequest.builder().text("Which?").format(format).maxNewTokens(200);
    }

    @Test
    void answersWithAChoiceOfTextsAsTheyAre() {
        for (InternVL model : List.of(qwen, internlm2)) {
            ChatResponse response = model.chat(ask(COLOURS).build());
            assertThat(COLOURS.texts()).contains(response.text());
            assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        }
    }

    @Test
    void keepsToItWithSamplesBeamsAndPenalties() {
        OutputFormat format = OutputFormat.regex("(yes|no|[a-z ]{3,9}), 色[0-9]{1,2}!");
        List<GenerationConfig.Builder> settings = List.of(
                GenerationConfig.builder().temperature(5).topK(0).seed(1).answers(4),
                GenerationConfig.builder().beams(3).answers(2),
                GenerationConfig.builder()
                        .repetitionPenalty(2)
                        .presencePenalty(1)
                        .logprobs(2),
                GenerationConfig.builder().stopLoops(3, 20).skipSpecialTokens(false));
        for (GenerationConfig.Builder each : settings) {
            GenerationConfig config = each.format(format).maxNewTokens(100).build();
            ChatResponse response = qwen.chat(
                    ChatRequest.builder().text("Well?").generation(config).build());
            List<ChatResponse> all = new ArrayList<>(response.alternatives());
            all.add(response);
            assertThat(all).hasSize(config.answers()).allSatisfy(one -> {
                assertThat(one.text()).matches(format.texts().get(0));
                assertThat(one.finishReason()).isEqualTo(FinishReason.STOP);
            });
        }
    }

    @Test
    void answersABatchOfFormatsAsAlone() {
        List<ChatRequest> requests = List.of(
                ask(COLOURS).build(),
                ask(OutputFormat.text()).maxNewTokens(8).build(),
                ask(OutputFormat.regex("[a-z]{3}")).build(),
                ask(COLOURS).build());
        assertThat(qwen.batchChat(requests))
                .extracting(ChatResponse::text)
                .isEqualTo(requests.stream()
                        .map(request -> qwen.chat(request).text())
                        .toList());
    }

    @Test
    void answersWithOneOfThousandsOfChoices() {
        String[] numbers =
                IntStream.range(0, 5000).mapToObj(i -> "A-" + 7919 * i).toArray(String[]::new);
        for (InternVL model : List.of(qwen, internlm2)) {
            assertThat(model.chat(ask(OutputFormat.choice(numbers)).build()).text())
                    .isIn((Object[]) numbers);
        }
    }

    @Test
    void answersOrRefusesAFormatThatCanBeReadInManyWaysAndServesOthersMeanwhile() {
        ChatRequest slow =
                ask(OutputFormat.regex("(a.{0,60}){0,60}b")).maxNewTokens(20).build();
        ChatRequest plain = ask(OutputFormat.text()).maxNewTokens(5).build();
        String alone = qwen.chat(plain).text();
        try (ChatStream stream = qwen.stream(slow)) {
            assertThat(qwen.chat(plain).text()).isEqualTo(alone);
            try {
                assertThat(stream.response().text()).matches("[^\\n]*");
            } catch (InvalidRequestException e) {
                assertThat(e).hasMessageContaining("cannot be held to it in reasonable time");
            }
        }
        assertThat(qwen.chat(plain).text()).isEqualTo(alone);
    }

    @Test
    void streamsWhatItAnswers() {
        List<String> pieces = new ArrayList<>();
        ChatRequest request = ask(OutputFormat.regex(" *[0-9]{9} *")).build();
        try (ChatStream stream = qwen.stream(request)) {
            stream.forEach(pieces::add);
        }
        assertThat(String.join("", pieces)).isEqualTo(qwen.chat(request).text()).matches(" *[0-9]{9} *");
    }

    @Test
    void saysThatAnAnswerWasCut() {
        ChatResponse cut =
                qwen.chat(ask(OutputFormat.regex("[0-9]{500}")).maxNewTokens(5).build());
        assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(cut.text()).matches("[0-9]+");
    }

    @Test
    void refusesABadFormatBeforeComputing() {
        assertThatThrownBy(() ->
                        qwen.chat(ask(OutputFormat.jsonSchema("{\"not\":{}}")).build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("at #/not");
        assertThatThrownBy(() -> OutputFormat.choice("a", ""))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("none of them empty");
    }

    static Stream<GenerationConfig.Builder> whatCannotBeCombined() {
        return Stream.of(
                GenerationConfig.builder().stop("."),
                GenerationConfig.builder().stopIds(3),
                GenerationConfig.builder().ignoreEnd(true),
                GenerationConfig.builder().minNewTokens(2),
                GenerationConfig.builder().noRepeatNgram(3));
    }

    @ParameterizedTest
    @MethodSource("whatCannotBeCombined")
    void refusesWhatCannotBeCombined(GenerationConfig.Builder settings) {
        GenerationConfig free = settings.build();
        assertThatThrownBy(() -> settings.format(OutputFormat.json()).build())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("cannot be combined");
        ChatRequest.Builder call = ChatRequest.builder()
                .text("?")
                .tools(CLOCK)
                .toolChoice(Tool.Choice.required())
                .generation(free);
        assertThatThrownBy(call::build)
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("cannot be combined");
    }

    @Test
    void callsAToolWhereItMust() {
        ChatRequest.Builder request =
                ChatRequest.builder().text("Weather?").tools(WEATHER, CLOCK).maxNewTokens(200);
        for (InternVL model : List.of(qwen, internlm2)) {
            ChatResponse any =
                    model.chat(request.toolChoice(Tool.Choice.required()).build());
            assertThat(any.toolCalls())
                    .singleElement()
                    .satisfies(call -> assertThat(call.name()).isIn("weather", "clock"));
            ChatResponse named =
                    model.chat(request.toolChoice(Tool.Choice.named("weather")).build());
            Tool.Call call = named.toolCalls().get(0);
            JsonObject arguments = JsonParser.parseString(call.arguments()).getAsJsonObject();
            assertThat(call.name()).isEqualTo("weather");
            assertThat(arguments.get("place").getAsString()).isIn("Paris", "Rome");
            assertThat(named.text())
                    .startsWith("<tool_call>\n{\"name\": \"weather\"")
                    .endsWith("}\n</tool_call>");
        }
    }

    @Test
    void callsAToolOrKeepsTheFormatWhereBothMayBe() {
        ChatRequest.Builder request = ChatRequest.builder()
                .text("Weather?")
                .tools(WEATHER, CLOCK)
                .format(OutputFormat.choice("fair", "foul"))
                .maxNewTokens(200);
        ChatResponse called = qwen.chat(beginningWith("<tool_call>", request));
        assertThat(called.toolCalls())
                .singleElement()
                .satisfies(call -> assertThat(call.name()).isIn("weather", "clock"));
        assertThat(called.text()).startsWith("<tool_call>\n{\"name\": ").endsWith("}\n</tool_call>");
        ChatResponse told = qwen.chat(beginningWith("f", request));
        assertThat(told.text()).isIn("fair", "foul");
        assertThat(qwen.chat(beginningWith("f", request.toolChoice(Tool.Choice.required())))
                        .toolCalls())
                .hasSize(1);
    }

    /** The request, with the first token of an answer lifted above the others. */
    private static ChatRequest beginningWith(String text, ChatRequest.Builder request) {
        int first = qwen.tokenizer().encode(text)[0];
        LogitsProcessor lift = (generated, logits) -> logits[first] += generated.length == 0 ? 1e4f : 0;
        GenerationConfig settings =
                request.build().generation().toBuilder().processors(lift).build();
        return request.generation(settings).build();
    }

    @Test
    void tellsTheModelOfToolsInTheSystemMessage() {
        ChatRequest plain =
                ChatRequest.builder().text("Hi.").systemMessage("Be brief.").build();
        String told = "Be brief.\n\n" + ToolPrompt.instructions(List.of(WEATHER), words -> words);
        assertThat(qwen.countTokens(plain.toBuilder().tools(WEATHER).build()))
                .isEqualTo(
                        qwen.countTokens(plain.toBuilder().systemMessage(told).build()))
                .isGreaterThan(qwen.countTokens(plain));
        assertThat(qwen.countTokens(plain.toBuilder()
                        .tools(WEATHER)
                        .toolChoice(Tool.Choice.none())
                        .build()))
                .isEqualTo(qwen.countTokens(plain));
    }

    @Test
    void remembersToolsInAConversation() {
        Conversation talk = qwen.conversation();
        ChatResponse first = talk.ask(ChatRequest.builder()
                .text("Weather?")
                .tools(WEATHER)
                .toolChoice(Tool.Choice.required())
                .maxNewTokens(100)
                .build());
        ChatResponse second = talk.ask(ChatRequest.builder()
                .toolResults("{\"sky\": \"blue\"}")
                .maxNewTokens(3)
                .build());
        ChatRequest whole = ChatRequest.builder()
                .text("<tool_response>\n{\"sky\": \"blue\"}\n</tool_response>")
                .tools(WEATHER)
                .history(first.history())
                .build();
        assertThat(second.usage().promptTokens()).isEqualTo(qwen.countTokens(whole));
    }

    @Test
    void refusesToolsThatDoNotFitTogether() {
        ChatRequest.Builder request = ChatRequest.builder().text("?");
        assertRefused(request.tools(CLOCK, CLOCK), "different names");
        assertRefused(
                request.tools(CLOCK).toolChoice(Tool.Choice.named("watch")), "must be one of the request's: watch");
        assertRefused(request.tools().toolChoice(Tool.Choice.required()), "must be one of the request's: required");
        Tool odd = new Tool("odd", "", "{\"properties\":{\"a\":{\"not\":{}}}}");
        ChatRequest.Builder bad = ChatRequest.builder().text("?").tools(odd).toolChoice(Tool.Choice.required());
        assertThatThrownBy(() -> qwen.chat(bad.build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("the tool odd: the JSON schema at #/properties/a/not");
    }

    private static void assertRefused(ChatRequest.Builder request, String message) {
        assertThatThrownBy(request::build)
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(message);
    }
}
