package io.github.internvl.tests.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.GenerationConfig;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One case of a variant: what was asked, and what the reference made of it. */
record GoldenCase(GoldenVariant variant, JsonObject json) {
    private static final Map<Path, Image> DECODED = new ConcurrentHashMap<>();

    /** A question and its answer before it, as the reference's history has them. */
    record Pair(String question, String answer) {}

    /**
     * A round of a chat, or a row of a batch.
     *
     * @param key the first part of its tensors' names
     * @param index which one, from 0
     */
    record Round(GoldenCase golden, String key, int index, JsonObject json) {
        String question() {
            return json.get("question").getAsString();
        }

        /** The question as the history has it afterwards. */
        String recordedQuestion() {
            if (json.has("recorded_question")) {
                return json.get("recorded_question").getAsString();
            }
            String question = golden.isBatch() ? golden.questions().get(index) : question();
            boolean tagged = history() == null && !golden.tiles().isEmpty() && !question.contains("<image>");
            return tagged ? "<image>\n" + question : question;
        }

        /** The dialogue before; null where the reference was given none, which is not the same as an empty one. */
        @Nullable
        List<Pair> history() {
            if (!Goldens.has(json, "history")) {
                return null;
            }
            List<Pair> history = new ArrayList<>();
            for (JsonElement pair : json.getAsJsonArray("history")) {
                List<String> both = Goldens.strings(pair);
                history.add(new Pair(both.get(0), both.get(1)));
            }
            return history;
        }

        /** The prompt, without the padding of a batch. */
        int[] inputIds() {
            int[] ids = Goldens.ints(json.get("input_ids"));
            if (!json.has("attention_mask")) {
                return ids;
            }
            int padding = (int) Arrays.stream(Goldens.ints(json.get("attention_mask")))
                    .filter(mask -> mask == 0)
                    .count();
            return Arrays.copyOfRange(ids, padding, ids.length);
        }

        /** Length of the prompt, the padding of a batch included. */
        int paddedLength() {
            return json.getAsJsonArray("input_ids").size();
        }

        boolean isAnswered() {
            return json.has("generated_ids");
        }

        int[] generatedIds() {
            return Goldens.ints(json.get("generated_ids"));
        }

        /** The generated ids as text, special tokens left out. */
        String text() {
            return golden.variant.text(generatedIds(), true, json.get("text").getAsString());
        }

        /** The text that chat returns: up to the end token's, stripped as Python does. */
        String response() {
            String text = text();
            if (json.has("response") && text.equals(json.get("text").getAsString())) {
                return json.get("response").getAsString();
            }
            int from = 0;
            int to = text.length();
            while (from < to && isSpace(text.charAt(from))) {
                from++;
            }
            while (to > from && isSpace(text.charAt(to - 1))) {
                to--;
            }
            return text.substring(from, to);
        }

        private static boolean isSpace(char c) {
            return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
        }

        @Override
        public String toString() {
            return golden.variant.name() + " " + key + (golden.isBatch() ? ", row " + index : "");
        }
    }

    /** Whether the goldens have another answer with scaled rotary embeddings; the ordinary one is without. */
    boolean hasScaled() {
        return json.has("scaled")
                || (json.has("rows")
                        && json.getAsJsonArray("rows").get(0).getAsJsonObject().has("scaled"));
    }

    /** The case with its scaled answers, whose tensors go by another name. */
    GoldenCase scaled() {
        JsonObject copy = json.deepCopy();
        copy.addProperty("name", name() + ".scaled");
        List<JsonElement> answers =
                copy.has("rows") ? copy.getAsJsonArray("rows").asList() : List.of(copy);
        for (JsonElement answer : answers) {
            JsonObject object = answer.getAsJsonObject();
            object.remove("response");
            object.remove("scaled").getAsJsonObject().asMap().forEach(object::add);
        }
        return new GoldenCase(variant, copy);
    }

    String name() {
        return json.get("name").getAsString();
    }

    String api() {
        return json.get("api").getAsString();
    }

    boolean isBatch() {
        return api().equals("batch_chat");
    }

    /** Whether the reference raises. */
    boolean fails() {
        return json.has("error");
    }

    /** Whether the reference answers, and by settings that the product offers by now. */
    boolean isAnswered() {
        return later().isEmpty() && rounds().stream().anyMatch(Round::isAnswered);
    }

    /** Rounds of a chat, or rows of a batch; none for tensors alone. */
    List<Round> rounds() {
        List<Round> rounds = new ArrayList<>();
        if (isBatch() && json.has("rows")) {
            JsonArray rows = json.getAsJsonArray("rows");
            for (int i = 0; i < rows.size(); i++) {
                rounds.add(new Round(this, name(), i, rows.get(i).getAsJsonObject()));
            }
        } else if (json.has("rounds")) {
            JsonArray all = json.getAsJsonArray("rounds");
            for (int i = 0; i < all.size(); i++) {
                String key = all.size() == 1 ? name() : name() + ".r" + (i + 1);
                rounds.add(new Round(this, key, i, all.get(i).getAsJsonObject()));
            }
        } else if (json.has("question")) {
            rounds.add(new Round(this, name(), 0, json));
        }
        return rounds;
    }

