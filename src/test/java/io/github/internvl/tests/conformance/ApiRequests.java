package io.github.internvl.tests.conformance;

import io.github.internvl.ChatRequest;
import io.github.internvl.internal.chat.PromptBuilder;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;

/**
 * A round of a golden case as a request of the fluent API, which knows no patch list: each question has its own
 * pictures, by its tags.
 *
 * @param request the nearest request
 * @param meaning what the API makes of it
 */
record ApiRequests(ChatRequest request, Meaning meaning) {

    /** The API's reading of a case's tags and pictures. */
    enum Meaning {
        /** The same as the reference. */
        SAME,
        /**
         * Something else that is in order: it counts tiles itself, takes two tags with two pictures apart, and, where the
         * checkpoint has a processor of transformers, lets penalties see the prompt and writes a tag for each picture.
         */
        OTHER,
        /** Nothing: tags and pictures do not fit, or an answer has a tag. */
        REFUSED
    }

    static ApiRequests of(GoldenCase.Round round) {
        GoldenCase golden = round.golden();
        List<Image> images = golden.images();
        if (golden.isBatch()) {
            List<Image> own = golden.ofRow(round.index(), images);
            List<Integer> groups = images.isEmpty() ? List.of() : List.of(own.size());
            return of(golden, List.of(), golden.questions().get(round.index()), own, groups);
        }
        List<GoldenCase.Pair> history = round.history();
        return of(golden, history == null ? List.of() : history, round.question(), images, golden.groups());
    }

    private static ApiRequests of(
            GoldenCase golden,
            List<GoldenCase.Pair> history,
            String question,
            List<Image> images,
            List<Integer> groups) {
        List<ChatRequest.Turn> turns = new ArrayList<>();
        List<Integer> read = new ArrayList<>();
        boolean refused = false;
        int group = 0;
        int at = 0;
        for (GoldenCase.Pair pair : history) {
            int from = at;
            int tags = tags(pair.question());
            for (int tag = 0; tag < tags && group < groups.size(); tag++) {
                at = Math.min(images.size(), at + groups.get(group++));
            }
            turns.add(new ChatRequest.Turn(pair.question(), images.subList(from, at), pair.answer()));
            refused |= tags(pair.answer()) > 0 || !read(golden, tags, at - from, read);
        }
        List<Image> own = images.subList(at, images.size());
        refused |= !read(golden, tags(question), own.size(), read);
        ChatRequest.Builder request =
                ChatRequest.builder().text(question).images(own).history(turns);
        request.generation(golden.generation());
        if (golden.tileLimit() > 0) {
            request.maxTiles(golden.tileLimit());
        }
        String system = golden.systemMessage();
        if (system == null && golden.variant().isNative()) {
            system = golden.variant().systemMessage();
        }
        if (system != null) {
            request.systemMessage(system);
        }
        boolean same =
                read.equals(groups) && !(golden.looksBack() && golden.variant().isNative());
        return new ApiRequests(request.build(), refused ? Meaning.REFUSED : same ? Meaning.SAME : Meaning.OTHER);
    }

    /** How the API reads a question: adds the pictures of each tag to {@code groups}; false if it refuses. */
    private static boolean read(GoldenCase golden, int tags, int pictures, List<Integer> groups) {
        if (pictures == 0) {
            return tags == 0;
        }
        boolean apart = tags == 0 && golden.variant().isNative(); // its processor writes a tag for each picture
        if (tags <= 1 && !apart) {
            groups.add(pictures);
            return true;
        }
        for (int i = 0; i < pictures; i++) {
            groups.add(1);
        }
        return tags == pictures || apart;
    }

    private static int tags(String text) {
        return text.split(PromptBuilder.IMAGE_TAG, -1).length - 1;
    }
}
