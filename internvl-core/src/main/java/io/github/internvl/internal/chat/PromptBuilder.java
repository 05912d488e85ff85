package io.github.internvl.internal.chat;

import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.RequestBudget;
import io.github.internvl.internal.checkpoint.ChatTemplate;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The writer of prompts, to the letter of the reference's {@code chat}: the template first, then for each picture the first
 * {@code <image>} tag that is left in the whole prompt becomes its visual tokens. Thread-safe.
 */
public final class PromptBuilder {
    /** The tag that stands in a text for a picture. */
    public static final String IMAGE_TAG = "<image>";

    /** The token whose places visual tokens take. */
    public static final String CONTEXT_TOKEN = "<IMG_CONTEXT>";

    private static final String PICTURE = "<img>" + CONTEXT_TOKEN + "</img>";

    /** Characters encoded at once, of all requests: the native tokenizer takes about 160 bytes for each of a long word. */
    private static final int MOST_CHARACTERS = 2_000_000;

    private static final int LOOK_MILLIS = 20;

    private final ChatTemplate template;
    private final Semaphore encoding = new Semaphore(MOST_CHARACTERS);
    private final Tokenizer tokenizer;
    private final int contextId;

    /** Makes prompts of a model; {@code tokenizer} must know the visual tokens. */
    public PromptBuilder(ChatTemplate template, Tokenizer tokenizer) {
        this.template = template;
        this.tokenizer = tokenizer;
        OptionalInt id = tokenizer.id(CONTEXT_TOKEN);
        if (id.isEmpty()) {
            throw new IllegalArgumentException("the tokenizer has no token " + CONTEXT_TOKEN);
        }
        this.contextId = id.getAsInt();
    }

    /**
     * The prompt of a dialogue as text, each picture with a single {@code <IMG_CONTEXT>}.
     *
     * @param systemMessage replaces the template's own, unless null
     * @param turns the dialogue, the last answer null
     * @param pictures how many pictures to put in
     */
    public String text(@Nullable String systemMessage, List<ChatTemplate.Turn> turns, int pictures) {
        ChatTemplate own = systemMessage == null ? template : template.withSystemMessage(systemMessage);
        String text = own.render(turns);
        StringBuilder prompt = new StringBuilder(text.length() + pictures * PICTURE.length());
        int from = 0;
        for (int i = 0; i < pictures; i++) {
            int tag = text.indexOf(IMAGE_TAG, from);
            if (tag < 0) {
                throw new InvalidRequestException("the text has " + i + " " + IMAGE_TAG + " tags for " + pictures
                        + " pictures; write one tag for each picture");
            }
            prompt.append(text, from, tag).append(PICTURE);
            from = tag + IMAGE_TAG.length();
        }
        return prompt.append(text, from, text.length()).toString();
    }

    /** A prompt as {@link #text} writes it, with as many context tokens as the pictures have. */
    static String expanded(String text, int[] visualTokens) {
        StringBuilder expanded = new StringBuilder(text.length());
        int from = 0;
        for (int tokens : visualTokens) {
            int at = text.indexOf(CONTEXT_TOKEN, from);
            expanded.append(text, from, at).append(CONTEXT_TOKEN.repeat(tokens));
            from = at + CONTEXT_TOKEN.length();
        }
        return expanded.append(text, from, text.length()).toString();
    }

    /**
     * The prompt as tokens.
     *
     * @param text what {@link #text} gave
     * @param visualTokens visual tokens of each picture, in order; empty for a prompt without pictures
     * @param budget asked between parts of a long text; its characters have been charged
     */
    public TokenPrompt tokens(String text, int[] visualTokens, RequestBudget budget) {
        int[] compact = encode(text, true, budget, "prompt");
        if (visualTokens.length == 0) {
            return new TokenPrompt(compact, new int[0]);
        }
        int length = compact.length - visualTokens.length;
        int visual = 0;
        for (int tokens : visualTokens) {
            visual += tokens;
        }
        int[] ids = new int[length + visual];
        int[] places = new int[visual];
        int at = 0;
        int place = 0;
        int picture = 0;
        for (int id : compact) {
            if (id != contextId) {
                if (at == ids.length) {
                    throw mixed(visualTokens.length);
                }
                ids[at++] = id;
                continue;
            }
            if (picture == visualTokens.length) {
                throw mixed(visualTokens.length);
            }
            for (int i = 0; i < visualTokens[picture]; i++) {
                places[place++] = at;
                ids[at++] = contextId;
            }
            picture++;
        }
        return new TokenPrompt(ids, places);
    }

    private int[] encode(String text, boolean prompt, RequestBudget budget, String place) {
        int characters = Math.min(text.length(), MOST_CHARACTERS);
        awaitTurn(characters, budget, place);
        try {
            return tokenizer.encode(text, prompt, () -> budget.check(place));
        } finally {
            encoding.release(characters);
        }
    }

    /** Waits until so many characters may be encoded beside those of others, as long as the request may. */
    private void awaitTurn(int characters, RequestBudget budget, String place) {
        try {
            do {
                budget.check(place);
            } while (!encoding.tryAcquire(characters, LOOK_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InternVLException("interrupted while the text waited to be tokenized", e);
        }
    }

    private int[] badWord(String text, RequestBudget budget) {
        budget.charge(RequestBudget.Work.CHARACTERS, text.length(), "bad words");
        return encode(text, false, budget, "bad words");
    }

    /** A lower bound of the tokens of a prompt, visual ones included, found without encoding it. */
    public long leastTokens(String text, int[] visualTokens) {
        return Math.max(0, tokenizer.leastTokens(text) - visualTokens.length)
                + Arrays.stream(visualTokens).asLongStream().sum();
    }

    /**
     * Texts that must not come, as tokens: as they are at the beginning and, where that is as many other tokens, after a
     * space, as vLLM takes them.
     */
    public List<int[]> badWords(List<String> texts, RequestBudget budget) {
        List<int[]> words = new ArrayList<>();
        for (String text : texts) {
            int[] word = badWord(text.stripLeading(), budget);
            int[] spaced = badWord(" " + text.stripLeading(), budget);
            if (word.length > 0) {
                words.add(word);
            }
            if (word.length == spaced.length && word.length > 0 && word[0] != spaced[0]) {
                words.add(spaced);
            }
        }
        return words;
    }

    /** A token as text. */
    public String token(int id) {
        return tokenizer.decode(new int[] {id}, false);
    }

    private static InvalidRequestException mixed(int pictures) {
        return new InvalidRequestException("the text of a request with " + pictures + " pictures must not contain "
                + CONTEXT_TOKEN + " itself; leave it out, or use " + IMAGE_TAG + " to say where a picture goes");
    }
}
