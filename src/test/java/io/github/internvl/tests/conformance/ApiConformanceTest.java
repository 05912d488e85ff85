package io.github.internvl.tests.conformance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatStream;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.Precision;
import io.github.internvl.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * The fluent API against the reference's chat and batch_chat: texts, histories, counts. It refuses tags without
 * pictures and tags in old answers, which the reference puts up with, and reads a few requests otherwise that the
 * reference fails on.
 */
class ApiConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("fluent API");
    private static final Conformance<InternVL> CONFORMANCE = new Conformance<>(REPORT, ApiConformanceTest::load);

    private static final int CONTEXT = 8192; // beyond the positions of a model without scaling too
    private static final String OTHERWISE = "the API reads its tags, pictures or penalties otherwise";

    private static InternVL load(GoldenVariant variant) {
        return InternVL.builder(variant.model())
                .ropeScaling(variant.scaled())
                .contextLength(CONTEXT)
                .precision(Precision.FLOAT32)
                .device(Goldens.DEVICE)
                .passOrder(PassOrders.of(variant.goldens()).order())
                .load();
    }

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> chatAnswersAsTheReference() {
        return CONFORMANCE.cases(
                golden -> golden.api().equals("chat") && golden.isAnswered(), ApiConformanceTest::chat);
    }

    @TestFactory
    Stream<DynamicNode> batchChatAnswersAsTheReference() {
        return CONFORMANCE.cases(golden -> golden.isBatch() && golden.isAnswered(), ApiConformanceTest::batch);
    }

    @TestFactory
    Stream<DynamicNode> batchChatTakesAnyMixOfRequests() {
        return CONFORMANCE.variants(
                variant -> Stream.of(dynamicTest("all rounds and rows at once", () -> mixed(variant))));
    }

    @TestFactory
    Stream<DynamicNode> requestsThatTheReferenceFailsOnAreRefusedOrHaveAMeaning() {
        return CONFORMANCE.cases(golden -> golden.fails() && golden.api().equals("chat"), ApiConformanceTest::failing);
    }

    private static void chat(GoldenCase golden, InternVL model) {
        Conversation talk = null;
        for (GoldenCase.Round round : golden.rounds()) {
            ApiRequests asked = ApiRequests.of(round);
            ChatRequest request = asked.request();
            switch (asked.meaning()) {
                case REFUSED -> {
                    refused(round, () -> model.chat(request));
                    refused(round, () -> model.stream(request));
                    refused(round, () -> model.countTokens(request));
                    count(golden, "refused as they must be");
                }
                case OTHER -> REPORT.skipped(golden.toString(), OTHERWISE);
                case SAME -> {
                    assertThat(model.countTokens(request))
                            .as("%s: tokens of the prompt", round)
                            .isEqualTo(round.inputIds().length);
                    compare(round, model.chat(request));
                    count(golden, "chat");
                    if (golden.isSearched()) {
                        refused(round, () -> model.stream(request));
                        continue;
                    }
                    stream(round, model);
                    boolean goesOn = talk != null && pairs(talk.history()).equals(round.history());
                    Conversation now = goesOn ? requireNonNull(talk) : model.conversation(request.history());
                    compare(
                            round,
                            now.ask(request.toBuilder().history(List.of()).build()));
                    talk = now;
                    assertThat(pairs(now.history()))
                            .as("%s: history of the conversation", round)
                            .isEqualTo(historyAfter(round));
                    count(golden, goesOn ? "later rounds of conversations" : "conversations");
                }
            }
        }
    }

    private static void stream(GoldenCase.Round round, InternVL model) {
        StringBuilder text = new StringBuilder();
        try (ChatStream stream = model.stream(ApiRequests.of(round).request())) {
            for (String piece : stream) {
                assertThat(piece).as("%s: a piece of the stream", round).isNotEmpty();
                text.append(piece);
            }
            compare(round, stream.response());
        }
        assertThat(text).as("%s: all pieces of the stream", round).hasToString(round.response());
        count(round.golden(), "streams");
    }

    private static void batch(GoldenCase golden, InternVL model) {
        List<ApiRequests> asked = golden.rounds().stream().map(ApiRequests::of).toList();
        List<ChatRequest> requests = asked.stream().map(ApiRequests::request).toList();
        List<ApiRequests.Meaning> meanings =
                asked.stream().map(ApiRequests::meaning).toList();
        if (meanings.contains(ApiRequests.Meaning.REFUSED)) {
            refused(golden.rounds().get(0), () -> model.batchChat(requests));
            count(golden, "refused as they must be");
            return;
        }
        if (meanings.contains(ApiRequests.Meaning.OTHER)) {
            REPORT.skipped(golden.toString(), OTHERWISE);
            return;
        }
        List<ChatResponse> responses = model.batchChat(requests);
        for (GoldenCase.Round row : golden.rounds()) {
            ChatResponse response = responses.get(row.index());
            if (golden.isSameAsAlone(row.index())) {
                compare(row, response);
            } else {
                assertThat(response.text())
                        .as("%s, row %d: answer in the batch and alone", golden, row.index())
                        .isEqualTo(model.chat(requests.get(row.index())).text());
            }
            count(golden, "rows of batchChat");
        }
    }

    private static void mixed(GoldenVariant variant) {
        List<GoldenCase.Round> rounds = new ArrayList<>();
        List<ChatRequest> requests = new ArrayList<>();
        for (GoldenCase golden : variant.cases()) {
            if (golden.isAnswered() && !golden.api().equals("generate")) {
                for (GoldenCase.Round round : golden.rounds()) {
                    ApiRequests asked = ApiRequests.of(round);
                    boolean comparable = !golden.isBatch() || golden.isSameAsAlone(round.index());
                    if (asked.meaning() == ApiRequests.Meaning.SAME && comparable) {
                        rounds.add(round);
                        requests.add(asked.request());
                    }
                }
            }
        }
        List<ChatResponse> responses = CONFORMANCE.load(variant).batchChat(requests);
        for (int i = 0; i < rounds.size(); i++) {
            compare(rounds.get(i), responses.get(i));
            count(rounds.get(i).golden(), "requests of one mixed batchChat");
        }
    }

    private static void failing(GoldenCase golden, InternVL model) {
        for (GoldenCase.Round round : golden.rounds()) {
            ApiRequests asked = ApiRequests.of(round);
            if (asked.meaning() == ApiRequests.Meaning.REFUSED) {
                refused(round, () -> model.chat(asked.request()));
                count(golden, "refused as they must be");
            } else {
                int counted = model.countTokens(asked.request());
                assertThat(model.chat(asked.request()).usage().promptTokens()).isEqualTo(counted);
                count(golden, "errors that have a meaning here");
            }
        }
    }

    private static void refused(GoldenCase.Round round, ThrowingCallable call) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .as("%s: tags and pictures that do not fit", round)
                .isThrownBy(call);
    }

    private static void compare(GoldenCase.Round round, ChatResponse response) {
        GoldenCase golden = round.golden();
        int[] generated = round.generatedIds();
        int visual = golden.tiles().stream().mapToInt(Integer::intValue).sum();
        if (golden.isBatch()) {
            visual = golden.ofRow(round.index(), golden.tiles()).stream()
                    .mapToInt(Integer::intValue)
                    .sum();
        }
        assertThat(response.text()).as("%s: response", round).isEqualTo(round.response());
        assertThat(response.finishReason())
                .as("%s: finish reason", round)
                .isEqualTo(Subject.isEnded(golden, generated) ? FinishReason.STOP : FinishReason.LENGTH);
        ChatResponse.Usage usage = response.usage();
        assertThat(List.of(usage.promptTokens(), usage.visualTokens(), usage.generatedTokens()))
                .as("%s: usage", round)
                .containsExactly(
                        round.inputIds().length, visual * golden.variant().tokensPerTile(), generated.length);
        assertThat(pairs(response.history())).as("%s: history", round).isEqualTo(historyAfter(round));
    }

    /** The golden dialogue up to and with a round. */
    private static List<GoldenCase.Pair> historyAfter(GoldenCase.Round round) {
        List<GoldenCase.Pair> before = round.history();
        List<GoldenCase.Pair> pairs = new ArrayList<>(before == null ? List.of() : before);
        pairs.add(new GoldenCase.Pair(round.recordedQuestion(), round.response()));
        return pairs;
    }

    private static List<GoldenCase.Pair> pairs(List<Turn> turns) {
        return turns.stream()
                .map(turn -> new GoldenCase.Pair(turn.question(), turn.answer()))
                .toList();
    }

    private static void count(GoldenCase golden, String kind) {
        REPORT.checked(golden.variant().name(), kind);
    }
}
