package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.TokenScore;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The effect of each setting on a model's answers. */
@Timeout(120)
class GenerationSettingsTest {
    private static final int LENGTH = 16;

    private static InternVL model;
    private static Tokenizer tokenizer;

    @BeforeAll
    static void load() {
        model = InternVL.builder(TinyCheckpoint.qwen())
                .precision(Precision.FLOAT32)
                .maxConcurrent(4)
                .load();
        tokenizer = Tokenizer.load(TinyCheckpoint.qwen());
    }

    @AfterAll
    static void close() {
        model.close();
        tokenizer.close();
    }

    private static GenerationConfig.Builder config() {
        return GenerationConfig.builder().maxNewTokens(LENGTH);
    }

    private static ChatRequest request(GenerationConfig.Builder config) {
        return ChatRequest.builder().text("Hi.").generation(config.build()).build();
    }

    private static ChatResponse chat(GenerationConfig.Builder config) {
        return model.chat(request(config));
    }

    private static List<Integer> ids(ChatResponse response) {
        return response.tokens().stream().map(TokenScore::id).toList();
    }

    private static List<Integer> greedy() {
        return ids(chat(config().logprobs(0)));
    }

    @Test
    void tellsTheLogProbabilityOfEachToken() {
        ChatResponse plain = chat(config());
        ChatResponse told = chat(config().logprobs(3));

        assertThat(plain.tokens()).isEmpty();
        assertThat(told.text()).isEqualTo(plain.text());
        assertThat(told.tokens()).hasSize(told.usage().generatedTokens()).allSatisfy(token -> {
            assertThat(token.best()).hasSize(3);
            assertThat(token.best().get(0).id()).isEqualTo(token.id());
            assertThat(token.best().get(0).logprob()).isEqualTo(token.logprob()).isNegative();
            assertThat(token.best().get(1).logprob())
                    .isBetween(token.best().get(2).logprob(), token.logprob());
            assertThat(token.text()).isEqualTo(tokenizer.decode(new int[] {token.id()}, false));
        });
        double sum = 0;
        for (TokenScore one :
                chat(config().maxNewTokens(1).logprobs(100)).tokens().get(0).best()) {
            sum += Math.exp(one.logprob());
        }
        assertThat(sum).isCloseTo(1, within(0.5)).isLessThan(1);
    }

    @Test
    void tellsProbabilitiesAsTheModelHasThem() {
        List<Integer> greedy = greedy();
        TokenScore other = chat(config().maxNewTokens(1).logprobs(1).suppress(greedy.get(0)))
                .tokens()
                .get(0);
        assertThat(other.id()).isNotEqualTo(greedy.get(0));
        assertThat(other.best().get(0).id()).isEqualTo(greedy.get(0));
    }

    @Test
    void givesAnswersThatTheirSeedsGiveAlone() {
        ChatResponse several = chat(config().answers(3).temperature(1.5).topK(0).seed(5));

        assertThat(several.alternatives()).hasSize(2);
        List<ChatResponse> all = new ArrayList<>(several.alternatives());
        all.add(0, several);
        for (int i = 0; i < all.size(); i++) {
            ChatResponse alone = chat(config().temperature(1.5).topK(0).seed(5 + i));
            assertThat(all.get(i).text()).isEqualTo(alone.text());
            assertThat(all.get(i).usage()).isEqualTo(alone.usage());
            assertThat(all.get(i).finishReason()).isEqualTo(alone.finishReason());
        }
        assertThat(all.stream().map(ChatResponse::text).distinct()).hasSizeGreaterThan(1);
    }

    @Test
    void searchesWithBeamsAsOneOfManyRequests() {
        ChatRequest search = request(config().beams(3).answers(2));
        ChatResponse alone = model.chat(search);
        List<ChatResponse> together = model.batchChat(
                List.of(request(config()), search, request(config().topK(9).seed(1)), search, request(config())));

        assertThat(alone.alternatives()).hasSize(1);
        assertThat(together.get(1).text()).isEqualTo(alone.text());
        assertThat(together.get(3).text()).isEqualTo(alone.text());
        assertThat(together.get(4).text()).isEqualTo(chat(config()).text());
        assertThat(alone.alternatives().get(0).text()).isNotEqualTo(alone.text());
    }

