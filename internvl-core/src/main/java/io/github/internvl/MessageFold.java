package io.github.internvl;

import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The fold of messages into a question and the rounds before it, by the rules of {@link Message}. Used by one thread. */
final class MessageFold {
    private static final String TAG = "<image>";

    private final List<String> system = new ArrayList<>();
    private final List<ChatRequest.Turn> rounds = new ArrayList<>();
    private final List<Message.ToolResult> results = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    private final Map<String, Integer> calls = new HashMap<>(); // of the answers, by their ids
    private Map<String, Integer> called = Map.of(); // of the round before
    private Question question = new Question();

    private MessageFold() {}

    /** Folds messages; refuses a dialogue that asks nothing. */
    static MessageFold of(List<Message> messages) {
        MessageFold fold = new MessageFold();
        for (int i = 0; i < messages.size(); i++) {
            fold.add(messages.get(i), i);
        }
        if (!fold.answers.isEmpty() || (fold.question.isEmpty() && fold.results.isEmpty())) {
            String last = messages.isEmpty()
                    ? "none"
                    : messages.get(messages.size() - 1).getClass().getSimpleName();
            throw new Message.MisplacedException(
                    messages.size(),
                    "messages must end with one of the user or with a tool result: found " + last
                            + " at the end; add a question");
        }
        fold.question.putResults(fold.results());
        return fold;
    }

    private void add(Message message, int index) {
        if (message instanceof Message.System said) {
            system.add(withoutTags(said.text()));
        } else if (message instanceof Message.User asked) {
            endRound();
            question.add(asked, index);
        } else if (message instanceof Message.ToolResult told) {
            endRound();
            results.add(told);
        } else if (message instanceof Message.Assistant answered) {
            answers.add(withoutTags(text(answered)));
            answered.calls().forEach(call -> calls.putIfAbsent(call.id(), calls.size()));
        }
    }

    /** Closes the round before a new question, if it has an answer. */
    private void endRound() {
        if (answers.isEmpty()) {
            return;
        }
        question.putResults(results());
        rounds.add(question.answered(String.join("\n", answers)));
        called = Map.copyOf(calls);
        calls.clear();
        answers.clear();
        results.clear();
        question = new Question();
    }

    private List<String> results() {
        int last = called.size();
        return results.stream()
                .sorted(Comparator.comparingInt(
                        told -> told.id() == null ? last : called.getOrDefault(told.id(), last)))
                .map(told -> withoutTags(told.text()))
                .toList();
    }

    /** Text and calls of an answer, as a model writes them. */
    private static String text(Message.Assistant answered) {
        List<String> parts = new ArrayList<>();
        if (!answered.text().isEmpty()) {
            parts.add(answered.text());
        }
        answered.calls().forEach(call -> parts.add(CallText.of(call)));
        return String.join("\n", parts);
    }

    /** The question that is asked now. */
    Question question() {
        return question;
    }

    /** The rounds before it, oldest first. */
    List<ChatRequest.Turn> rounds() {
        return rounds;
    }

    /** The system messages; null if there are none. */
    @Nullable
    String systemMessage() {
        return system.isEmpty() ? null : String.join("\n\n", system);
    }

    /** A text with its picture tags defused, since they stand for no picture. */
    private static String withoutTags(String words) {
        return words.replace(TAG, "< image>");
    }

    /** The words about a video after a line for each of its frames, unless they have tags of their own. */
    static String framed(String words, int frames) {
        if (words.contains(TAG)) {
            return words;
        }
        return IntStream.rangeClosed(1, frames)
                .mapToObj(number -> "Frame" + number + ": " + TAG + "\n")
                .collect(Collectors.joining("", "", words));
    }

    /** Results of tools, as Qwen2.5's chat template writes them. */
    static String toolResults(List<String> results) {
        return results.stream()
                .map(result -> "<tool_response>\n" + result + "\n</tool_response>")
                .collect(Collectors.joining("\n"));
    }

    /** The user's messages of one round, and tool results before them. */
    static final class Question {
        private final StringBuilder text = new StringBuilder();
        private final List<Image> images = new ArrayList<>();
        private ChatRequest.Tiling tiling = ChatRequest.Tiling.OPEN;
        private boolean begun;
        private boolean tagged;
        private boolean combined; // one tag for several pictures
        private boolean frames;

        /** The words, with tags unless all pictures come first. */
        String text() {
            return text.toString();
        }

        List<Image> images() {
            return images;
        }

        /** How its pictures are cut into tiles, as far as its messages say. */
        ChatRequest.Tiling tiling() {
            return tiling;
        }

        /** Whether its pictures are the frames of a video. */
        boolean hasFrames() {
            return frames;
        }

        private boolean isEmpty() {
            return !begun;
        }