    List<String> questions() {
        return Goldens.strings(json.get("questions"));
    }

    /**
     * Whether a row of a batch was answered as it is alone. Where the case does not say, and prompts cross the limit of scaled
     * rotary embeddings, the longest alone was: its length decides for all.
     */
    boolean isSameAsAlone(int row) {
        if (json.has("same_as_alone")) {
            return json.getAsJsonArray("same_as_alone").get(row).getAsBoolean();
        }
        Round own = rounds().get(row);
        boolean scaled = json.has("edge") && variant.scaled();
        return !scaled || own.inputIds().length == own.paddedLength();
    }

    /** The pictures. A few files serve all cases, so they are decoded once. */
    List<Image> images() {
        List<Image> images = new ArrayList<>();
        for (JsonElement image : pictures()) {
            String file = image.getAsJsonObject().get("file").getAsString();
            Path picture = variant.goldens().folder().resolve("images").resolve(file);
            images.add(DECODED.computeIfAbsent(picture, Image::open));
        }
        return images;
    }

    /** Tiles of each picture, its thumbnail counted. */
    List<Integer> tiles() {
        return pictures().asList().stream()
                .map(image -> image.getAsJsonObject().get("tiles").getAsInt())
                .toList();
    }

    private JsonArray pictures() {
        return Goldens.has(json, "images") ? json.getAsJsonArray("images") : new JsonArray();
    }

    /** Most tiles of a picture that were allowed; 0 where the case does not say. */
    int tileLimit() {
        return Goldens.has(json, "max_num") ? Math.min(json.get("max_num").getAsInt(), tileCap()) : 0;
    }

    int tileCap() {
        return variant.json().get("max_num_cap").getAsInt();
    }

    /** The patch list as it was passed; null if none was. */
    @Nullable
    List<Integer> patches() {
        return Goldens.has(json, "num_patches_list")
                ? Arrays.stream(Goldens.ints(json.get("num_patches_list")))
                        .boxed()
                        .toList()
                : null;
    }

    /** How many pictures belong to each tag, as the reference is told. */
    List<Integer> groups() {
        List<Integer> tiles = tiles();
        List<Integer> patches = patches();
        if (tiles.isEmpty() || patches == null) {
            return tiles.isEmpty() ? List.of() : List.of(tiles.size());
        }
        List<Integer> groups = new ArrayList<>();
        int at = 0;
        for (int count : patches) {
            int from = at;
            for (int left = count; left > 0 && at < tiles.size(); at++) {
                left -= tiles.get(at);
            }
            groups.add(at - from);
        }
        return groups;
    }

    /** The part of a list of all pictures, or of their tiles, that belongs to a row of a batch. */
    <T> List<T> ofRow(int row, List<T> all) {
        List<Integer> groups = groups();
        int from = groups.subList(0, Math.min(row, groups.size())).stream()
                .mapToInt(Integer::intValue)
                .sum();
        return row < groups.size() ? all.subList(from, from + groups.get(row)) : List.of();
    }

    /** The text in place of the system message in force; null without one. */
    @Nullable
    String systemMessage() {
        return Goldens.has(json, "system_message") ? json.get("system_message").getAsString() : null;
    }

    /** Most tokens of an answer; a few where the case does not say, as there is none to compare with. */
    int maxNewTokens() {
        return json.has("max_new_tokens") ? json.get("max_new_tokens").getAsInt() : 4;
    }

    /** The tokens that end an answer: chat takes its own whatever the case lists, generate those that are listed. */
    Set<Integer> endIds() {
        JsonElement listed = settings().get("eos_token_id");
        if (!api().equals("generate") || listed == null) {
            return Set.of(variant.endId());
        }
        int[] ids = listed.isJsonArray() ? Goldens.ints(listed) : new int[] {listed.getAsInt()};
        return new HashSet<>(Arrays.stream(ids).boxed().toList());
    }

    /** Which generation settings the product does not offer; empty if it offers all. */
    Optional<String> later() {
        Set<String> unknown = GoldenSettings.unknown(settings());
        return unknown.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", unknown) + ": not offered yet");
    }

    /** How the answers of the case were generated. */
    GenerationConfig generation() {
        GenerationConfig.Builder config = GenerationConfig.builder().maxNewTokens(maxNewTokens());
        GoldenSettings.apply(config, settings());
        return config.build();
    }

    /** Whether the logits pass rules before the best token is taken. */
    boolean isProcessed() {
        return json.has("processor_history_prefix");
    }

    /** The tokens that the rules see before the answer: those before the reference's list of generated tokens. */
    int[] processorHistory() {
        return isProcessed() ? Goldens.ints(json.get("processor_history_prefix")) : new int[0];
    }

    /** Whether the rules look at tokens that came before. */
    boolean looksBack() {
        return settings().has("repetition_penalty") || settings().has("no_repeat_ngram_size");
    }

    /** Whether the answers were searched with beams, which have neither logits nor pieces. */
    boolean isSearched() {
        return settings().has("num_beams");
    }

    private JsonObject settings() {
        return Goldens.has(json, "generation_config") ? json.getAsJsonObject("generation_config") : new JsonObject();
    }

    @Override
    public String toString() {
        return variant.name() + " " + name();
    }
}
