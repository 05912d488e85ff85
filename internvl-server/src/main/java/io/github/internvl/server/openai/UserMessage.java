package io.github.internvl.server.openai;

import com.google.gson.JsonPrimitive;
import io.github.internvl.server.http.HeapBudget;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A message of the user. Immutable.
 *
 * @param text the words, with {@code <image>} tags if the user wrote any or pictures are interleaved with words
 * @param images the pictures, or frames of one video
 * @param maxTiles the tile limit of each picture, if the message sets one
 * @param video whether the images are frames
 */
record UserMessage(String text, List<Image> images, OptionalInt maxTiles, boolean video) {
    static final UserMessage NONE = new UserMessage("", List.of(), OptionalInt.empty(), false);

    private static final String TAG = "<image>";
    private static final int MOST_TILES = 1024;

    /** The tile limit for a picture's {@code detail}, as in LMDeploy; {@code auto} keeps the checkpoint's limit. */
    private static final Map<String, OptionalInt> DETAILS = Map.of(
            "low", OptionalInt.of(6),
            "medium", OptionalInt.of(12),
            "high", OptionalInt.of(24),
            "auto", OptionalInt.empty());

    /** Reads the content of a message of the role user. */
    static UserMessage read(JsonFields message, MediaReader media, HeapBudget.Share memory) {
        if (!message.has("content")) {
            throw message.invalid("content", "is required and must be a string or an array of parts");
        }
        if (message.any("content") instanceof JsonPrimitive) {
            String text = withoutTags(message.required("content"));
            return new UserMessage(text, List.of(), OptionalInt.empty(), false);
        }
        Parts parts = new Parts(media, memory);
        message.objects("content").forEach(parts::add);
        return parts.message(message);
    }

    /** A text with its picture tags defused, since they stand for no picture. */
    static String withoutTags(String words) {
        return words.replace(TAG, "< image>");
    }

    UserMessage withText(String words) {
        return new UserMessage(words, images, maxTiles, video);
    }

    /** This message after other words; its pictures keep their position. */
    UserMessage after(String words) {
        return withText(words + "\n" + (images.isEmpty() || text.contains(TAG) ? "" : TAG + "\n") + text);
    }

    /** This message joined with the next one. */
    UserMessage and(UserMessage next, JsonFields place) {
        if (video || next.video) {
            throw place.invalid("content", "must not follow another user message if one of them has a video");
        }
        List<Image> all = Stream.concat(images.stream(), next.images.stream()).toList();
        boolean tagged = !images.isEmpty() && !next.images.isEmpty();
        String words = tagged ? tagged() + "\n" + next.tagged() : text + "\n" + next.text;
        return new UserMessage(words, all, larger(maxTiles, next.maxTiles), false);
    }

    /** The text with a tag for each picture. */
    private String tagged() {
        return text.contains(TAG) ? text : (TAG + "\n").repeat(images.size()) + text;
    }

    private static OptionalInt larger(OptionalInt one, OptionalInt other) {
        return IntStream.concat(one.stream(), other.stream()).max();
    }

    /** The parts of a message, in their order. */
    private static final class Parts {
        private final MediaReader media;
        private final HeapBudget.Share memory;
        private final List<Piece> pieces = new ArrayList<>();
        private final List<Image> images = new ArrayList<>();
        private OptionalInt maxTiles = OptionalInt.empty();
        private int videos;
        private int pictures;

        Parts(MediaReader media, HeapBudget.Share memory) {
            this.media = media;
            this.memory = memory;
        }

        void add(JsonFields part) {
            String type = part.required("type");
            switch (type) {
                case "text", "input_text" -> pieces.add(new Piece(part.required("text"), false));
                case "image_url" -> {
                    JsonFields place = source(part, type);
                    maxTiles = larger(maxTiles, tiles(place));
                    images.add(media.image(place, memory));
                    pieces.add(new Piece(TAG, true));
                    pictures++;
                }
                case "video_url" -> {
                    JsonFields place = source(part, type);
                    maxTiles = larger(maxTiles, tiles(place));
                    images.addAll(media.frames(place, memory));
                    videos++;
                }
                default -> throw part.invalid("type", "must be text, image_url or video_url");
            }
            if (videos > 1 || (videos > 0 && pictures > 0)) {
                throw part.invalid("type", "cannot be added: a message takes pictures or one video");
            }
        }

        private static JsonFields source(JsonFields part, String type) {
            JsonFields place = part.object(type);
            if (place == null) {
                throw part.invalid(type, "is required and must be an object with a url");
            }
            return place;
        }

        private static OptionalInt tiles(JsonFields place) {
            Integer most = place.integer("max_dynamic_patch");
            if (most != null) {
                if (most < 1 || most > MOST_TILES) {
                    throw place.invalid("max_dynamic_patch", "must be 1.." + MOST_TILES);
                }
                return OptionalInt.of(most);
            }
            String detail = place.string("detail");
            OptionalInt tiles = DETAILS.get(detail == null ? "auto" : detail);
            if (tiles == null) {
                throw place.invalid("detail", "must be low, medium, high or auto");
            }
            return tiles;
        }

        UserMessage message(JsonFields message) {
            List<String> words = pieces.stream()
                    .filter(piece -> !piece.picture())
                    .map(Piece::text)
                    .toList();
            if (words.isEmpty() && images.isEmpty()) {
                throw message.invalid("content", "must not be empty");
            }
            String joined = String.join("\n", words);
            if (images.isEmpty()) {
                return new UserMessage(withoutTags(joined), images, maxTiles, false);
            }
            if (videos > 0) {
                String lines = IntStream.rangeClosed(1, images.size())
                        .mapToObj(number -> "Frame" + number + ": " + TAG + "\n")
                        .collect(Collectors.joining());
                OptionalInt tiles = maxTiles.isPresent() ? maxTiles : OptionalInt.of(1);
                return new UserMessage(lines + withoutTags(joined), images, tiles, true);
            }
            boolean ownTags = joined.contains(TAG);
            return new UserMessage(ownTags || !isBetweenWords() ? joined : placed(), images, maxTiles, false);
        }

        /** Whether there are words between pictures, or on both sides of them. */
        private boolean isBetweenWords() {
            List<Boolean> shown = pieces.stream().map(Piece::picture).toList();
            int first = shown.indexOf(true);
            int last = shown.lastIndexOf(true);
            return last - first + 1 > pictures || (first > 0 && last < pieces.size() - 1);
        }

        /** The words with a tag at each picture's position: {@code Image-1: <image>} and a new line. */
        private String placed() {
            StringBuilder text = new StringBuilder();
            for (Piece piece : pieces) {
                boolean open = !text.isEmpty() && !Character.isWhitespace(text.charAt(text.length() - 1));
                if (open) {
                    text.append(piece.picture() && text.charAt(text.length() - 1) == ':' ? ' ' : '\n');
                }
                text.append(piece.text());
            }
            return text.toString();
        }

        /** A text, or a picture tag. */
        private record Piece(String text, boolean picture) {}
    }
}