        /** Joins a message to the ones before. */
        private void add(Message.User message, int index) {
            UserWords words = new UserWords(message.contents());
            if (begun && (frames || words.hasClip())) {
                throw new Message.MisplacedException(
                        index,
                        "user messages in a row must be without clips, as frames belong to one question: message "
                                + index
                                + (frames ? " follows one with a clip" : " has a clip")
                                + "; put an answer between them, or join their contents");
            }
            boolean both = !images.isEmpty() && !words.images().isEmpty();
            if (both && !tagged) {
                text.insert(0, tags(images.size()));
            }
            if (both && combined) {
                int at = text.indexOf(TAG);
                text.replace(at, at + TAG.length(), row(images.size()));
            }
            if (begun) {
                text.append('\n');
            }
            if (both && !words.isTagged()) {
                text.append(tags(words.images().size()));
            }
            boolean spread = both && words.isCombined();
            text.append(spread ? words.text().replace(TAG, row(words.images().size())) : words.text());
            combined = !both && (combined || words.isCombined());
            images.addAll(words.images());
            tiling = larger(tiling, words.tiling());
            tagged |= both || words.isTagged();
            frames = words.hasClip();
            begun = true;
        }

        /** Puts tool results in front; pictures without tags keep their place before the words. */
        private void putResults(List<String> results) {
            if (results.isEmpty()) {
                return;
            }
            if (begun) {
                text.insert(0, images.isEmpty() || tagged ? "\n" : "\n" + tags(1));
            }
            text.insert(0, toolResults(results));
        }

        private ChatRequest.Turn answered(String answer) {
            return new ChatRequest.Turn(text(), images, tiling, answer);
        }

        private static String tags(int pictures) {
            return (TAG + "\n").repeat(pictures);
        }

        /** The tags of pictures that had one tag together. */
        private static String row(int pictures) {
            return String.join("\n", Collections.nCopies(pictures, TAG));
        }
    }

    private static ChatRequest.Tiling larger(ChatRequest.Tiling one, ChatRequest.Tiling other) {
        Optional<Boolean> thumbnail =
                one.thumbnail().filter(wanted -> wanted || other.thumbnail().isEmpty());
        return new ChatRequest.Tiling(
                        OptionalInt.empty(),
                        larger(one.maxTiles(), other.maxTiles()),
                        thumbnail.isPresent() ? thumbnail : other.thumbnail())
                .or(new ChatRequest.Tiling(
                        larger(one.minTiles(), other.minTiles()), OptionalInt.empty(), Optional.empty()));
    }

    private static OptionalInt larger(OptionalInt one, OptionalInt other) {
        return IntStream.concat(one.stream(), other.stream()).max();
    }

    /** The contents of one message of the user, read as text and pictures. */
    private static final class UserWords {
        private final List<Message.Content> contents;
        private final List<Image> images = new ArrayList<>();
        private final String joined;
        private ChatRequest.Tiling tiling = ChatRequest.Tiling.OPEN;
        private boolean clip;

        UserWords(List<Message.Content> contents) {
            this.contents = contents;
            List<String> words = new ArrayList<>();
            for (Message.Content content : contents) {
                if (content instanceof Message.Text said) {
                    words.add(said.text());
                } else if (content instanceof Message.Picture picture) {
                    images.add(picture.image());
                    tiling = larger(tiling, picture.tiling());
                } else if (content instanceof Message.Clip video) {
                    images.addAll(video.frames());
                    tiling = video.tiling().or(ChatRequest.Tiling.OPEN.withMaxTiles(1));
                    clip = true;
                }
            }
            this.joined = String.join("\n", words);
        }

        List<Image> images() {
            return images;
        }

        ChatRequest.Tiling tiling() {
            return tiling;
        }

        boolean hasClip() {
            return clip;
        }

        /** Whether the text has a tag, and so places the pictures itself. */
        boolean isTagged() {
            return clip || (!images.isEmpty() && (joined.contains(TAG) || isBetweenWords()));
        }

        /** Whether its words place several pictures by one tag. */
        boolean isCombined() {
            return !clip && images.size() > 1 && joined.contains(TAG) && joined.indexOf(TAG) == joined.lastIndexOf(TAG);
        }

        String text() {
            if (clip) {
                return framed(withoutTags(joined), images.size());
            }
            if (images.isEmpty()) {
                return withoutTags(joined);
            }
            return joined.contains(TAG) || !isBetweenWords() ? joined : placed();
        }

        /** Whether there are words between pictures, or on both sides of them. */
        private boolean isBetweenWords() {
            int first = contents.size();
            int last = -1;
            for (int i = 0; i < contents.size(); i++) {
                if (contents.get(i) instanceof Message.Picture) {
                    first = Math.min(first, i);
                    last = i;
                }
            }
            return last - first + 1 > images.size() || (first > 0 && last < contents.size() - 1);
        }

        /** The words with a tag at each picture's position. */
        private String placed() {
            StringBuilder text = new StringBuilder();
            for (Message.Content content : contents) {
                boolean open = !text.isEmpty() && !Character.isWhitespace(text.charAt(text.length() - 1));
                boolean picture = content instanceof Message.Picture;
                if (open) {
                    text.append(picture && text.charAt(text.length() - 1) == ':' ? ' ' : '\n');
                }
                text.append(content instanceof Message.Text said ? said.text() : TAG);
            }
            return text.toString();
        }
    }
}