    @Test
    void endsAtStopTokensAndLeavesThemOutUnlessAsked() {
        List<Integer> greedy = greedy();
        int stop = greedy.get(2);
        int first = greedy.indexOf(stop);
        ChatResponse without = chat(config().stopIds(stop).logprobs(0));
        ChatResponse with = chat(config().stopIds(stop).includeStop(true));

        assertThat(ids(without)).isEqualTo(greedy.subList(0, first + 1));
        assertThat(without.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(without.text()).isEqualTo(text(greedy.subList(0, first)));
        assertThat(with.text()).isEqualTo(text(greedy.subList(0, first + 1)));
        assertThat(ids(chat(config().stopIds(stop).minNewTokens(LENGTH).logprobs(0))))
                .hasSize(LENGTH)
                .doesNotContain(stop);
    }

    @Test
    void keepsAStopTextIfAsked() {
        String whole = chat(config()).text();
        String stop = whole.substring(4, 6);
        int end = whole.indexOf(stop);
        assertThat(chat(config().stop(stop).includeStop(true)).text()).isEqualTo(whole.substring(0, end + 2));
        assertThat(chat(config().stop(stop).minNewTokens(LENGTH)).text()).startsWith(whole);
    }

    @Test
    void goesOnAfterTheEndTokenIfAsked() {
        int end = tokenizer.id("<|im_end|>").orElseThrow();
        Map<Integer, Double> eager = Map.of(end, 1000.0);
        assertThat(chat(config().logitBias(eager)).usage().generatedTokens()).isOne();
        ChatResponse ignored = chat(config().logitBias(eager).ignoreEnd(true));
        assertThat(ignored.usage().generatedTokens()).isEqualTo(LENGTH);
        assertThat(ignored.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(chat(config().logitBias(eager).minNewTokens(3)).usage().generatedTokens())
                .isEqualTo(4);
    }

    @Test
    void showsSpecialTokensIfAsked() {
        int special = tokenizer.id("<ref>").orElseThrow();
        GenerationConfig.Builder eager = config().maxNewTokens(2).logitBias(Map.of(special, 1000.0));
        assertThat(chat(eager).text()).isEmpty();
        assertThat(chat(eager.skipSpecialTokens(false)).text()).isEqualTo("<ref><ref>");
        int end = tokenizer.id("<|im_end|>").orElseThrow();
        assertThat(chat(eager.logitBias(Map.of(end, 1000.0))).text()).isEmpty();
    }

    @Test
    void endsALoop() {
        GenerationConfig.Builder loop = config().maxNewTokens(100).logitBias(Map.of(greedy().get(0), 1000.0));
        ChatResponse response = chat(loop.stopLoops(4, 3).logprobs(0));
        assertThat(response.finishReason()).isEqualTo(FinishReason.LOOP);
        assertThat(response.tokens()).hasSize(6); // the run of four comes at 4, 5 and 6
    }

    @Test
    void keepsBadWordsOut() {
        String whole = chat(config()).text();
        String bad = whole.substring(0, 3);
        assertThat(chat(config().badWords(bad)).text()).doesNotContain(bad).isNotEmpty();
    }

    @Test
    void repeatsNothingUnderAStrictRule() {
        List<Integer> ids = ids(chat(config().maxNewTokens(60).noRepeatNgram(1).logprobs(0)));
        assertThat(new HashSet<>(ids)).hasSameSizeAs(ids);
    }

    @Test
    void letsTheCallerRuleTheNextToken() {
        int wanted = greedy().get(3);
        List<Integer> lengths = Collections.synchronizedList(new ArrayList<>());
        ChatResponse response = chat(config().maxNewTokens(3).logprobs(0).processors((generated, logits) -> {
            lengths.add(generated.length);
            logits[wanted] = 1e9f;
        }));
        assertThat(ids(response)).containsExactly(wanted, wanted, wanted);
        assertThat(lengths).containsExactly(0, 1, 2);
    }

    @Test
    void failsARequestWhoseRulesFailAndServesOn() {
        assertThatThrownBy(() -> chat(config().processors((generated, logits) -> {
                    throw new IllegalStateException("no grammar");
                })))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("no grammar");
        assertThatThrownBy(() ->
                        chat(config().processors((generated, logits) -> Arrays.fill(logits, Float.NEGATIVE_INFINITY))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("allow more");
        assertThatThrownBy(() -> chat(config().processors((generated, logits) -> logits[0] = Float.POSITIVE_INFINITY)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("Infinity; use milder ones");
        assertThat(greedy()).isNotEmpty();
    }

    @Test
    void tellsEachTokenAndEndsWhenToldTo() {
        List<Integer> heard = Collections.synchronizedList(new ArrayList<>());
        ChatResponse response = chat(config().logprobs(0).tokenListener(id -> {
            heard.add(id);
            return heard.size() < 3;
        }));
        assertThat(heard).isEqualTo(ids(response)).hasSize(3);
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void refusesWhatCannotBeDone() {
        assertThatThrownBy(() -> model.stream(request(config().beams(2))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("cannot be streamed");
        assertThatThrownBy(() ->
                        model.conversation().stream(request(config().answers(2).topK(5))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("one text");
        assertThatThrownBy(() -> chat(config().beams(5)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("maxConcurrent(5)");
        assertThatThrownBy(() -> chat(config().suppress(1 << 20)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("ids below");
        assertThat(model.conversation().ask(request(config().beams(2))).text()).isNotEmpty();
    }

    private static String text(List<Integer> ids) {
        return tokenizer
                .decode(ids.stream().mapToInt(Integer::intValue).toArray(), true)
                .strip();
    }
}
